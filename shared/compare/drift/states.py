"""The life of a drift item, as a table; nothing else assigns a state. docs/drift.md shows the same table.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from shared.domain.drift import DriftState
from shared.domain.errors import InputError


class Seen(StrEnum):
    """What can happen to an item: what a comparison saw, or what an operator decided."""

    SAME = "seen as before"
    OTHER = "seen with another value"
    GONE = "not seen any more"
    ACCEPT = "accepted"
    DENY = "denied"


NEW, ACCEPTED, DENIED, RESOLVED = DriftState.NEW, DriftState.ACCEPTED, DriftState.DENIED, DriftState.RESOLVED
TRANSITIONS: Mapping[tuple[DriftState, Seen], DriftState] = MappingProxyType(
    {
        (NEW, Seen.SAME): NEW,
        (NEW, Seen.OTHER): NEW,
        (NEW, Seen.GONE): RESOLVED,
        (NEW, Seen.ACCEPT): ACCEPTED,
        (NEW, Seen.DENY): DENIED,
        (ACCEPTED, Seen.SAME): ACCEPTED,
        (ACCEPTED, Seen.OTHER): NEW,
        (ACCEPTED, Seen.GONE): RESOLVED,
        (ACCEPTED, Seen.ACCEPT): ACCEPTED,
        (ACCEPTED, Seen.DENY): DENIED,
        (DENIED, Seen.SAME): DENIED,
        (DENIED, Seen.OTHER): NEW,
        (DENIED, Seen.GONE): RESOLVED,
        (DENIED, Seen.ACCEPT): ACCEPTED,
        (DENIED, Seen.DENY): DENIED,
        (RESOLVED, Seen.SAME): NEW,
        (RESOLVED, Seen.OTHER): NEW,
        (RESOLVED, Seen.GONE): RESOLVED,
    }
)


def next_state(state: DriftState, seen: Seen) -> DriftState:
    """Return where `seen` takes an item; raise InputError for a decision about what is resolved."""
    try:
        return TRANSITIONS[state, seen]
    except KeyError:
        raise InputError(f"the item is {state}; only what is still there can be {seen}", member="item") from None
