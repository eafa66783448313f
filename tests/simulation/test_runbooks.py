"""What Graph will not write is planned as steps by hand, end to end: nothing of it fails and nothing of it is lost."""

from __future__ import annotations

from functools import cache

from shared.domain.changes import Action
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.manual import ManualStep, Setting, Task
from shared.domain.scope import EVERYTHING
from shared.formats.ledgers import decode_ledger
from shared.formats.records import MANUAL_STEPS, decode_records
from shared.recover.lockout.unguarded import UNPROVEN
from shared.recover.manual import DIRECTORY
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform

KEY = "11111111-aaaa-4bbb-8ccc-000000000001"
SECRET = {"keyId": KEY, "displayName": "ci", "startDateTime": "2026-01-01T00:00:00Z"}

POLICIES = "/identity/conditionalAccess/policies"
BLOCK = {
    "displayName": "Block everybody",
    "state": "enabled",
    "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}


class Harm:
    """A tenant that was captured, and then changed where a recovery can do nothing, and where it can."""

    def __init__(self) -> None:
        clock = virtual_time.VirtualClock()
        self.simulator = Simulator(clock=clock.unix_seconds, seed=11, objects=220, tenant_id=TENANT, is_mixed=True)
        self.platform = Platform(self.simulator, seed=11)
        self.clock = clock
        stores = self.simulator.tenant.directory.stores
        self.synced = next(one for one, body in stores["user"].live.items() if body.get("onPremisesSyncEnabled"))
        self.cloud = next(one for one, body in stores["user"].live.items() if not body.get("onPremisesSyncEnabled"))
        self.app, self.gone = list(stores["application"].live)[:2]
        self.simulator.act(CARELESS_SCRIPT, "POST", POLICIES, BLOCK)
        policies = stores["conditionalAccessPolicy"].live
        self.policy = next(one for one, body in policies.items() if body["displayName"] == BLOCK["displayName"])
        for app in (self.app, self.gone):
            self.set("application", app, passwordCredentials=[SECRET])

    def set(self, kind: str, object_id: str, **values: object) -> None:
        """Change an object as no request can: as its source of authority would."""
        self.simulator.tenant.directory.update(kind, object_id, values, self.clock.unix_seconds())

    def play(self) -> None:
        """Do the harm."""
        self.set("user", self.synced, city="Elsewhere")
        self.set("application", self.app, passwordCredentials=[])
        self.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{self.cloud}", {"city": "Elsewhere"})
        self.simulator.act(CARELESS_SCRIPT, "DELETE", f"/applications/{self.gone}")
        self.simulator.act(CARELESS_SCRIPT, "PATCH", f"{POLICIES}/{self.policy}", {"state": "disabled"})


class Told:
    """The dry run and the recovery after the same harm, and what each leaves to people."""

    def __init__(self, harm: Harm, plan: Job, recovery: Job, planned: list[ManualStep], left: list[ManualStep]) -> None:
        self.harm, self.plan, self.recovery, self.planned, self.left = harm, plan, recovery, planned, left


@cache
def told() -> Told:
    """Return the story, told once."""
    return virtual_time.run(_tell())


async def _tell() -> Told:
    harm = Harm()
    platform, starting = harm.platform, harm.platform.operator.starting
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    wire = wire_snapshot_id(capture.snapshot_id)
    harm.play()
    plan = await platform.finish(
        await starting.report(TENANT, wire, EVERYTHING, Options(makes_plan=True), requested_by="ann")
    )
    planned = await steps_of(platform, plan)
    recovery = await platform.finish(
        await starting.recovery(TENANT, wire, EVERYTHING, Options(planned_by=plan.job_id), requested_by="ann")
    )
    return Told(harm, plan, recovery, planned, await steps_of(platform, recovery))


async def steps_of(platform: Platform, job: Job) -> list[ManualStep]:
    return [step async for step in platform.operator.manual.steps(TENANT, job.job_id)]


def test_nothing_that_needs_a_hand_is_a_failure_and_the_rest_is_done() -> None:
    story = told()
    assert story.recovery.state is State.SUCCESSFUL
    assert not story.recovery.counts.get("objects.failed", 0)
    assert story.harm.simulator.tenant.directory.stores["user"].live[story.harm.cloud].get("city") != "Elsewhere"
    assert story.recovery.counts["manualSteps"] == len(story.left) == 4


def test_the_dry_run_and_the_recovery_leave_the_same_to_people() -> None:
    assert told().planned == told().left


def test_a_user_mastered_on_premises_is_a_step_in_active_directory_with_both_values() -> None:
    (step,) = [one for one in told().left if one.object_id == told().harm.synced]
    assert (step.task, step.where) == (Task.SET, DIRECTORY)
    (setting,) = step.settings
    assert (setting.name, setting.now) == ("city", "Elsewhere")
    assert setting.wanted != "Elsewhere"


def test_secrets_that_are_gone_are_named_and_to_be_renewed_without_their_values() -> None:
    (step,) = [one for one in told().left if one.object_id == told().harm.app]
    assert step.task is Task.RENEW
    assert step.settings == (
        Setting(name="passwordCredentials", now=[], wanted=[SECRET], reason="nobody can give a secret back"),
    )  # fmt: skip


def test_a_policy_that_the_guard_leaves_alone_is_a_step_with_the_guards_reason() -> None:
    (step,) = [one for one in told().left if one.object_id == told().harm.policy]
    assert (step.task, step.reason) == (Task.SET, UNPROVEN)
    assert step.settings == (Setting(name="state", now="disabled", wanted="enabled"),)


def test_a_restored_application_has_its_old_secrets_to_be_replaced() -> None:
    (step,) = [one for one in told().left if one.object_id == told().harm.gone]
    assert (step.task, step.settings) == (Task.RENEW, ())
    assert Action.RESTORE in {action for _kind, action in _summary(told().recovery)}


def test_the_runbook_is_a_part_of_the_sealed_ledger() -> None:
    story = told()

    async def sealed() -> bytes:
        return await story.harm.platform.operator.entries.sealed(TENANT, story.recovery.job_id)

    head, parts = decode_ledger(virtual_time.run(sealed()), name="ledger", expected=None)
    found = [
        step
        for listed, part in zip(head.parts, parts, strict=True)
        if listed.kind == "manualSteps"
        for step in decode_records(part, ManualStep, MANUAL_STEPS, name="part")
    ]
    assert found == story.left


def test_a_worker_that_dies_while_it_writes_the_runbook_writes_no_step_twice() -> None:
    async def story(call: int) -> tuple[int, list[ManualStep]]:
        harm = Harm()
        platform, starting = harm.platform, harm.platform.operator.starting
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
        harm.play()
        deaths = Deaths()

        async def dies_there(_instance: object) -> None:
            batches = await platform.operator.ledger.batches(TENANT, plan.job_id)
            is_writing = any(one.step == "manual" and one.state == "running" for one in batches)
            if is_writing and not deaths.at:
                deaths.at[deaths.calls + call] = "after"

        plan = await starting.report(
            TENANT, wire_snapshot_id(capture.snapshot_id), EVERYTHING, Options(makes_plan=True), requested_by="ann"
        )
        platform.deaths = deaths
        deaths.hold = dies_there
        ended = await platform.finish(plan)
        assert ended.state is State.SUCCESSFUL
        return deaths.fired, await steps_of(platform, ended)

    found = [virtual_time.run(story(call)) for call in range(1, 6)]
    assert sum(fired for fired, _steps in found) >= 4
    assert all(steps == told().planned for _fired, steps in found)


def _summary(job: Job) -> set[tuple[str, str]]:
    named = [name.split(".") for name in job.counts if name.startswith("outcome.")]
    return {(parts[1], parts[2]) for parts in named}
