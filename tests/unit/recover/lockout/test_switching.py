"""What is read back around the stage that switches policies on, and what is said of a difference."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.changes import Json, Result
from shared.recover.confirm import confirmation
from shared.recover.decide import Look
from shared.recover.lockout.switching import not_landed, otherwise, read_back
from shared.recover.refusals import LOCK_OUT, NOT_AS_PLANNED, refused, warnings_of
from shared.recover.undo import undoing
from tests.support.builders import an_id, an_outcome
from tests.unit.recover.lockout.worlds import a_policy, a_policy_change

REPORT_ONLY = "enabledForReportingButNotEnforced"


def a_switch(**target: Any) -> Any:
    return a_policy_change(target={"displayName": "policy-1", "state": "enabled", **target})


def seen(**members: Any) -> Look:
    return Look(a_policy(**members))


def test_w1_a_policy_that_landed_report_only_as_planned_may_be_switched_on() -> None:
    assert not not_landed(a_switch(), seen(state=REPORT_ONLY))


@pytest.mark.parametrize(
    ("look", "named"),
    [(seen(state="disabled"), "(state)"), (seen(state=REPORT_ONLY, displayName="other"), "(displayName)")],
    ids=["still off", "without its values"],
)
def test_w1_a_policy_whose_first_stage_is_not_to_be_seen_is_not_switched_on(look: Look, named: str) -> None:
    assert named in not_landed(a_switch(), look)


def test_w1_a_policy_that_is_on_already_is_not_held_up() -> None:
    assert not not_landed(a_switch(), seen(state="enabled", displayName="other"))


@pytest.mark.parametrize(
    ("look", "names"),
    [
        (seen(state="enabled"), []),
        (seen(state=REPORT_ONLY), ["state"]),
        (seen(state="enabled", displayName="other"), ["displayName"]),
        (Look(None), ["displayName", "state"]),
    ],
    ids=["as planned", "not on", "another name", "gone"],
)
def test_w2_a_difference_is_named(look: Look, names: list[str]) -> None:
    assert otherwise(a_switch(), look) == names


def switched(**members: Any) -> Any:
    target: Json = {"displayName": "policy-1", "state": "enabled"}
    before: Json = {"displayName": "policy-1", "state": REPORT_ONLY}
    return an_outcome("policy-1", type="conditionalAccessPolicy", target=target, before=before, **members)


def test_w2_what_is_read_back_otherwise_is_an_outcome_of_that_name_and_told_of_the_job() -> None:
    found = read_back(switched(), ["displayName"])
    assert (found.result, found.error_code) == (Result.FAILED, NOT_AS_PLANNED)
    assert "displayName" in found.message
    assert any("1 policies were switched on and read back otherwise" in said for said in warnings_of(refused([found])))


def test_w2_what_is_read_back_as_planned_is_counted() -> None:
    found = read_back(switched(), [])
    assert found.result is Result.APPLIED
    assert refused([found]) == {"switchedOn": 1}


def test_a_policy_that_the_guard_would_not_have_is_said_to_be_report_only_again() -> None:
    found = read_back(switched(), ["conditions"], "rule 2")
    assert (found.error_code, "made report-only again: rule 2" in found.message) == (LOCK_OUT, True)
    failed = read_back(switched(), ["conditions"], "rule 2", "Graph answered 403")
    assert (failed.error_code, "SWITCH IT OFF BY HAND" in failed.message) == (NOT_AS_PLANNED, True)


def test_the_verification_report_looks_at_a_policy_that_was_switched_on_otherwise() -> None:
    from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY

    found = confirmation(
        read_back(switched(), ["displayName"]), seen(state="enabled", displayName="other"), CONDITIONAL_ACCESS_POLICY
    )
    assert found is not None
    assert found.found == {"displayName": "other"}


def test_an_undo_switches_off_what_was_switched_on_otherwise() -> None:
    (row,) = undoing([read_back(switched(), ["displayName"])]).differences
    assert (row.object_id, row.target["state"]) == (an_id("policy-1"), REPORT_ONLY)
