"""A tenant in which people sign in, as Entra's pages tell it; shares no code and no thought with the lock-out guard.

It is strict with the person: whoever a policy applies to can meet none of its demands, and every narrowing condition
is met. What a plan does is done to it change by change, in the order of execution.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from shared.domain.changes import Change

Thing = dict[str, Any]


@dataclass
class Entra:
    """Live and soft-deleted objects by id, and who is a direct member of which group (kept while in the bin)."""

    users: dict[str, Thing] = field(default_factory=dict)
    groups: dict[str, Thing] = field(default_factory=dict)
    policies: dict[str, Thing] = field(default_factory=dict)
    bin: dict[str, Thing] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    def store(self, type_name: str) -> dict[str, Thing]:
        """Return the live objects of a type."""
        return {"user": self.users, "group": self.groups, "conditionalAccessPolicy": self.policies}[type_name]

    def do(self, change: Change) -> None:
        """Let one change of a plan happen."""
        store = self.store(change.type)
        match change.action.value:
            case "restore":
                store[change.object_id] = self.bin.pop(change.object_id)
            case "softDelete":
                self.bin[change.object_id] = store.pop(change.object_id)
            case "update":
                store[change.object_id].update(deepcopy(change.target))
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

    def can_sign_in(self, person: str) -> bool:
        """Tell whether the person gets in with a password alone."""
        user = self.users.get(person)
        if user is None or not user["accountEnabled"]:
            return False
        inside = self.groups_of(person)
        return not any(
            policy["state"] == "enabled" and _demands(policy) and _hits(policy, person, inside)
            for policy in self.policies.values()
        )


def _hits(policy: Thing, person: str, inside: set[str]) -> bool:
    users = policy["conditions"]["users"]
    if person in users.get("excludeUsers", []) or inside & set(users.get("excludeGroups", [])):
        return False
    named = users.get("includeUsers", [])
    # Every emergency account is a Global Administrator, so a policy for a role is a policy for it.
    is_role = bool(users.get("includeRoles"))
    return "All" in named or person in named or is_role or bool(inside & set(users.get("includeGroups", [])))


def _demands(policy: Thing) -> bool:
    return bool((policy.get("grantControls") or {}).get("builtInControls"))
