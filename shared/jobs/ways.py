"""Which way a capture reads each type: whole, or by what delta tells since the state before (decision D6).

Pure. Promises (tests/unit/jobs/test_ways.py checks each by name):
  W1  a type is carried on by delta only when a token of the state before is known and younger than TOKEN_LIFE
  W2  a type of which other properties, references or derived types are captured now is read whole
  W3  a type is read whole when its last whole reading is older than the setting says
  W4  every type that is read whole although there is a state before says why
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.catalogue.entry import ObjectType
from shared.formats.manifests import TypeFacts

# "Use delta query to track changes": tokens of directory objects live seven days; the rest is for a capture that waits.
TOKEN_LIFE = timedelta(days=6, hours=12)
FULL_DAYS_DEFAULT = 7
# A daily timer fires a little earlier or later each day: a reading due within this time is due now.
SLACK = timedelta(hours=2)
FIRST = "there is no snapshot to go on from"
NO_DELTA = "Graph has no delta for this type"


class Token(msgspec.Struct, frozen=True):
    """A delta token of a sealed state and when Graph gave it."""

    text: str
    given_at: datetime


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How one type is read: `why` says what forces a whole reading; `token` is where delta goes on, or is checked from.

    `is_due` tells that the whole reading is the regular one, which is compared with what delta gave. By `ids` only the
    objects that a scope names are read; everything else of the type is taken to be what it was.
    """

    way: Literal["full", "delta", "ids"] = "full"
    why: str = ""
    token: str = ""
    is_due: bool = False


def way_of(
    entry: ObjectType,
    before: TypeFacts | None,
    token: Token | None,
    *,
    now: datetime,
    full_days: int | None,
    granted: Sequence[str] = (),
) -> Way:
    """Return how to read a type; `before` is what the state before holds of it, None when it has nothing.

    `full_days` is how old the last whole reading may be, None for a restore point, which never makes one. `granted` are
    derived types that the state before had to leave out and that can be read now.
    """
    if not entry.has_delta:
        return Way(why=NO_DELTA)
    obstacle = _obstacle(entry, before, token, now, granted)
    if obstacle or before is None or token is None:
        return Way(why=obstacle)
    if full_days is not None and _is_due(before, now, full_days):
        return Way(why=f"a whole reading is due every {full_days} days", token=token.text, is_due=True)
    return Way(way="delta", token=token.text)


def _obstacle(
    entry: ObjectType, before: TypeFacts | None, token: Token | None, now: datetime, granted: Sequence[str]
) -> str:
    """Return what keeps delta from going on from the state before, empty when nothing does."""
    if before is None:
        return "the state before does not hold it"
    if not _is_same_shape(entry, before):
        return "other properties or references of it are captured now"
    if granted:
        return f"the state before was taken without {', '.join(granted)}"
    if token is None:
        return "the delta token of the state before is not known"
    if now - token.given_at > TOKEN_LIFE:
        return f"the delta token of the state before is of {token.given_at:%Y-%m-%d} and too old"
    return ""


def all_full(types: Mapping[str, Way], why: str) -> dict[str, Way]:
    """Return the same types, every one read whole for the one reason; those without delta keep theirs."""
    return {name: known if known.why == NO_DELTA else Way(why=why) for name, known in types.items()}


def _is_due(before: TypeFacts, now: datetime, full_days: int) -> bool:
    return before.full_at is None or now - before.full_at > timedelta(days=full_days) - SLACK


def _is_same_shape(entry: ObjectType, before: TypeFacts) -> bool:
    """Tell whether the state before asked for the same properties and references as the catalogue does now."""
    wanted = entry.select if entry.sends_select else ()
    references = {reference.name for reference in entry.references}
    return set(before.select) == set(wanted) and set(before.links) == references
