"""Tenants that refuse to be written to: one type for want of a permission, or everything because they are full."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.changes import Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.recover.answers import DENIED, QUOTA
from shared.runs import outcomes
from simulator.applications import CARELESS_SCRIPT, TIDEMARK
from simulator.directory.fingerprint import fingerprint
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.simulation.stories import planned_ids
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform

PEOPLE = 130  # more than one group of changes holds here
GROUP_CHANGES = 100


async def harmed(platform: Platform, harm: Callable[[Simulator], None]) -> tuple[str, str]:
    """Capture, then let `harm` happen; return the snapshot's id and what the tenant was like."""
    before = fingerprint(platform.simulator.tenant.directory)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    harm(platform.simulator)
    return wire_snapshot_id(capture.snapshot_id), before


def a_platform(objects: int, deaths: Deaths | None = None) -> Platform:
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=4, objects=objects, tenant_id=TENANT)
    return Platform(simulator, seed=4, deaths=deaths)


async def recovered(platform: Platform, wire: str) -> Job:
    starting = platform.operator.starting
    return await platform.finish(await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator"))


def live(simulator: Simulator, type_name: str) -> list[str]:
    return sorted(simulator.tenant.directory.stores[type_name].live)


def move_everybody(simulator: Simulator) -> None:
    users = simulator.tenant.directory.stores["user"].live
    cloud = [known for known in sorted(users) if not users[known].get("onPremisesSyncEnabled")]
    for user_id in cloud[:PEOPLE]:
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Atlantis"})
    for group_id in live(simulator, "group")[:3]:
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/groups/{group_id}", {"description": "lost"})


def test_a_type_that_may_not_be_written_stops_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "GROUP_CHANGES_MAX", GROUP_CHANGES)

    async def story(deaths: Deaths) -> None:
        platform = a_platform(600)
        wire, before = await harmed(platform, move_everybody)
        platform.deaths = deaths
        refusal = Rule(kind=Fault.FORBIDDEN, method="PATCH", path="^/users/")
        platform.simulator.world.faults = Faults([refusal])
        job = await recovered(platform, wire)
        assert 0 < refusal.fired < PEOPLE, "the rest of the people must not be asked for"
        assert (job.state, job.counts["objects.failed"]) == (State.SUCCESSFUL, PEOPLE)
        assert job.counts["outcome.group.update.applied"] == 3
        assert any("user (update)" in said and "User.ReadWrite.All" in said for said in job.warnings)
        ended = await platform.operator.asking.outcomes(TENANT, job.job_id)
        assert sorted(one.change_id for one in ended) == sorted(await planned_ids(platform, job))
        failed = [one for one in ended if one.result is Result.FAILED]
        assert {one.error_code for one in failed} == {DENIED}
        assert all("User.ReadWrite.All" in one.message for one in failed)
        assert len([one for one in failed if "not sent" in one.message]) >= PEOPLE - GROUP_CHANGES
        platform.simulator.world.faults = Faults([])
        retry = await platform.finish(
            await platform.operator.starting.repeat(TENANT, job.job_id, requested_by="operator")
        )
        assert retry.counts["objects.applied"] == PEOPLE
        assert fingerprint(platform.simulator.tenant.directory) == before

    virtual_time.run(story(Deaths()))
    deaths = Deaths(dict.fromkeys(range(40, 400, 17), "after"))
    virtual_time.run(story(deaths))
    assert deaths.fired > 5


def test_a_full_tenant_ends_the_recovery_by_that_name_and_keeps_what_was_applied() -> None:
    def harm(simulator: Simulator) -> None:
        user_id = live(simulator, "user")[0]
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Atlantis"})
        assignments = simulator.tenant.directory.stores["appRoleAssignment"].live
        known = next(one for one in assignments.values() if one["principalType"] == "User")
        path = f"/servicePrincipals/{known['resourceId']}/appRoleAssignedTo/{known['id']}"
        simulator.act(CARELESS_SCRIPT, "DELETE", path)
        simulator.tenant.switches.quotas.assignments_per_principal_max = 0
        policy_id = live(simulator, "conditionalAccessPolicy")[0]
        simulator.act(
            CARELESS_SCRIPT, "PATCH", f"/identity/conditionalAccess/policies/{policy_id}", {"displayName": "lost"}
        )

    async def story() -> None:
        platform = a_platform(60)
        wire, before = await harmed(platform, harm)
        await platform.clock.sleep(5.0)  # Conditional Access takes one write a second
        written = len(platform.simulator.tenant.history.of(TIDEMARK.app_id))
        job = await recovered(platform, wire)
        assert platform.simulator.tenant.refusals["quota app role assignments"] == 1
        assert (job.state, job.error_code) == (State.FAILED, "quota-exceeded")
        assert "1 changes were applied and stay, 2 failed or were not sent" in job.error
        assert len(platform.simulator.tenant.history.of(TIDEMARK.app_id)) == written + 1
        ended = await platform.operator.asking.outcomes(TENANT, job.job_id)
        assert sorted(one.change_id for one in ended) == sorted(await planned_ids(platform, job))
        failed = [one for one in ended if one.result is Result.FAILED]
        assert {one.type: one.error_code for one in failed} == dict.fromkeys(
            ("appRoleAssignment", "conditionalAccessPolicy"), QUOTA
        )
        platform.simulator.tenant.switches.quotas.assignments_per_principal_max = 1_500
        retry = await platform.finish(
            await platform.operator.starting.repeat(TENANT, job.job_id, requested_by="operator")
        )
        assert (retry.state, retry.counts["objects.applied"]) == (State.SUCCESSFUL, 2)
        assert len(live(platform.simulator, "appRoleAssignment")) > 0
        directory = platform.simulator.tenant.directory
        made = frozenset(live(platform.simulator, "appRoleAssignment"))
        assert fingerprint(directory, ignoring=made) != before, "the ids of assignments are new"

    virtual_time.run(story())
