"""The ledger of a recovery over HTTP: chosen, paged, exported, and the sealed file itself."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from functions.handlers import ledger
from shared.formats.ledgers import decode_ledger
from simulator.faults import Fault, Rule
from tests.support import virtual_time
from tests.unit.functions.worlds import Json, World


async def recovered(world: World) -> tuple[str, list[str]]:
    """Return a recovery of three users, of whom Graph refused the first, and their ids."""
    wire = await world.captured()
    users = world.users()[:3]
    for one in users:
        world.change(one, jobTitle="harmed")
    rule = Rule(kind=Fault.FORBIDDEN, path=f"/users/{users[0]}", method="PATCH")
    world.simulator.world.faults.rules.append(rule)
    job = await world.recovered(wire)
    assert rule.fired
    return job.job_id, users


async def rows(world: World, job: str, query: str = "") -> list[Json]:
    reply = await world.get(f"/jobs/{job}/tidemark.ledger{query}")
    assert reply.status == 200, reply.body
    return reply.rows


def test_every_change_says_when_in_which_batch_and_how_it_stands(world: World) -> None:
    async def story() -> None:
        job, users = await recovered(world)
        found = {row["id"]: row for row in await rows(world, job)}
        assert found.keys() == set(users)
        failed, applied = found[users[0]], found[users[1]]
        assert (failed["result"], failed["standing"], failed["after"]) == ("failed", None, failed["before"])
        assert (applied["result"], applied["standing"]) == ("applied", "confirmed")
        assert (applied["before"], applied["after"]) == ({"jobTitle": "harmed"}, applied["target"])
        assert applied["recordedDateTime"].startswith("20")
        assert applied["batch"] >= 10_000

    virtual_time.run(story())


def test_entries_are_chosen_by_type_action_result_object_and_text_and_paged(world: World) -> None:
    async def story() -> None:
        job, users = await recovered(world)
        for query, count in (
            ("?result=failed", 1),
            ("?result=applied,alreadyRight", 2),
            (f"?object={users[2]}", 1),
            ("?type=user&action=update", 3),
            ("?type=group", 0),
            ("?action=link", 0),
            ("?text=HARMED", 3),
            ("?text=nowhere", 0),
        ):
            assert len(await rows(world, job, query)) == count, query
        first = await world.get(f"/jobs/{job}/tidemark.ledger?result=applied&$top=1")
        assert "$skip=1" in first.json["@odata.nextLink"]
        rest = await rows(world, job, "?result=applied&$top=1&$skip=1")
        assert {row["id"] for row in [*first.rows, *rest]} == set(users[1:])

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("query", "member"),
    [("?result=maybe", "result"), ("?action=x", "action"), ("?type=printer", "type"), ("?format=xml", "format"),
     ("?standing=x", "standing"), ("?text=" + "x" * 600, "text")],
)  # fmt: skip
def test_a_wrong_question_is_400_and_names_its_option(world: World, query: str, member: str) -> None:
    async def story() -> None:
        job, _users = await recovered(world)
        reply = await world.get(f"/jobs/{job}/tidemark.ledger{query}")
        assert (reply.status, reply.error["tidemark.member"]) == (400, member)

    virtual_time.run(story())


def test_only_recoveries_have_a_ledger(world: World) -> None:
    async def story() -> None:
        wire = await world.captured()
        report = (await world.reported(wire)).job_id
        for query in ("", "?format=csv", "?format=sealed"):
            assert (await world.get(f"/jobs/{report}/tidemark.ledger{query}")).status == 400

    virtual_time.run(story())


@pytest.mark.parametrize("part_rows", [1, 2, 20_000])
def test_exports_in_parts_are_one_file_with_every_change_once(
    world: World, monkeypatch: pytest.MonkeyPatch, part_rows: int
) -> None:
    async def story() -> None:
        monkeypatch.setattr(ledger, "PART_ROWS", part_rows)
        job, users = await recovered(world)
        whole: dict[str, bytes] = {}
        for chosen in ("ndjson", "csv"):
            skip: str | None = "0"
            while skip is not None:
                reply = await world.get(f"/jobs/{job}/tidemark.ledger?format={chosen}&$skip={skip}")
                assert reply.status == 200
                assert reply.headers["x-content-type-options"] == "nosniff"
                whole[chosen] = whole.get(chosen, b"") + reply.body
                skip = reply.headers.get("tidemark-next-skip")
        lines = [msgspec.json.decode(line) for line in whole["ndjson"].splitlines()]
        assert sorted(line["id"] for line in lines) == sorted(users)
        cells = list(csv.DictReader(io.StringIO(whole["csv"].decode(), newline="")))
        assert [cell["id"] for cell in cells] == [line["id"] for line in lines]
        assert [cell["result"] for cell in cells] == [line["result"] for line in lines]

    virtual_time.run(story())


def test_the_sealed_ledger_is_named_in_the_job_and_handed_out_as_it_lies_in_the_vault(world: World) -> None:
    async def story() -> None:
        job, users = await recovered(world)
        named = (await world.get(f"/jobs/{job}")).json["tidemark.ledger"]
        assert (named["records"], named["isSigned"]) == (len(users), True)
        reply = await world.get(f"/jobs/{job}/tidemark.ledger?format=sealed")
        head, parts = decode_ledger(reply.body, name="sealed", expected=named["sha256"])
        assert (head.job_id, len(parts) > 0) == (job, True)
        assert reply.body == world.platform.audit.contents[named["name"]]

    virtual_time.run(story())
