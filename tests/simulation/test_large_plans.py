"""What a plan of many batches does differently, shown on a small one by making its limits small."""

from __future__ import annotations

import pytest

from shared.domain.jobs import BatchState, Step
from shared.formats import segments
from shared.recover import dealing
from shared.runs import confirming, laying, relinking
from simulator.applications import CARELESS_SCRIPT
from tests.simulation.test_plans import planned
from tests.simulation.test_undo import captured, recovered
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 7 changes, shards of 16 objects gone through two at a time, four looks side by side at the end."""
    monkeypatch.setattr(laying, "BATCH_CHANGES_MAX", 7)
    monkeypatch.setattr(laying, "BATCH_LINKS_MAX", 7)
    monkeypatch.setattr(dealing.batches, "__defaults__", (7,))
    monkeypatch.setattr(laying, "CONFIRM_CHANGES", 5)
    monkeypatch.setattr(confirming, "OUTCOMES_AT_ONCE", 14)
    monkeypatch.setattr(confirming, "LOOK_MAX", 3)
    monkeypatch.setattr(relinking, "SHARDS_AT_ONCE", 2)
    monkeypatch.setattr(relinking, "LOOK_MAX", 4)
    monkeypatch.setattr(segments, "SHARD_OBJECTS_MAX", 16)


def damage(platform: Platform) -> int:
    """Rename 30 users of the cloud, delete 6 and empty the groups they are in; return how many were renamed."""
    directory, act = platform.simulator.tenant.directory, platform.simulator.act
    users = [
        known
        for known, body in directory.stores["user"].live.items()
        if not body.get("onPremisesSyncEnabled") and "@odata.type" not in body
    ]
    for user_id in users[:30]:
        act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"jobTitle": "Wiped"})
    for group_id, body in list(directory.stores["group"].live.items()):
        if not body.get("onPremisesSyncEnabled") and not body.get("membershipRule"):
            for member in list(directory.links.targets(group_id, "members"))[:9]:
                act(CARELESS_SCRIPT, "DELETE", f"/groups/{group_id}/members/{member}/$ref")
    for user_id in users[30:36]:
        act(CARELESS_SCRIPT, "DELETE", f"/users/{user_id}")
    return 30


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("deaths", [Deaths(), Deaths(dict.fromkeys(range(300, 1500, 37), "before"))])
def test_many_small_batches_do_what_one_does_and_every_change_is_looked_at_again(deaths: Deaths) -> None:
    async def story() -> None:
        platform, wire = await captured(5)
        platform.deaths = deaths
        before = platform.simulator.fingerprint()
        renamed = damage(platform)
        plan = await planned(platform, wire)
        job = await recovered(platform, wire)
        assert platform.simulator.fingerprint() == before
        assert job.plan_digest == plan.plan_digest, "the order in which it is laid out is no part of a plan"
        applied = job.counts["objects.applied"] + job.counts["links.applied"]
        assert applied > renamed + 6
        already = job.counts.get("objects.alreadyRight", 0) + job.counts.get("links.alreadyRight", 0)
        assert job.counts["confirmed"] == applied + already
        batches = await platform.operator.asking.batches(TENANT, job.job_id)
        assert all(batch.argument["changes"] <= 7 for batch in batches if batch.step is Step.APPLY)
        looks = [batch for batch in batches if batch.step is Step.CONFIRM]
        assert len(looks) == 5
        assert all(batch.state is BatchState.DONE for batch in looks)

    virtual_time.run(story())


@pytest.mark.usefixtures("small_limits")
def test_what_is_overwritten_is_told_when_several_look_side_by_side() -> None:
    async def story() -> None:
        platform, wire = await captured(5)
        users = platform.simulator.tenant.directory.stores["user"].live
        damage(platform)
        victim = next(known for known, body in users.items() if body.get("jobTitle") == "Wiped")
        meddled: list[str] = []

        def meddle(tail: str) -> None:
            if users[victim].get("jobTitle") != "Wiped" and not meddled:
                meddled.append(tail)
                platform.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{victim}", {"jobTitle": "Utopian"})

        platform.transport.after_request = meddle
        job = await recovered(platform, wire)
        assert meddled, "nobody meddled, so nothing was shown"
        (told,) = await platform.operator.asking.confirmations(TENANT, job.job_id)
        assert (told.object_id, told.found) == (victim, {"jobTitle": "Utopian"})
        assert job.counts["overwritten"] == 1

    virtual_time.run(story())
