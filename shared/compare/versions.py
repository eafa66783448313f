"""What one object was from state to state: which states to look at, and what changed between those that were.

Pure. A change index says where an object may have changed (formats/change_index.py); these decisions are the same when
there is none, only more states are looked at then.

Promises (tests/unit/compare/test_versions.py):
  V1  every state that the index names, or says nothing about, is looked at; so are the first and the last
  V2  a state that was removed since hands its changes to the next one that is kept
  V3  two states that mean the same make one version, however their JSON is spelled
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from shared.catalogue.entry import ObjectType
from shared.compare.values import is_annotation, same
from shared.domain.changes import Json
from shared.domain.jobs import SnapshotSummary
from shared.formats.change_index import LINKED, LINKED_BY, OBJECT, UNLINKED, ChangeRow
from shared.formats.objects import SOFT_DELETED, IndexRow

OWN = frozenset({LINKED, UNLINKED})


class What(StrEnum):
    """What became of an object at a state."""

    FIRST_SEEN = "firstSeen"
    APPEARED = "appeared"
    CHANGED = "changed"
    SOFT_DELETED = "softDeleted"
    RESTORED = "restored"
    DISAPPEARED = "disappeared"


class LinkChange(msgspec.Struct, frozen=True, order=True):
    """A link that is new (`is_added`) or gone; `is_incoming` when it leads from the other object to this one."""

    code: int
    other: bytes
    is_incoming: bool
    is_added: bool


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One object in one state; `row` and `body` are None when it is not there."""

    position: int
    row: IndexRow | None = None
    body: Json | None = None
    links: tuple[LinkChange, ...] = ()


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A state at which the object became something else: `before` and `after` hold the properties that differ."""

    position: int
    what: What
    is_soft_deleted: bool = False
    before: Json = {}
    after: Json = {}
    links: tuple[LinkChange, ...] = ()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The history of one object: `states` are those looked at by position, `notes` what was slow or left out."""

    object_id: str
    type: str
    versions: list[Version]
    states: dict[int, SnapshotSummary]
    notes: tuple[str, ...]


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of states to look at: `named` by rows of the object, `unknown` to the index, `linked` by own links.

    `incoming` are the link rows of others that count at each position.
    """

    named: frozenset[int]
    unknown: frozenset[int]
    linked: frozenset[int]
    incoming: Mapping[int, tuple[LinkChange, ...]]


def places(sequences: Sequence[int], rows: Iterable[ChangeRow], is_known: Sequence[bool]) -> Places:
    """Return where to look for the versions of the object that `rows` are about.

    `sequences` are those of the kept states, rising; `is_known` tells of each whether the index speaks of it. Changes
    into the first state say nothing: it is looked at anyway.
    """
    named: set[int] = set()
    linked: set[int] = set()
    incoming: dict[int, dict[tuple[int, bytes], list[bool]]] = {}
    for row in sorted(rows, key=lambda row: row.sequence):
        position = bisect_left(sequences, row.sequence)
        if not 0 < position < len(sequences):
            continue
        if row.kind == OBJECT:
            named.add(position)
        elif row.kind in OWN:
            linked.add(position)
        else:
            ends = incoming.setdefault(position, {}).setdefault((row.code, row.value), [])
            ends.append(row.kind == LINKED_BY)
    unknown = {position for position, known in enumerate(is_known) if not known}
    return Places(
        named=frozenset(named),
        unknown=frozenset(unknown),
        linked=frozenset(linked),
        incoming={position: _net(ends) for position, ends in incoming.items()},
    )


def _net(ends: Mapping[tuple[int, bytes], Sequence[bool]]) -> tuple[LinkChange, ...]:
    """Return what is left of link changes that fell together: one that began and ended as its opposite is none."""
    return tuple(
        sorted(
            LinkChange(code=code, other=other, is_incoming=True, is_added=steps[-1])
            for (code, other), steps in ends.items()
            if steps[0] == steps[-1]
        )
    )


def own_changes(before: Iterable[tuple[int, bytes]], now: Iterable[tuple[int, bytes]]) -> tuple[LinkChange, ...]:
    """Return what separates an object's own links, as (reference's code, other key), in two states."""
    old, new = set(before), set(now)
    changes = [LinkChange(code=code, other=other, is_incoming=False, is_added=True) for code, other in new - old]
    changes += [LinkChange(code=code, other=other, is_incoming=False, is_added=False) for code, other in old - new]
    return tuple(sorted(changes))


def versions(entry: ObjectType, seen: Sequence[Seen]) -> list[Version]:
    """Return the versions among the states looked at, which are in order; none when the object was never there."""
    found: list[Version] = []
    earlier: Seen | None = None
    for now in seen:
        version = _version(entry, earlier, now)
        if version is not None:
            found.append(version)
        earlier = now
    return found


def _version(entry: ObjectType, earlier: Seen | None, now: Seen) -> Version | None:
    """Return what is new in a state, None when nothing is."""
    old = earlier.body if earlier is not None else None
    before, after = differing(entry, old or {}, now.body or {})
    is_soft_deleted = _is_deleted(now)
    if now.body is None:
        what = What.DISAPPEARED if old is not None else None
    elif earlier is None:
        what = What.FIRST_SEEN
    elif old is None:
        what = What.APPEARED
    elif is_soft_deleted != _is_deleted(earlier):
        what = What.SOFT_DELETED if is_soft_deleted else What.RESTORED
    else:
        what = What.CHANGED if before or after or now.links else None
    if what is None and now.links:
        what = What.CHANGED
    if what is None:
        return None
    return Version(
        position=now.position,
        what=what,
        is_soft_deleted=is_soft_deleted,
        before={} if old is None else before,
        after={} if now.body is None else after,
        links=now.links,
    )


def differing(entry: ObjectType, before: Json, after: Json) -> tuple[Json, Json]:
    """Return the properties that mean something else, old and new values under the same names.

    Unlike a report's comparison it also shows what Graph computes: whoever looks back wants to see it.
    """
    old: Json = {}
    new: Json = {}
    for name in sorted({*before, *after}):
        left, right = before.get(name), after.get(name)
        known = entry.property(name)
        if not is_annotation(name) and not same(left, right, is_set=known is None or known.is_set):
            old[name], new[name] = left, right
    return old, new


def _is_deleted(seen: Seen) -> bool:
    return seen.row is not None and bool(seen.row.flags & SOFT_DELETED)
