"""Jobs about more objects than a job's row holds, over HTTP: rows, unknown ids, plans, and files that are lost."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.scope import IDS_IN_ROW_MAX
from shared.runs import scopes
from shared.runs.difference_files import NAMED_MAX
from shared.runs.scopes import SCOPE_PLACE
from tests.support import virtual_time
from tests.unit.functions.test_stored_comparisons import by_ids, compared, two_snapshots
from tests.unit.functions.worlds import Json, World

STRANGERS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(IDS_IN_ROW_MAX + 200)]
SEES_ALL: dict[str, Any] = {"Prefer": "include-unknown-enum-members"}


FEW = STRANGERS[:20]


@pytest.fixture
def small_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a row hold so little that a scope of a few ids is a large one."""
    monkeypatch.setattr(scopes, "IDS_IN_ROW_MAX", 2)


async def job_at_end(world: World, reply: Any) -> Json:
    assert reply.status == 202, reply.body
    await world.platform.run_until_idle()
    job_id = reply.headers["location"].rpartition("/")[2]
    return (await world.get(f"/jobs/{job_id}", **SEES_ALL)).json


def test_every_id_is_looked_for_and_the_unknown_ones_are_named_page_by_page(world: World) -> None:
    async def story() -> None:
        before, after, user = await two_snapshots(world)
        found = await compared(world, before, after, by_ids(*STRANGERS, user.upper(), user, *STRANGERS[:50]))
        assert [row["id"] for row in found["value"]] == [user]
        assert found["job"]["tidemark.scopeObjects"] == {"user": len(STRANGERS) + 1}
        assert found["job"]["filteringCriteria"]["filterValues"] == [{"entityType": "user", "entityIds": []}]
        assert found["tidemark.unknownCount"] == len(STRANGERS)
        (told,) = found["job"]["tidemark.warnings"]
        assert told.startswith(f"NOT FOUND: neither side has {len(STRANGERS)} of the objects asked for: user ")
        assert told.endswith(f" and {len(STRANGERS) - NAMED_MAX} more")
        place = f"/snapshots/{before}/recoveryPreviewJobs/{found['job']['id']}/getChanges"
        named, rows, skip = list[str](), list[Json](), 0
        while True:
            page = (await world.get(f"{place}?$top=500&$skip={skip}")).json
            named += [one["id"] for one in page.get("tidemark.unknownObjects", [])]
            rows += page["value"]
            if "@odata.nextLink" not in page:
                break
            skip += 500
        assert (sorted(named), [row["id"] for row in rows]) == (STRANGERS, [user])

    virtual_time.run(story())


def test_a_plan_for_many_objects_is_carried_out_by_a_recovery_of_just_those(world: World, small_rows: None) -> None:
    del small_rows

    async def story() -> None:
        before, user, other = await world.captured(), *world.users()[:2]
        for harmed in (user, other):
            world.change(harmed, jobTitle="harmed")
        criteria, many = by_ids(*FEW, user), f"/snapshots/{before}/recovery"
        planned = {"filteringCriteria": criteria, "tidemark.options": {"plan": True}}
        plan = await job_at_end(world, await world.post(f"{many}PreviewJobs", planned))
        by_plan = {"filteringCriteria": criteria, "tidemark.options": {"plannedBy": plan["id"]}}
        elsewhere = {**by_plan, "filteringCriteria": by_ids(*FEW, other)}
        assert (await world.post(f"{many}Jobs", elsewhere)).status == 400
        done = await job_at_end(world, await world.post(f"{many}Jobs", by_plan))
        assert (done["status"], done["totalObjectsModified"]) == ("successful", 1)
        undone = await job_at_end(world, await world.post(f"/jobs/{done['id']}/tidemark.undo", {}))
        assert (undone["status"], undone["totalObjectsModified"]) == ("successful", 1)
        assert undone["tidemark.scopeObjects"] == done["tidemark.scopeObjects"] == {"user": len(FEW) + 1}

    virtual_time.run(story())


def test_a_job_whose_ids_are_lost_fails_by_the_name_of_the_file_and_writes_nothing(
    world: World, small_rows: None
) -> None:
    del small_rows

    async def story() -> None:
        before, user = await world.captured(), world.users()[0]
        world.change(user, jobTitle="harmed")
        harmed = world.simulator.fingerprint()
        reply = await world.post(f"/snapshots/{before}/recoveryJobs", {"filteringCriteria": by_ids(*FEW, user)})
        (name,) = [name for name in world.platform.work.contents if name.endswith(SCOPE_PLACE)]
        del world.platform.work.contents[name]
        job = await job_at_end(world, reply)
        assert job["status"] == "failed"
        assert name in job["tidemark.error"]["message"]
        assert world.simulator.fingerprint() == harmed

    virtual_time.run(story())


@pytest.mark.parametrize("wrong", ["not-a-guid", "", None, 7])
def test_one_bad_id_among_many_is_named_by_its_place(world: World, wrong: object) -> None:
    async def story() -> None:
        before = await world.captured()
        criteria = by_ids(*STRANGERS)
        criteria["filterValues"][0]["entityIds"].append(wrong)
        reply = await world.post(f"/snapshots/{before}/recoveryPreviewJobs", {"filteringCriteria": criteria})
        assert reply.status == 400
        assert f"entityIds[{len(STRANGERS)}]" in reply.error["message"]
        assert not [name for name in world.platform.work.contents if name.endswith(SCOPE_PLACE)]

    virtual_time.run(story())
