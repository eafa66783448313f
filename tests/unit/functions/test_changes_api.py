"""What jobs found and did, over HTTP."""

from __future__ import annotations

import pytest

from simulator.faults import Fault, Rule
from tests.support import virtual_time
from tests.unit.functions.worlds import BASE, ROOT, World

NAMESPACE = "microsoft.graph.entraRecoveryServices"


@pytest.mark.parametrize("name", ["getChanges", "getChanges()", f"{NAMESPACE}.getChanges", f"{NAMESPACE}.getChanges()"])
@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_the_rows_of_a_report_are_read_by_every_spelling_of_the_function(world: World, name: str, version: str) -> None:
    async def story() -> None:
        wire_id, user = await world.captured(), world.users()[0]
        world.change(user, jobTitle="harmed")
        job = await world.reported(wire_id)
        reply = await world.get(f"/snapshots/{wire_id}/recoveryPreviewJobs/{job.job_id}/{name}", version=version)
        (row,) = reply.rows
        assert (row["id"], row["entityTypeName"], row["recoveryAction"]) == (user, "user", "update")
        assert row["currentState"] == {"@odata.type": "#microsoft.graph.user", "jobTitle": "harmed"}
        assert set(row["deltaFromCurrent"]) == {"@odata.type", "jobTitle"}
        assert row["deltaFromCurrent"]["jobTitle"] != "harmed"

    virtual_time.run(story())


def test_pages_of_a_report_together_are_the_whole_report(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        users = world.users()[:5]
        for user in users:
            world.change(user, jobTitle="harmed")
        job = await world.reported(wire_id)
        link = f"{BASE}/v1.0{ROOT}/snapshots/{wire_id}/recoveryPreviewJobs/{job.job_id}/getChanges?$top=2"
        seen: list[str] = []
        sizes: list[int] = []
        while link and len(sizes) < 4:
            reply = await world.ask("GET", link.removeprefix(f"{BASE}/v1.0"))
            seen += [row["id"] for row in reply.rows]
            sizes.append(len(reply.rows))
            link = reply.json.get("@odata.nextLink", "")
        assert sizes == [2, 2, 1]
        assert sorted(seen) == sorted(users)

    virtual_time.run(story())


def test_changes_of_a_report_that_has_not_succeeded_are_400(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        reply = await world.post(f"/snapshots/{wire_id}/recoveryPreviewJobs")
        path = reply.headers["location"].removeprefix(f"{BASE}/v1.0")
        refused = await world.ask("GET", f"{path}/getChanges")
        assert (refused.status, refused.error["code"]) == (400, "BadRequest")

    virtual_time.run(story())


def test_failed_changes_carry_graphs_words_and_outcomes_hold_all(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        users = world.users()[:2]
        for user in users:
            world.change(user, jobTitle="harmed")
        refusal = Rule(kind=Fault.FORBIDDEN, path=f"/users/{users[0]}", method="PATCH", times=99)
        world.simulator.world.faults.rules.append(refusal)
        job = await world.recovered(wire_id)
        assert refusal.fired > 0
        path = f"/snapshots/{wire_id}/recoveryJobs/{job.job_id}"
        (row,) = (await world.get(f"{path}/{NAMESPACE}.getFailedChanges")).rows
        assert (row["id"], row["recoveryAction"]) == (users[0], "update")
        assert row["failureMessage"]
        assert row["currentState"]["jobTitle"] == "harmed"
        assert (await world.get(path)).json["totalFailedChanges"] == 1
        outcomes = (await world.get(f"/jobs/{job.job_id}/tidemark.outcomes")).rows
        assert sorted(row["result"] for row in outcomes) == ["applied", "failed"]
        assert all(row["before"] == {"jobTitle": "harmed"} for row in outcomes)
        page = await world.get(f"/jobs/{job.job_id}/tidemark.outcomes?$top=1&$skip=1")
        assert page.rows == outcomes[1:]

    virtual_time.run(story())


def test_a_recovery_without_failures_has_an_empty_list_of_them(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        job = await world.recovered(wire_id)
        reply = await world.get(f"/snapshots/{wire_id}/recoveryJobs/{job.job_id}/getFailedChanges")
        assert (reply.status, reply.rows) == (200, [])

    virtual_time.run(story())
