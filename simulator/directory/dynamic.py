"""Dynamic groups: members follow from a rule over user properties, at once whenever a user or a rule changes.

Rules understood: `user.property -eq "value"`, several joined by `-and`. (The real service is slower: minutes.)
"""

import re
from collections.abc import Iterable

from simulator.directory.state import Directory
from simulator.types import group
from simulator.types.schema import JsonObject

_TERM = re.compile(r"""^\(?\s*user\.(\w+)\s+-eq\s+["']([^"']*)["']\s*\)?$""")

Terms = tuple[tuple[str, str], ...]


def parse(rule: str) -> Terms | None:
    """Return the (property, value) pairs a user must have, or None for a rule that is not understood."""
    terms = []
    for part in re.split(r"\s+-and\s+", rule.strip()):
        found = _TERM.match(part)
        if found is None:
            return None
        terms.append((found[1], found[2].lower()))
    return tuple(terms)


def matches(terms: Terms, user: JsonObject) -> bool:
    """Tell whether a user has all the wanted values; the comparison ignores case, as the service's does."""
    return all(str(user.get(name, "")).lower() == value for name, value in terms)


class DynamicGroups:
    """Keeps the members of every dynamic group with an understood rule equal to what the rule says."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._terms: dict[str, Terms] = {}
        self._properties: set[str] = set()

    def watch(self, group_id: str, at: float) -> None:
        """Take note of a group's rule, new or changed, and set the members it asks for."""
        thing = self._directory.stores["group"].live[group_id]
        terms = parse(thing.get("membershipRule", "")) if group.is_dynamic(thing) else None
        if terms is None:
            self._terms.pop(group_id, None)
            return
        self._terms[group_id] = terms
        self._properties.update(name for name, _ in terms)
        for user_id, user in self._directory.stores["user"].live.items():
            self._settle(group_id, user_id, belongs=matches(terms, user), at=at)

    def follow(self, user_id: str, at: float, names: Iterable[str] | None = None) -> None:
        """Set one user's memberships after it was created or restored, or after `names` of it changed."""
        if names is not None and self._properties.isdisjoint(names):
            return
        user = self._directory.stores["user"].live[user_id]
        for group_id, terms in self._terms.items():
            self._settle(group_id, user_id, belongs=matches(terms, user), at=at)

    def forget(self, group_id: str) -> None:
        """Drop a group that is gone."""
        self._terms.pop(group_id, None)

    def _settle(self, group_id: str, user_id: str, *, belongs: bool, at: float) -> None:
        if belongs:
            self._directory.link(group_id, "members", user_id, at)
        else:
            self._directory.unlink(group_id, "members", user_id, at)
