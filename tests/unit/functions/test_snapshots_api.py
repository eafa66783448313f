"""Snapshots over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from shared.catalogue.types import TYPES
from tests.support import virtual_time
from tests.unit.functions.worlds import BASE, ROOT, World


def test_a_tenant_without_snapshots_has_an_empty_list(world: World) -> None:
    async def story() -> None:
        reply = await world.get("/snapshots")
        assert (reply.status, reply.rows) == (200, [])
        assert reply.json["@odata.context"] == f"{BASE}/v1.0/$metadata#directory/recovery/snapshots"
        assert "@odata.nextLink" not in reply.json

    virtual_time.run(story())


def test_a_snapshot_is_shown_as_graph_does_with_our_figures_beside(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        (row,) = (await world.get("/snapshots")).rows
        assert row["@odata.type"] == "#microsoft.graph.entraRecoveryServices.snapshot"
        assert (row["id"], row["createdDateTime"]) == (wire_id, "2026-11-20T06:00:00Z")
        assert row["tidemark.counts"]["objects"] == sum(
            len(world.simulator.tenant.directory.stores[entry.name].live) for entry in TYPES
        )
        one = (await world.get(f"/snapshots/{wire_id}")).json
        assert {name: one[name] for name in row} == row

    virtual_time.run(story())


def test_a_snapshot_is_found_by_its_id_as_it_is_and_percent_encoded_in_both_versions(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        assert wire_id.endswith("==")
        for path in (f"/snapshots/{wire_id}", f"/snapshots/{quote(wire_id)}", f"/Snapshots/{wire_id}/"):
            for version in ("v1.0", "beta"):
                reply = await world.get(path, version=version)
                assert (reply.status, reply.json["id"]) == (200, wire_id)

    virtual_time.run(story())


def test_lists_are_newest_first_and_paged_with_links_that_keep_the_rest_of_the_query(world: World) -> None:
    async def story() -> None:
        wanted = [await world.captured() for _number in range(3)]
        first = await world.get("/snapshots?$top=2&$select=id", version="beta")
        assert [row["id"] for row in first.rows] == wanted[:0:-1]
        link = first.json["@odata.nextLink"]
        assert link == f"{BASE}/beta{ROOT}/snapshots?$select=id&$top=2&$skip=2"
        rest = await world.ask("GET", link.removeprefix(f"{BASE}/beta"), version="beta")
        assert [row["id"] for row in rest.rows] == wanted[:1]
        assert "@odata.nextLink" not in rest.json
        assert set(rest.rows[0]) == {"@odata.type", "id"}
        oldest_first = await world.get("/snapshots?$orderby=createdDateTime")
        assert [row["id"] for row in oldest_first.rows] == wanted

    virtual_time.run(story())


def test_the_count_is_plain_text(world: World) -> None:
    async def story() -> None:
        await world.captured()
        reply = await world.get("/snapshots/$count")
        assert (reply.body, reply.headers["content-type"]) == (b"1", "text/plain")

    virtual_time.run(story())


def test_verify_says_what_was_proven(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        proven = (await world.get(f"/snapshots/{wire_id}/tidemark.verify", token="reader")).json
        counts = (await world.get(f"/snapshots/{wire_id}")).json["tidemark.counts"]
        assert proven["objects"] == counts["objects"] + counts["softDeleted"]
        assert (proven["links"], proven["isChained"]) == (counts["links"], True)
        assert proven["files"] > 0
        assert proven["bytes"] > 0

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("query", "mode", "shards"),
    [("?mode=quick", "quick", 0), ("?mode=full", "full", 1), ("?mode=subset&part=1/2", "subset", 1)],
)
def test_verify_proves_as_much_as_it_is_asked_for(world: World, query: str, mode: str, shards: int) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        proven = (await world.get(f"/snapshots/{wire_id}/tidemark.verify{query}")).json
        assert (proven["mode"], proven["shards"], proven["snapshots"]) == (mode, shards, 1)
        assert (proven["isChained"], proven["isSigned"]) == (True, True)

    virtual_time.run(story())


@pytest.mark.parametrize(
    "query",
    [
        "mode=all",
        "mode=subset",
        "part=1/2",
        "mode=quick&part=1/2",
        "mode=subset&part=0/2",
        "mode=subset&part=3/2",
        "mode=subset&part=1",
        "mode=subset&part=-1/2",
        "mode=subset&part=1/9999",
        "mode=full&mode=quick",
        "$top=1",
    ],
)
def test_a_way_to_verify_that_there_is_not_is_400(world: World, query: str) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        assert (await world.get(f"/snapshots/{wire_id}/tidemark.verify?{query}")).status == 400

    virtual_time.run(story())


def test_the_root_has_nothing_but_its_type(world: World) -> None:
    async def story() -> None:
        reply = await world.get("")
        assert set(reply.json) == {"@odata.context", "@odata.type"}

    virtual_time.run(story())


def test_addresses_in_answers_are_those_that_a_gateway_was_asked_for(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        reply = await world.post(
            f"/snapshots/{wire_id}/recoveryPreviewJobs",
            x_forwarded_host="backup.contoso.com",
            x_forwarded_proto="https",
        )
        assert reply.headers["location"].startswith("https://backup.contoso.com/v1.0/directory/recovery/snapshots/")

    virtual_time.run(story())
