"""Small tenants for the lock-out guard's tests: two emergency accounts in a group that the policies exclude."""

from __future__ import annotations

from typing import Any

from shared.catalogue.waves import Wave
from shared.domain.changes import Change, Json
from shared.recover.lockout.guard import Refusal, refusal
from shared.recover.lockout.state import State
from shared.recover.lockout.walk import Outlook
from tests.support.builders import a_change, a_group_body, a_policy_body, an_id

ONE, TWO = an_id("emergency-1"), an_id("emergency-2")
EXCLUDED = an_id("excluded")
NOTHING = Outlook()


def an_account(label: str = "emergency-1", **members: Any) -> Json:
    """Return an emergency account that can be relied on."""
    return {
        "id": an_id(label),
        "accountEnabled": True,
        "userPrincipalName": f"{label}@contoso.onmicrosoft.com",
        **members,
    }


def a_policy(label: str = "policy-1", *, controls: tuple[str, ...] = ("mfa",), **members: Any) -> Json:
    """Return an enabled policy for all users that excludes the excluded group; `users` overrides its conditions."""
    users = members.pop("users", {"includeUsers": ["All"], "excludeGroups": [EXCLUDED]})
    conditions = {"users": users, "applications": {"includeApplications": ["All"]}, **members.pop("conditions", {})}
    grant = {"operator": "OR", "builtInControls": list(controls)}
    return a_policy_body(label, **{"conditions": conditions, "grantControls": grant, **members})


def a_state(*policies: Json, **members: Any) -> State:
    """Return a live tenant in which everything is as it should be, but for `members`."""
    links = frozenset({(EXCLUDED, ONE), (EXCLUDED, TWO)})
    defaults: dict[str, Any] = {
        "accounts": {ONE: (an_account(),), TWO: (an_account("emergency-2"),)},
        "policies": {policy["id"]: (policy,) for policy in policies},
        "groups": frozenset({EXCLUDED}),
        "links": links,
        "may": members.get("links", links),
    }
    return State(**{**defaults, **members})


def a_policy_change(label: str = "policy-1", **members: Any) -> Change:
    """Return a change of a policy."""
    return a_change(label, type="conditionalAccessPolicy", **members)


def a_group_change(label: str = "excluded", **members: Any) -> Change:
    """Return a change of a group."""
    return a_change(label, type="group", **members)


def a_binned_group(**members: Any) -> dict[str, Json]:
    """Return the recycle bin with the excluded group in it."""
    return {EXCLUDED: a_group_body("excluded", **members)}


def refused(live: State, waves: dict[Wave, list[Change]], outlook: Outlook = NOTHING) -> Refusal | None:
    """Return what the guard says."""
    return refusal(live, waves, outlook)


def rule_of(live: State, waves: dict[Wave, list[Change]], outlook: Outlook = NOTHING) -> int:
    """Return the rule by which the guard refuses, 0 when it does not."""
    found = refused(live, waves, outlook)
    return found.finding.rule if found else 0
