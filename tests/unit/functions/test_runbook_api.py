"""The runbook of a plan over HTTP, in every form."""

from __future__ import annotations

import msgspec

from tests.support import virtual_time
from tests.unit.functions.worlds import World

HOSTILE = "<script>alert(1)</script>"


async def planned(world: World) -> tuple[str, str]:
    """Return a recovery that left a user of Active Directory to people, and the user's id."""
    wire = await world.captured()
    directory = world.simulator.tenant.directory
    synced = next(one for one, body in directory.stores["user"].live.items() if body.get("onPremisesSyncEnabled"))
    values = {"displayName": HOSTILE, "city": "Elsewhere"}
    directory.update("user", synced, values, world.clock.unix_seconds())
    return (await world.recovered(wire)).job_id, str(synced)


def test_a_runbook_is_paged_written_as_lines_and_as_markdown(world: World) -> None:
    async def story() -> None:
        job, synced = await planned(world)
        assert (await world.get(f"/jobs/{job}")).json["tidemark.manualSteps"] == 1
        (row,) = (await world.get(f"/jobs/{job}/tidemark.runbook")).rows
        assert (row["id"], row["task"], [one["name"] for one in row["settings"]]) == (
            synced,
            "set",
            ["city", "displayName"],
        )
        assert row["settings"][0]["now"] == "Elsewhere"
        lines = await world.get(f"/jobs/{job}/tidemark.runbook?format=ndjson")
        assert [msgspec.json.decode(line) for line in lines.body.splitlines()] == [row]
        page = await world.get(f"/jobs/{job}/tidemark.runbook?format=markdown")
        assert page.headers["content-type"] == "text/markdown"
        assert synced.encode() in page.body
        assert b"<script>" not in page.body
        assert (await world.get(f"/jobs/{job}/tidemark.runbook?$skip=1")).rows == []

    virtual_time.run(story())


def test_what_has_no_runbook_says_so_and_a_wrong_form_is_named(world: World) -> None:
    async def story() -> None:
        job, _synced = await planned(world)
        for query in ("?format=pdf", "?format=markdown&$skip=1"):
            assert (await world.get(f"/jobs/{job}/tidemark.runbook{query}")).status == 400
        capture = (await world.get("/jobs")).rows[-1]["id"]
        reply = await world.get(f"/jobs/{capture}/tidemark.runbook")
        assert (reply.status, "no runbook" in reply.error["message"]) == (400, True)

    virtual_time.run(story())
