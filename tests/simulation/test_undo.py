"""A recovery is undone, and what failed in one is repeated, while workers die: the tenant itself is the judge."""

from __future__ import annotations

import pytest

from shared.domain.errors import InputError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.manual import Task
from shared.domain.scope import EVERYTHING
from shared.recover.undo import MADE_AGAIN
from simulator.applications import CARELESS_SCRIPT
from simulator.directory.fingerprint import fingerprint
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.simulation.stories import play_incident
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform


async def captured(seed: int, deaths: Deaths | None = None) -> tuple[Platform, str]:
    simulator = Simulator(clock=virtual_time.VirtualClock().unix_seconds, seed=seed, objects=120, tenant_id=TENANT)
    platform = Platform(simulator, seed=seed, deaths=deaths)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    return platform, wire_snapshot_id(capture.snapshot_id)


async def recovered(platform: Platform, wire: str) -> Job:
    starting = platform.operator.starting
    return await platform.finish(
        await starting.recovery(TENANT, wire, EVERYTHING, Options(soft_delete_newer=True), requested_by="operator")
    )


@pytest.mark.parametrize("seed", [3, 8, 21])
def test_an_undone_recovery_leaves_the_tenant_as_it_found_it_whatever_dies(seed: int) -> None:
    async def story() -> None:
        deaths = Deaths({call: ("before", "after")[call % 2] for call in range(250 + seed, 900, 61)})
        platform, wire = await captured(seed, deaths)
        play_incident(platform.simulator, seed)
        directory = platform.simulator.tenant.directory
        broken = fingerprint(directory)
        recovery = await recovered(platform, wire)
        assert recovery.state is State.SUCCESSFUL
        applied = recovery.counts["objects.applied"] + recovery.counts["links.applied"]
        assert recovery.counts["confirmed"] == applied, "the second look finds every change as it was left"
        whole = fingerprint(directory)
        assert whole != broken, "the recovery changed nothing: there was nothing to undo"
        undo = await platform.finish(
            await platform.operator.starting.undo(TENANT, recovery.job_id, requested_by="operator")
        )
        assert undo.state is State.SUCCESSFUL
        assert not undo.counts.get("objects.failed", 0) + undo.counts.get("links.failed", 0)
        assert fingerprint(directory) == broken
        again = await platform.finish(
            await platform.operator.starting.undo(TENANT, undo.job_id, requested_by="operator")
        )
        assert again.state is State.SUCCESSFUL
        assert fingerprint(directory) == whole, "an undo can be undone"
        assert platform.simulator.tenant.history.hard_deletes == 0
        assert deaths.fired >= 3

    virtual_time.run(story())


def test_what_others_changed_after_the_recovery_stays_and_is_named() -> None:
    async def story() -> None:
        platform, wire = await captured(5)
        act, users = platform.simulator.act, platform.simulator.tenant.directory.stores["user"].live
        user_id = next(known for known, body in users.items() if not body.get("onPremisesSyncEnabled"))
        act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Atlantis", "department": "Void"})
        recovery = await recovered(platform, wire)
        act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Utopia"})
        undo = await platform.finish(
            await platform.operator.starting.undo(TENANT, recovery.job_id, requested_by="operator")
        )
        assert (users[user_id]["city"], users[user_id]["department"]) == ("Utopia", "Void")
        (one,) = await platform.operator.asking.outcomes(TENANT, undo.job_id)
        assert "city" in one.message

    virtual_time.run(story())


def test_what_an_undo_takes_back_before_it_deletes_the_object_is_not_called_overwritten() -> None:
    async def story() -> None:
        platform, wire = await captured(6)
        simulator, directory = platform.simulator, platform.simulator.tenant.directory
        lost = next(
            known
            for known, group in sorted(directory.stores["group"].live.items())
            if not group.get("onPremisesSyncEnabled")
            and not group.get("membershipRule")
            and any(True for _member in directory.links.targets(known, "members"))
        )
        member = next(iter(directory.links.targets(lost, "members")))
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{lost}/members/{member}/$ref")
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{lost}")
        broken = simulator.fingerprint()
        recovery = await recovered(platform, wire)
        assert (recovery.counts["objects.applied"], recovery.counts["links.applied"]) == (1, 1)
        undo = await platform.finish(
            await platform.operator.starting.undo(TENANT, recovery.job_id, requested_by="operator")
        )
        assert simulator.fingerprint() == broken
        assert undo.counts["links.applied"] == 1, "the link is taken back, then the group is deleted"
        assert await platform.operator.asking.confirmations(TENANT, undo.job_id) == []
        assert (undo.counts["confirmed"], undo.counts.get("overwritten", 0)) == (2, 0)

    virtual_time.run(story())


def test_what_failed_is_repeated_and_nothing_else() -> None:
    async def story() -> None:
        platform, wire = await captured(6)
        play_incident(platform.simulator, 6)
        refusal = Rule(kind=Fault.FORBIDDEN, method="PATCH", path="^/users/", times=3)
        platform.simulator.world.faults = Faults([refusal], seed=1)
        recovery = await recovered(platform, wire)
        assert refusal.fired == 3
        failed = recovery.counts["objects.failed"]
        assert failed == 3
        retry = await platform.finish(
            await platform.operator.starting.repeat(TENANT, recovery.job_id, requested_by="operator")
        )
        assert retry.counts["plannedObjects"] + retry.counts["plannedLinks"] == failed
        assert retry.counts["objects.applied"] == failed
        with pytest.raises(InputError, match="no failed change"):
            await platform.operator.starting.repeat(TENANT, retry.job_id, requested_by="operator")

    virtual_time.run(story())


def test_what_a_retry_restores_is_linked_as_the_snapshot_has_it_and_nothing_else_is() -> None:
    async def story() -> None:
        platform, wire = await captured(6)
        simulator, directory = platform.simulator, platform.simulator.tenant.directory
        whole = fingerprint(directory)
        groups = directory.stores["group"].live
        plain = [
            known
            for known in sorted(groups)
            if not groups[known].get("onPremisesSyncEnabled") and not groups[known].get("membershipRule")
        ]
        lost, other = [known for known in plain if len(list(directory.links.targets(known, "members"))) > 1][:2]
        first, second = list(directory.links.targets(lost, "members"))[:2]
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{lost}/members/{first}/$ref")
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{lost}")
        refusal = Rule(kind=Fault.FORBIDDEN, method="POST", path="/restore$", times=1)
        simulator.world.faults = Faults([refusal], seed=1)
        recovery = await recovered(platform, wire)
        assert (refusal.fired, recovery.counts["objects.failed"]) == (1, 1)
        left = fingerprint(directory)
        gone = next(iter(directory.links.targets(other, "members")))
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{other}/members/{gone}/$ref")
        retry = await platform.finish(
            await platform.operator.starting.repeat(TENANT, recovery.job_id, requested_by="operator")
        )
        assert (retry.counts["objects.applied"], retry.counts["links.applied"]) == (1, 1)
        assert sorted(directory.links.targets(lost, "members")).count(first) == 1
        assert second in directory.links.targets(lost, "members")
        assert gone not in directory.links.targets(other, "members"), "what did not fail is not this retry's"
        assert fingerprint(directory) not in {whole, left}

    virtual_time.run(story())


def test_what_an_undo_and_a_retry_leave_to_people_is_in_their_runbooks() -> None:
    async def story() -> None:
        platform, wire = await captured(6)
        simulator, starting = platform.simulator, platform.operator.starting
        settings = simulator.tenant.directory.stores["groupSetting"].live
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groupSettings/{next(iter(settings))}")
        for app in list(simulator.tenant.directory.stores["application"].live)[:2]:
            simulator.act(CARELESS_SCRIPT, "DELETE", f"/applications/{app}")
        refusal = Rule(kind=Fault.FORBIDDEN, method="POST", path="/restore$", times=1)
        simulator.world.faults = Faults([refusal], seed=1)
        recovery = await recovered(platform, wire)
        assert refusal.fired == 1

        async def left_by(job: Job) -> list[tuple[str, Task, str]]:
            ended = await platform.finish(job)
            found = [one async for one in platform.operator.manual.steps(TENANT, ended.job_id)]
            assert ended.counts.get("manualSteps", 0) == len(found)
            return [(one.type, one.task, one.reason) for one in found]

        planned = Options(makes_plan=True)
        dry_run = await left_by(await starting.undo(TENANT, recovery.job_id, planned, requested_by="operator"))
        undo = await left_by(await starting.undo(TENANT, recovery.job_id, requested_by="operator"))
        assert undo == dry_run == [("groupSetting", Task.DELETE, MADE_AGAIN)]
        retry = await left_by(await starting.repeat(TENANT, recovery.job_id, requested_by="operator"))
        assert [step[:2] for step in retry] == [("application", Task.RENEW)]

    virtual_time.run(story())


def test_a_recovery_that_runs_or_applied_nothing_is_not_undone() -> None:
    async def story() -> None:
        platform, wire = await captured(7)
        idle = await recovered(platform, wire)
        with pytest.raises(InputError, match="no applied change"):
            await platform.operator.starting.undo(TENANT, idle.job_id, requested_by="operator")
        starting = platform.operator.starting
        running = await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
        with pytest.raises(InputError, match="still"):
            await starting.undo(TENANT, running.job_id, requested_by="operator")
        await platform.run_until_idle()

    virtual_time.run(story())


def test_what_somebody_overwrites_while_a_recovery_runs_is_told_at_its_end() -> None:
    async def story() -> None:
        platform, wire = await captured(5)
        act, users = platform.simulator.act, platform.simulator.tenant.directory.stores["user"].live
        user_id = next(known for known, body in users.items() if not body.get("onPremisesSyncEnabled"))
        act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Atlantis"})
        meddled: list[str] = []

        def meddle(tail: str) -> None:
            if users[user_id].get("city") != "Atlantis" and not meddled:
                meddled.append(tail)
                act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", {"city": "Utopia"})

        platform.transport.after_request = meddle
        recovery = await recovered(platform, wire)
        assert meddled, "nobody meddled, so nothing was shown"
        assert (recovery.counts["overwritten"], recovery.counts["confirmed"]) == (1, 0)
        (told,) = await platform.operator.asking.confirmations(TENANT, recovery.job_id)
        assert (told.object_id, told.found) == (user_id, {"city": "Utopia"})

    virtual_time.run(story())


def test_a_newer_application_that_is_deleted_and_undone_comes_back_with_its_service_principal() -> None:
    """Graph deletes both with the application and restores them one by one, so each needs a deletion of its own."""

    async def story() -> None:
        platform, wire = await captured(5)
        act, directory = platform.simulator.act, platform.simulator.tenant.directory
        made = act(CARELESS_SCRIPT, "POST", "/applications", {"displayName": "Newer", "signInAudience": "AzureADMyOrg"})
        application = directory.stores["application"].live[made.object_id]
        principal = act(CARELESS_SCRIPT, "POST", "/servicePrincipals", {"appId": application["appId"]}).object_id
        recovery = await recovered(platform, wire)
        assert recovery.counts["outcome.application.softDelete.applied"] == 1
        assert recovery.counts["outcome.servicePrincipal.softDelete.applied"] == 1
        undo = await platform.finish(
            await platform.operator.starting.undo(TENANT, recovery.job_id, requested_by="operator")
        )
        assert (undo.state, undo.counts.get("objects.failed", 0)) == (State.SUCCESSFUL, 0)
        assert made.object_id in directory.stores["application"].live
        assert principal in directory.stores["servicePrincipal"].live

    virtual_time.run(story())
