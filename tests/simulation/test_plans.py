"""A plan is made, approved by others and carried out as it is, or not at all."""

from __future__ import annotations

import pytest

from shared.domain.errors import CallerError, InputError
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from simulator.applications import CARELESS_SCRIPT
from tests.simulation.stories import play_incident
from tests.simulation.test_undo import captured
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

DAY = 24 * 3600


async def planned(platform: Platform, wire: str) -> Job:
    options = Options(makes_plan=True)
    return await platform.finish(
        await platform.operator.starting.report(TENANT, wire, EVERYTHING, options, requested_by="ann")
    )


async def carried_out(platform: Platform, wire: str, plan: Job, *, by: str = "ann") -> Job:
    options = Options(planned_by=plan.job_id)
    return await platform.finish(
        await platform.operator.starting.recovery(TENANT, wire, EVERYTHING, options, requested_by=by)
    )


def test_a_plan_writes_nothing_and_a_recovery_by_it_does_exactly_that() -> None:
    async def story() -> None:
        platform, wire = await captured(3)
        play_incident(platform.simulator, 3)
        broken = platform.simulator.fingerprint()
        plan, same = await planned(platform, wire), await planned(platform, wire)
        assert platform.simulator.fingerprint() == broken
        assert len(plan.plan_digest) == 64
        assert plan.plan_digest == same.plan_digest
        done = await carried_out(platform, wire, plan)
        assert (done.state, done.counts["plannedObjects"]) == (State.SUCCESSFUL, plan.counts["plannedObjects"])
        assert done.counts["objects.applied"] == plan.counts["plannedObjects"]

    virtual_time.run(story())


def test_a_recovery_whose_plan_has_changed_fails_by_that_name_and_writes_nothing() -> None:
    async def story() -> None:
        platform, wire = await captured(3)
        play_incident(platform.simulator, 3)
        plan = await planned(platform, wire)
        users = platform.simulator.tenant.directory.stores["user"].live
        user_id = next(known for known, body in users.items() if not body.get("onPremisesSyncEnabled"))
        platform.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Elsewhere"})
        broken = platform.simulator.fingerprint()
        failed = await carried_out(platform, wire, plan)
        assert (failed.state, failed.error_code) == (State.FAILED, "plan-changed")
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())


def test_two_others_must_approve_and_their_approval_ages() -> None:
    async def story() -> None:
        platform, wire = await captured(3)
        play_incident(platform.simulator, 3)
        approving = platform.operator.approving
        approving.needed = 2
        with pytest.raises(InputError, match="needs 2 approvals"):
            await platform.operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="ann")
        plan = await planned(platform, wire)
        with pytest.raises(CallerError, match="cannot approve"):
            await approving.approve(TENANT, plan.job_id, approver="ann")
        assert [await approving.approve(TENANT, plan.job_id, approver="bob") for _twice in range(2)] == [1, 1]
        with pytest.raises(InputError, match=f"{plan.plan_digest}, not 51e3"):
            await approving.approve(TENANT, plan.job_id, approver="cleo", digest="51e3")
        assert await approving.given(plan) == 1, "a plan of another digest is not approved"
        assert await approving.approve(TENANT, plan.job_id, approver="cleo", digest=plan.plan_digest.upper()) == 2
        with pytest.raises(InputError, match="1 of 2"):
            await carried_out(platform, wire, plan, by="bob")
        options = Options(planned_by=plan.job_id, soft_delete_newer=True)
        with pytest.raises(InputError, match="another snapshot, scope or options"):
            await platform.operator.starting.recovery(TENANT, wire, EVERYTHING, options, requested_by="ann")
        assert (await carried_out(platform, wire, plan)).state is State.SUCCESSFUL
        await platform.clock.sleep(DAY + 1)
        with pytest.raises(InputError, match="0 of 2"):
            await carried_out(platform, wire, plan)

    virtual_time.run(story())


def test_an_undo_is_planned_and_approved_like_any_recovery() -> None:
    async def story() -> None:
        platform, wire = await captured(3)
        play_incident(platform.simulator, 3)
        broken = platform.simulator.fingerprint()
        recovery = await carried_out(platform, wire, await planned(platform, wire))
        platform.operator.approving.needed = 1
        starting = platform.operator.starting
        with pytest.raises(InputError, match="needs 1 approval here"):
            await starting.undo(TENANT, recovery.job_id, requested_by="ann")
        plan = await platform.finish(
            await starting.undo(TENANT, recovery.job_id, Options(makes_plan=True), requested_by="ann")
        )
        await platform.operator.approving.approve(TENANT, plan.job_id, approver="bob")
        undo = await platform.finish(
            await starting.undo(TENANT, recovery.job_id, Options(planned_by=plan.job_id), requested_by="ann")
        )
        assert undo.state is State.SUCCESSFUL
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())
