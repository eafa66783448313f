"""What a Conditional Access policy demands, and of whom.

Pure. Conditions that only narrow a policy (applications, places, platforms, risk) are not trusted to spare anybody.
What is unknown here is taken for the worst (rule 8): an unknown control or condition blocks, an unknown way of naming
users names everybody. Names are those of "conditionalAccessConditionSet", "conditionalAccessUsers" and
"conditionalAccessGrantControls".
"""

from __future__ import annotations

from typing import Any

from shared.domain.changes import Json
from shared.recover.lockout.state import State, perhaps_in, surely_in

ENABLED, REPORT_ONLY, DISABLED = "enabled", "enabledForReportingButNotEnforced", "disabled"
# What a person with a password and one more factor can do anywhere; everything else needs more than that.
SOFT_CONTROLS = frozenset({"mfa", "passwordChange"})
MFA_STRENGTH = (
    "00000000-0000-0000-0000-000000000002"  # "Authentication strengths": the built-in one that any factor meets
)
GRANT_MEMBERS = frozenset(
    {"operator", "builtInControls", "customAuthenticationFactors", "termsOfUse", "authenticationStrength"}
)
HARD_MEMBERS = ("customAuthenticationFactors", "termsOfUse")
SOFT_SESSION = frozenset(
    {"signInFrequency", "persistentBrowser", "applicationEnforcedRestrictions", "disableResilienceDefaults"}
)
CONDITIONS = frozenset(
    (
        "users applications clientAppTypes platforms locations devices deviceStates signInRiskLevels userRiskLevels "
        "servicePrincipalRiskLevels insiderRiskLevels clientApplications authenticationFlows"
    ).split()
)
USER_LISTS = frozenset("includeUsers excludeUsers includeGroups excludeGroups includeRoles excludeRoles".split())
GUESTS = frozenset({"includeGuestsOrExternalUsers", "excludeGuestsOrExternalUsers"})
EVERY_PLACE = frozenset({"all", "alltrusted", "00000000-0000-0000-0000-000000000000"})


def is_enforced(policy: Json) -> bool:
    """Tell whether the policy decides over sign-ins; an unknown state is taken for one that does."""
    return policy.get("state") not in {REPORT_ONLY, DISABLED}


def is_hard(policy: Json) -> bool:
    """Tell whether the policy may demand what an emergency account cannot give: it has to spare all of them."""
    conditions = policy.get("conditions")
    if not isinstance(conditions, dict) or _stated(conditions) - CONDITIONS:
        return True
    if _stated(policy.get("sessionControls")) - SOFT_SESSION:
        return True
    grant = policy.get("grantControls")
    if not grant:
        return False
    if not isinstance(grant, dict) or _stated(grant) - GRANT_MEMBERS:
        return True
    return _is_hard_grant(grant)


def _is_hard_grant(grant: Json) -> bool:
    controls = {str(control) for control in grant.get("builtInControls") or ()}
    if "block" in controls:
        return True
    demands = [control not in SOFT_CONTROLS for control in sorted(controls)]
    demands += [True for name in HARD_MEMBERS for _each in grant.get(name) or ()]
    if strength := grant.get("authenticationStrength"):
        named = str(strength.get("id") or "").lower() if isinstance(strength, dict) else ""
        demands.append(named != MFA_STRENGTH)
    if not demands:
        return False
    return all(demands) if grant.get("operator") == "OR" else any(demands)


def includes(policy: Json, state: State, account: str, forms: tuple[Json | None, ...]) -> bool:
    """Tell whether the policy may apply to the account; roles are not captured, so any role may be its own."""
    users = _users(policy)
    if users is None:
        return True
    named = _ids(users, "includeUsers")
    is_member = all(form is None or form.get("userType") in {None, "Member"} for form in forms)
    if named & {"all", account} or _ids(users, "includeRoles"):
        return True
    if not is_member and (users.get("includeGuestsOrExternalUsers") or "guestsorexternalusers" in named):
        return True
    groups = _ids(users, "includeGroups")
    within = perhaps_in(state, account)
    return bool(groups if within is None else groups & within)


def excludes(policy: Json, state: State, account: str) -> bool:
    """Tell whether the policy certainly spares the account, by name or through a group that certainly contains it."""
    users = _users(policy) or {}
    if account in _ids(users, "excludeUsers"):
        return True
    return bool(_ids(users, "excludeGroups") & surely_in(state, account))


def is_for_everybody(policy: Json) -> bool:
    """Tell whether the policy is for all users or the holders of a role, or for nobody knows whom."""
    users = _users(policy)
    return users is None or "all" in _ids(users, "includeUsers") or bool(_ids(users, "includeRoles"))


def spared(policy: Json) -> frozenset[str]:
    """Return the ids of the users and groups that the policy excludes."""
    return named_under(policy, "excludeUsers") | named_under(policy, "excludeGroups")


def named_under(policy: Json, member: str) -> frozenset[str]:
    """Return the ids under a member of the user conditions, such as `excludeGroups`."""
    return _ids(_users(policy) or {}, member)


def locations_named(policy: Json) -> frozenset[str]:
    """Return the ids of the named locations that the policy speaks of."""
    conditions = policy.get("conditions")
    places = conditions.get("locations") if isinstance(conditions, dict) else None
    if not isinstance(places, dict):
        return frozenset()
    return (_ids(places, "includeLocations") | _ids(places, "excludeLocations")) - EVERY_PLACE


def strengths_named(policy: Json) -> frozenset[str]:
    """Return the id of the authentication strength that the policy demands, if any."""
    grant = policy.get("grantControls")
    strength = grant.get("authenticationStrength") if isinstance(grant, dict) else None
    known = str(strength.get("id") or "").lower() if isinstance(strength, dict) else ""
    return frozenset({known} - {""})


def _users(policy: Json) -> Json | None:
    """Return the policy's user conditions; None when they are not understood."""
    conditions = policy.get("conditions")
    if not isinstance(conditions, dict):
        return None
    users = conditions.get("users")
    if users is None:
        return {} if conditions.get("clientApplications") else None
    return users if isinstance(users, dict) and not _stated(users) - USER_LISTS - GUESTS else None


def _ids(values: Json, name: str) -> frozenset[str]:
    return frozenset(str(each).lower() for each in values.get(name) or ())


def _stated(values: Any) -> set[str]:
    """Return the names of the members that say something; annotations and empty members say nothing."""
    if not isinstance(values, dict):
        return set()
    return {name for name, value in values.items() if "@" not in name and value not in (None, [], {}, "")}
