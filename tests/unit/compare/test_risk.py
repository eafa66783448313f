"""Each class of risk is found where it is, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from shared.compare.risk import ASSIGNABLE, RULES, risks
from shared.domain.changes import Action
from shared.domain.explanations import Risk
from tests.support.builders import a_difference, a_link

UPDATE, DELETE, RESTORE, RECREATE = Action.UPDATE, Action.SOFT_DELETE, Action.RESTORE, Action.RECREATE
POLICY = "conditionalAccessPolicy"
NEW_OWNER = a_link(reference="owners", action=Action.UNLINK)


def found(type_name: str, action: Action = UPDATE, facts: dict[str, Any] | None = None, **members: Any) -> list[str]:
    row = a_difference(type=type_name, action=action, **{"target": {}, "current": {}, **members})
    return [risk.value for risk in risks(row, facts)]


@pytest.mark.parametrize(
    ("expected", "judged"),
    [
        (["lockOut"], found(POLICY, DELETE)),
        (["lockOut"], found(POLICY, target={"state": "disabled"}, current={"state": "enabled"})),
        (["lockOut", "policyWeakened"], found(POLICY, target={"conditions": {}}, current={"conditions": {"a": 1}})),
        (["policyWeakened"], found(POLICY, target={"state": "enabled"}, current={"state": "disabled"})),
        (["policyWeakened"], found(POLICY, RESTORE)),
        (["policyWeakened"], found(POLICY, RECREATE)),
        ([], found(POLICY, target={"displayName": "a"}, current={"displayName": "b"})),
        (["policyWeakened"], found("namedLocation", target={"ipRanges": []}, current={"ipRanges": [1]})),
        ([], found("namedLocation", DELETE)),
        (["privilege"], found("group", target={"isAssignableToRole": True}, current={"isAssignableToRole": False})),
        (["privilege"], found("group", facts={ASSIGNABLE: True}, links=(a_link(),))),
        ([], found("group", facts={ASSIGNABLE: False}, links=(a_link(),))),
        ([], found("group", links=(a_link(),))),
        (["privilege"], found("group", links=(NEW_OWNER,))),
        ([], found("group", links=(a_link(reference="owners"),))),
        (["privilege"], found("user", target={"userType": "Guest"}, current={"userType": "Member"})),
        ([], found("user", target={"userType": "Member"}, current={"userType": "Guest"})),
        (["privilege"], found("roleAssignment", DELETE)),
        (["credential"], found("application", target={"keyCredentials": []}, current={"keyCredentials": [1]})),
        (["credential"], found("servicePrincipal", target={"passwordCredentials": []}, current={})),
        (["federation"], found("domain", target={"authenticationType": "Managed"}, current={})),
        (["federation"], found("user", target={"onPremisesImmutableId": None}, current={"onPremisesImmutableId": "x"})),
        (["consent"], found("oAuth2PermissionGrant", DELETE)),
        (["consent"], found("application", target={"requiredResourceAccess": []}, current={})),
        ([], found("user", target={"city": "Oslo"}, current={"city": "Rome"})),
        ([], found("user", DELETE)),
    ],
)
def test_a_change_falls_under_just_these_classes(expected: list[str], judged: list[str]) -> None:
    assert judged == expected


def test_every_class_has_a_rule_and_the_worst_comes_first() -> None:
    assert {rule.risk for rule in RULES} == set(Risk)
    worst, *rest = found("group", facts={ASSIGNABLE: True}, links=(NEW_OWNER,), target={"isAssignableToRole": True})
    assert (worst, rest) == ("privilege", [])
    both = found("application", target={"requiredResourceAccess": [], "keyCredentials": []}, links=(NEW_OWNER,))
    assert both == ["privilege", "credential", "consent"]
