"""A tenant in which people sign in, as Entra's pages tell it; shares no code and no thought with the lock-out guard.

It is strict with the person: whoever a policy applies to can meet none of its demands, and every narrowing condition
is met. An enforced policy that speaks of a place or a strength which is not there, or is in force beside security
defaults, is not to be relied on in anything, its exclusions among it, so it keeps everybody out. What a policy says in
a way that is not known here is for everybody. Who is mastered on premises, or named in a domain that a federation
stands behind, gets in nowhere: that side is down. A rule of a dynamic group chooses whom it was drawn to choose,
whenever it runs. What a plan does is done to it change by change, in the order of execution.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from shared.domain.changes import Change

Thing = dict[str, Any]
ROLE = "62e90394-69f5-4237-9190-012177145e10"  # Global Administrator
USERS = {f"{how}{what}" for how in ("include", "exclude") for what in ("Users", "Groups", "Roles")}


@dataclass
class Entra:
    """Live and soft-deleted objects by id, and who is a direct member of which group (kept while in the bin).

    `admins` are those, people or groups, to whom Global Administrator is assigned, active and everywhere; an assignment
    stays while its holder is in the bin. `methods` are ways to sign in that are switched on, `way` the one that each
    person has; `rules` whom the rule of a dynamic group chooses. `places` and `strengths` are the named locations and
    the authentication strengths that are there; `met` are those who have given security defaults what these ask for.
    `ours` are the applications, switched on, that a recovery may run as. `deaf` are policies into which no exclusion
    that is written ever gets, as when Graph does not know yet what it names.
    """

    users: dict[str, Thing] = field(default_factory=dict)
    groups: dict[str, Thing] = field(default_factory=dict)
    policies: dict[str, Thing] = field(default_factory=dict)
    bin: dict[str, Thing] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    way: dict[str, str] = field(default_factory=dict)
    rules: dict[str, set[str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    strengths: set[str] = field(default_factory=set)
    has_defaults: bool = False
    met: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)

    def store(self, type_name: str) -> dict[str, Thing]:
        """Return the live objects of a type."""
        return {"user": self.users, "group": self.groups, "conditionalAccessPolicy": self.policies}[type_name]

    def do(self, change: Change) -> None:
        """Let one change of a plan happen."""
        if change.type in {"user", "group", "conditionalAccessPolicy"}:
            self._do_in(self.store(change.type), change)
        elif change.type == "unifiedRoleAssignment":
            principal, role, scope = change.object_id.split("/", 2)
            if (role, scope) == (ROLE, "/"):
                self.admins = self.admins - {principal} if change.action == "remove" else self.admins | {principal}
        elif change.type in {"namedLocation", "authenticationStrengthPolicy"}:
            there = self.places if change.type == "namedLocation" else self.strengths
            if change.action.value in {"restore", "recreate"}:
                there.add(change.object_id)
            elif change.action.value == "softDelete":
                there.discard(change.object_id)
        elif change.type == "identitySecurityDefaultsEnforcementPolicy":
            self.has_defaults = bool(change.target.get("isEnabled", self.has_defaults))
        elif change.type == "servicePrincipal" and change.target.get("accountEnabled") is False:
            self.ours = self.ours - {change.object_id}
        elif change.type == "authenticationMethodConfiguration" and "state" in change.target:
            is_on = change.target["state"] == "enabled"
            self.methods = self.methods | {change.object_id} if is_on else self.methods - {change.object_id}
        self._run_rules(change)

    def _run_rules(self, change: Change) -> None:
        """Let rules choose: all when a person changes, those that ask for groups with any group, each with its own."""
        for group, chosen in self.rules.items():
            body = self.groups.get(group) or {}
            rule = body.get("membershipRule") or ""
            by_groups = change.type == "group" and "memberof" in rule and change.object_id in rule
            if "DynamicMembership" in body.get("groupTypes", []) and (
                change.type == "user" or by_groups or (change.type == "group" and change.object_id == group)
            ):
                self.members[group] = set(chosen)

    def _do_in(self, store: dict[str, Thing], change: Change) -> None:
        match change.action.value:
            case "recreate":
                store[change.object_id] = {"id": change.object_id, **deepcopy(change.target)}
                self.members.setdefault(change.object_id, set())
            case "restore":
                store[change.object_id] = self.bin.pop(change.object_id)
            case "softDelete":
                self.bin[change.object_id] = store.pop(change.object_id)
            case "update":
                store[change.object_id].update(deepcopy(change.target))
                if change.object_id in self.deaf and "conditions" in change.target:
                    store[change.object_id]["conditions"]["users"] |= {"excludeUsers": [], "excludeGroups": []}
            case "link":
                self.members.setdefault(change.object_id, set()).add(change.other_id)
            case "unlink":
                self.members.setdefault(change.object_id, set()).discard(change.other_id)

    def groups_of(self, person: str) -> set[str]:
        """Return every live group the person is in, through other live groups too."""
        inside: set[str] = set()
        grew = True
        while grew:
            more = {
                group
                for group in self.groups
                if group not in inside and self.members.get(group, set()) & (inside | {person})
            }
            grew = bool(more)
            inside |= more
        return inside

    def excluded(self) -> set[str]:
        """Return the groups that policies exclude, whatever state these are in."""
        return {
            group
            for policy in self.policies.values()
            for group in policy["conditions"]["users"].get("excludeGroups", [])
        }

    def is_there(self, person: str) -> bool:
        """Tell whether the account is live, enabled, and depends on nothing but the cloud."""
        user = self.users.get(person)
        if user is None or not user["accountEnabled"] or user.get("onPremisesSyncEnabled"):
            return False
        return str(user["userPrincipalName"]).endswith(".onmicrosoft.com")

    def can_sign_in(self, person: str) -> bool:
        """Tell whether the person gets in with a password alone."""
        if not self.is_there(person) or (self.has_defaults and person not in self.met):
            return False
        if person in self.way and self.way[person] not in self.methods:
            return False
        inside = self.groups_of(person)
        return not any(
            policy["state"] == "enabled"
            and (self.has_defaults or self._is_broken(policy) or (_demands(policy) and _hits(policy, person, inside)))
            for policy in self.policies.values()
        )

    def is_kept_out(self, person: str) -> bool:
        """Tell whether a policy keeps the person out, be it live or not, that no second factor satisfies."""
        strict = [policy for policy in self.policies.values() if policy["state"] == "enabled" and _is_strict(policy)]
        inside = self.groups_of(person) if strict else set()
        return any(_hits(policy, person, inside) for policy in strict)

    def _is_broken(self, policy: Thing) -> bool:
        places = policy["conditions"].get("locations") or {}
        named = {*places.get("includeLocations", []), *places.get("excludeLocations", [])} - {"All"}
        strength = (policy.get("grantControls") or {}).get("authenticationStrength") or {}
        return not named <= self.places or not {strength.get("id")} - {None} <= self.strengths

    def administrators(self) -> set[str]:
        """Return who is an enabled Global Administrator, alone or as a direct member of a group.

        A role that is assigned to a group does not reach members of groups within it.
        """
        holding = self.admins.union(*(self.members.get(one, set()) for one in self.admins & {*self.groups}))
        return {one for one in holding & {*self.users} if self.users[one]["accountEnabled"]}

    def can_administer(self, person: str) -> bool:
        """Tell whether the person gets in and is Global Administrator."""
        return person in self.administrators() and self.can_sign_in(person)


def _hits(policy: Thing, person: str, inside: set[str]) -> bool:
    users = policy["conditions"]["users"]
    if {*users} - USERS:
        return True
    if person in users.get("excludeUsers", []) or inside & set(users.get("excludeGroups", [])):
        return False
    named = users.get("includeUsers", [])
    # Every emergency account is a Global Administrator, so a policy for a role is a policy for it.
    is_role = bool(users.get("includeRoles"))
    return "All" in named or person in named or is_role or bool(inside & set(users.get("includeGroups", [])))


def _demands(policy: Thing) -> bool:
    grant = policy.get("grantControls") or {}
    return bool(grant.get("builtInControls") or grant.get("authenticationStrength"))


def _is_strict(policy: Thing) -> bool:
    """Tell whether a second factor does not satisfy the policy; what is not known here it does not satisfy."""
    grant = policy.get("grantControls") or {}
    is_unknown = {*policy["conditions"]} - {"users", "locations"}
    return bool(is_unknown or grant.get("authenticationStrength") or {*grant.get("builtInControls", [])} - {"mfa"})
