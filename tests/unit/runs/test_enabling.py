"""Policies are read back around the stage that switches them on, and report-only again where they could lock out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from shared.catalogue.waves import Wave
from shared.domain.changes import Change, Json, Outcome, Result
from shared.domain.jobs import Batch, Step
from shared.domain.writes import Answer, Write
from shared.ports import Found, Hold
from shared.recover.refusals import LOCK_OUT, NOT_AS_PLANNED
from shared.runs.enabling import Enabling
from shared.runs.patience import LAG_ROUNDS_MAX, Patience
from shared.runs.renewing import Renewed
from tests.support.builders import an_id, an_outcome
from tests.unit.recover.lockout.worlds import a_policy, a_policy_change

REPORT_ONLY = "enabledForReportingButNotEnforced"
CHANGE = a_policy_change(target={"state": "enabled"})
SWITCHED = an_outcome("policy-1", type="conditionalAccessPolicy", target={"state": "enabled"})


class World:
    """A tenant that shows one form of the policy after the other, the last one for ever; and a guard's judgement."""

    def __init__(self, *forms: Json, danger: str = "", status: int = 204) -> None:
        self.forms, self.danger, self.status = list(forms), danger, status
        self.sent: list[Write] = []
        self.rests, self.holds = 0, 0
        self.asleep = frozenset[str]()

    async def find(self, _entry: object, ids: Sequence[str], **_more: object) -> dict[str, Found]:
        form = self.forms.pop(0) if len(self.forms) > 1 else self.forms[0]
        return {known: Found(msgspec.json.encode(form)) for known in ids}

    async def apply(self, writes: Sequence[Write], hold: Hold) -> list[Answer]:
        await hold()
        self.sent += writes
        return [Answer(write_id=one.write_id, status=self.status, message="no") for one in writes]

    async def sleep(self, _seconds: float) -> None:
        self.rests += 1

    async def judge_again(
        self, _job: object, _wave: Wave, changes: Sequence[Change], _sides: object, *, asleep: frozenset[str]
    ) -> dict[str, str]:
        self.asleep = asleep
        return {change.change_id: self.danger for change in changes if self.danger}

    async def hold(self) -> None:
        self.holds += 1

    def proven(self, outcome: Outcome = SWITCHED, wave: Wave = Wave.POLICY_ENABLE) -> dict[str, Outcome]:
        us = cast(Any, self)
        enabling = Enabling(us, cast(Any, None), us, Patience(us, us))
        batch = Batch(job_id="job", number=1, wave=1, step=Step.APPLY, argument={"wave": wave.place})
        done = {CHANGE.change_id: outcome}
        return asyncio.run(enabling.proven(cast(Any, None), batch, [CHANGE], done, Renewed(), self.hold))


def test_a_policy_that_is_read_back_as_planned_is_said_to_be() -> None:
    world = World(a_policy(state="enabled"))
    assert world.proven()[CHANGE.change_id].message == "switched on, read back as planned"
    assert (world.rests, world.sent) == (0, [])


def test_a_replica_that_lags_is_given_time() -> None:
    world = World(a_policy(state=REPORT_ONLY), a_policy(state="enabled"))
    assert world.proven()[CHANGE.change_id].result is Result.APPLIED
    assert world.rests == 1


def test_a_policy_that_stays_otherwise_is_an_outcome_by_name_and_stays() -> None:
    world = World(a_policy(state="enabled", displayName="other"))
    change = msgspec.structs.replace(CHANGE, target={"state": "enabled", "displayName": "policy-1"})
    us = cast(Any, world)
    enabling = Enabling(us, cast(Any, None), us, Patience(us, us))
    batch = Batch(job_id="job", number=1, wave=1, step=Step.APPLY, argument={"wave": Wave.POLICY_ENABLE.place})
    done = {change.change_id: SWITCHED}
    found = asyncio.run(enabling.proven(cast(Any, None), batch, [change], done, Renewed(), world.hold))
    assert found[change.change_id].error_code == NOT_AS_PLANNED
    assert (world.rests, world.sent) == (LAG_ROUNDS_MAX, [])


def test_one_in_force_that_the_guard_would_not_have_is_made_report_only_while_the_tenant_is_ours() -> None:
    world = World(a_policy(state="disabled"), danger="rule 2")
    assert world.proven()[CHANGE.change_id].error_code == NOT_AS_PLANNED
    assert not world.sent  # it is not in force, so it locks nobody out
    world = World(a_policy(state="sideways"), danger="rule 2")
    assert world.proven()[CHANGE.change_id].error_code == LOCK_OUT
    assert [msgspec.json.decode(one.body) for one in world.sent] == [{"state": REPORT_ONLY}]
    assert world.holds == 1
    assert world.asleep == {an_id("policy-1")}


def test_one_that_cannot_be_made_report_only_is_to_be_switched_off_by_hand() -> None:
    world = World(a_policy(state="sideways"), danger="rule 2", status=403)
    assert "SWITCH IT OFF BY HAND" in world.proven()[CHANGE.change_id].message


def test_other_waves_and_changes_that_failed_are_not_read_back() -> None:
    world = World(a_policy(state="disabled"))
    assert not world.proven(wave=Wave.POLICY_UPDATE)
    assert not world.proven(msgspec.structs.replace(SWITCHED, result=Result.FAILED))
