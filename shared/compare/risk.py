"""What a change puts at risk, as a table of rules over the rows of a report.

Pure. A rule looks at what happened since the target: `was` is the target's value, `now` the present one. Rules name
types and properties by Graph's words, also of types that are not captured yet, so that a new type is judged from its
first report on. A row may fall under several rules; the worst class comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.domain.changes import Action, Difference, Json
from shared.domain.explanations import Risk

POLICY = "conditionalAccessPolicy"
POLICIES = frozenset(
    "authenticationMethodPolicy authenticationMethodsPolicy authorizationPolicy authenticationStrengthPolicy "
    "securityDefaultsPolicy crossTenantAccessPolicy namedLocation".split()
)
APPLICATIONS = frozenset({"application", "servicePrincipal"})
ROLES = frozenset(
    "directoryRole roleDefinition roleAssignment roleEligibilitySchedule roleAssignmentSchedule administrativeUnit "
    "unifiedRoleDefinition unifiedRoleAssignment unifiedRoleEligibilitySchedule".split()
)
GRANTS = frozenset({"oAuth2PermissionGrant", "appRoleAssignment"})
ANY: frozenset[str] = frozenset()
BACK = frozenset({Action.RESTORE, Action.RECREATE})
ASSIGNABLE = "isAssignableToRole"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. Empty `types`, `actions`, `properties` or `references` mean any, or that none is asked.

    `was` and `now` are (property, value) that the target and the present must have; `link` is what a link difference
    must be; `fact` is something known of the object itself.
    """

    risk: Risk
    types: frozenset[str]
    actions: frozenset[Action] = frozenset()
    properties: frozenset[str] = ANY
    was: tuple[str, Any] | None = None
    now: tuple[str, Any] | None = None
    references: frozenset[str] = ANY
    link: Action | None = None
    fact: str = ""


def _rule(risk: Risk, types: frozenset[str] | str, **what: Any) -> Rule:
    named = frozenset({types}) if isinstance(types, str) else types
    sets: dict[str, Any] = {
        name: frozenset(what[name]) for name in ("actions", "properties", "references") if name in what
    }
    what.update(sets)
    return Rule(risk=risk, types=named, **what)


RULES: tuple[Rule, ...] = (
    # A policy that blocks or demands more than before can shut everybody out; so can one that was made since.
    _rule(Risk.LOCK_OUT, POLICY, actions={Action.UPDATE}, properties={"conditions", "grantControls"}),
    _rule(Risk.LOCK_OUT, POLICY, actions={Action.UPDATE}, now=("state", "enabled")),
    _rule(Risk.LOCK_OUT, POLICY, actions={Action.SOFT_DELETE}),
    _rule(Risk.PRIVILEGE, ROLES),
    _rule(Risk.PRIVILEGE, "group", properties={ASSIGNABLE}),
    _rule(Risk.PRIVILEGE, "group", references={"members", "owners"}, fact=ASSIGNABLE),
    _rule(Risk.PRIVILEGE, APPLICATIONS | {"group"}, references={"owners"}, link=Action.UNLINK),
    _rule(Risk.PRIVILEGE, "group", actions={Action.UPDATE}, properties={"membershipRule"}, fact=ASSIGNABLE),
    _rule(Risk.PRIVILEGE, "user", was=("userType", "Guest"), properties={"userType"}),
    _rule(Risk.CREDENTIAL, APPLICATIONS, properties={"keyCredentials", "passwordCredentials"}),
    _rule(Risk.CREDENTIAL, APPLICATIONS, references={"federatedIdentityCredentials"}),
    _rule(Risk.CREDENTIAL, "user", properties={"passwordPolicies"}),
    _rule(Risk.FEDERATION, frozenset({"domain", "federatedIdentityCredential", "identityProvider"})),
    _rule(Risk.FEDERATION, "user", properties={"onPremisesImmutableId"}),
    _rule(
        Risk.FEDERATION,
        "servicePrincipal",
        properties={"preferredTokenSigningKeyThumbprint", "samlSingleSignOnSettings"},
    ),
    _rule(Risk.CONSENT, GRANTS),
    _rule(Risk.CONSENT, "application", properties={"requiredResourceAccess"}),
    _rule(
        Risk.CONSENT,
        "servicePrincipal",
        references={"appRoleAssignedTo", "appRoleAssignments", "oauth2PermissionGrants"},
    ),
    _rule(Risk.POLICY_WEAKENED, POLICY, actions=BACK),
    _rule(Risk.POLICY_WEAKENED, POLICY, actions={Action.UPDATE}, was=("state", "enabled"), properties={"state"}),
    _rule(
        Risk.POLICY_WEAKENED,
        POLICY,
        actions={Action.UPDATE},
        properties={"conditions", "grantControls", "sessionControls"},
    ),
    _rule(Risk.POLICY_WEAKENED, POLICIES, actions={Action.UPDATE} | BACK),
)


def risks(row: Difference, facts: Mapping[str, Any] | None = None) -> tuple[Risk, ...]:
    """Return the classes of a row, worst first; `facts` is what else is known of the object, by property."""
    found = {rule.risk for rule in RULES if _fits(rule, row, facts or {})}
    return tuple(risk for risk in Risk if risk in found)


def _fits(rule: Rule, row: Difference, facts: Mapping[str, Any]) -> bool:
    if row.type not in rule.types or (rule.actions and row.action not in rule.actions):
        return False
    if rule.properties and not rule.properties & row.target.keys():
        return False
    if not _has(row.target, rule.was) or not _has(row.current, rule.now):
        return False
    if rule.fact and facts.get(rule.fact) is not True:
        return False
    wanted = {link.reference for link in row.links if rule.link in {None, link.action}}
    return not rule.references or bool(rule.references & wanted)


def _has(values: Json, wanted: tuple[str, Any] | None) -> bool:
    return wanted is None or (wanted[0] in values and values[wanted[0]] == wanted[1])
