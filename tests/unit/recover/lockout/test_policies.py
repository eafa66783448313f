"""What a policy demands; what is unknown is taken for the worst (rule 8)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.changes import Json
from shared.recover.lockout.policies import MFA_STRENGTH, includes, is_enforced, is_hard
from tests.unit.recover.lockout.worlds import ONE, a_policy, a_state, an_account


def granting(**members: Any) -> Json:
    return a_policy(grantControls={"operator": "OR", "builtInControls": [], **members})


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(),
        a_policy(controls=("mfa", "compliantDevice")),
        granting(builtInControls=["mfa", "passwordChange"], operator="AND"),
        granting(authenticationStrength={"id": MFA_STRENGTH}),
        granting(),
        a_policy(grantControls=None, sessionControls={"signInFrequency": {"value": 12}}),
        a_policy(conditions={"platforms": {"includePlatforms": ["iOS"]}, "insiderRiskLevels": None}),
    ],
)
def test_what_a_password_and_another_factor_meet_is_not_hard(policy: Json) -> None:
    assert not is_hard(policy)


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(controls=("block",)),
        a_policy(controls=("block", "mfa")),
        a_policy(controls=("compliantDevice",)),
        granting(builtInControls=["mfa", "compliantDevice"], operator="AND"),
        granting(termsOfUse=["terms"]),
        granting(authenticationStrength={"id": "00000000-0000-0000-0000-000000000004"}),
        granting(builtInControls=["approvedApplication"]),
    ],
)
def test_a_block_a_device_an_application_or_terms_are_hard(policy: Json) -> None:
    assert is_hard(policy)


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(controls=("somethingNew",)),
        granting(somethingNew=["x"]),
        a_policy(conditions={"somethingNew": {"include": ["x"]}}),
        a_policy(sessionControls={"somethingNew": {"isEnabled": True}}),
        granting(builtInControls=["mfa", "compliantDevice"], operator="somethingNew"),
    ],
)
def test_rule_8_takes_an_unknown_control_or_condition_for_a_block(policy: Json) -> None:
    assert is_hard(policy)


@pytest.mark.parametrize("empty", [None, [], {}, ""])
def test_rule_8_does_not_fear_an_unknown_member_that_says_nothing(empty: Any) -> None:
    assert not is_hard(a_policy(conditions={"somethingNew": empty}))


def test_rule_8_takes_an_unknown_way_of_naming_users_for_everybody() -> None:
    policy = a_policy(users={"includeUsers": ["None"], "includeSomethingNew": ["x"]})
    assert includes(policy, a_state(), ONE, (an_account(),))
    assert not includes(a_policy(users={"includeUsers": ["None"]}), a_state(), ONE, (an_account(),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [("enabled", True), ("disabled", False), ("enabledForReportingButNotEnforced", False), ("somethingNew", True)],
)
def test_rule_8_takes_an_unknown_state_for_an_enforced_one(state: str, expected: bool) -> None:
    assert is_enforced(a_policy(state=state)) is expected


def test_a_policy_for_guests_is_for_an_emergency_account_that_is_one() -> None:
    policy = a_policy(users={"includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest"}})
    assert includes(policy, a_state(), ONE, (an_account(userType="Guest"),))
    assert not includes(policy, a_state(), ONE, (an_account(userType="Member"),))
