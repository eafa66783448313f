"""One shard of two states side by side: which objects need a look, which links differ.

Pure. Works on index and link rows only, so an unchanged object costs a part of one comparison of bytes, whatever its
size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.catalogue.types import BY_CODE, BY_NAME, reference_of_code
from shared.compare.merge import find, marks, row_at, unlike, unlike_objects
from shared.domain.changes import Action, LinkDifference
from shared.domain.ids import KEY_BYTES, key_guid, object_keys
from shared.domain.scope import Scope
from shared.formats.link_runs import ROW_BYTES
from shared.formats.objects import KEY_AND_TYPE, IndexRow
from shared.formats.segments import shard_of

Key = tuple[bytes, int]
Pair = tuple[IndexRow | None, IndexRow | None]


def by_key(rows: Iterable[IndexRow]) -> dict[Key, IndexRow]:
    """Return the rows by object key and type code."""
    listed = list(rows)
    return dict(zip(map(KEY_AND_TYPE, listed), listed, strict=True))


class Indexes:
    """The index blocks of one shard on both sides, sorted by key and type code."""

    def __init__(self, target: bytes, current: bytes) -> None:
        self._target, self._current = target, current
        self._marks = marks(target), marks(current)

    def suspects(self) -> dict[Key, Pair]:
        """Return the rows of objects whose rows differ between the sides, in key order.

        Rows that differ may still mean the same: the digest is of bytes, and Graph promises no order of members.
        """
        found: dict[Key, Pair] = {}
        target, current = self._target, self._current
        for before, now in unlike_objects(*self._marks):
            then = row_at(target, before) if before >= 0 else None
            present = row_at(current, now) if now >= 0 else None
            known = then or present
            assert known is not None, "a difference without a row"
            found[known[0], known[5]] = then, present
        return found

    def pair(self, key: Key) -> Pair:
        """Return the rows of one object on both sides, whether they differ or not."""
        before, now = (find(table, *key) for table in self._marks)
        return self._row(self._target, before), self._row(self._current, now)

    def know(self, key: Key) -> bool:
        """Tell whether either side has the object, in its recycle bin included."""
        return any(find(table, *key) >= 0 for table in self._marks)

    @staticmethod
    def _row(index: bytes, number: int) -> IndexRow | None:
        return row_at(index, number) if number >= 0 else None


def types_in(scope: Scope, codes: Iterable[int]) -> frozenset[int]:
    """Return those of the type codes that a report in scope speaks of; objects named by id are told by `chosen`."""
    known = {code: entry.name for code in codes if (entry := BY_CODE.get(code))}
    return frozenset(code for code, name in known.items() if scope.covers_type(name))


def chosen(scope: Scope, shard: int, shards: int) -> Mapping[Key, tuple[str, str]]:
    """Return the objects that the scope names one by one and that lie in the shard: type and id, by key."""
    return scope.once(f"of {shards} shards", lambda: _by_shard(scope, shards)).get(shard, {})


def _by_shard(scope: Scope, shards: int) -> dict[int, dict[Key, tuple[str, str]]]:
    """Return all objects that the scope names one by one, by shard: one look at each id, however many shards."""
    found: dict[int, dict[Key, tuple[str, str]]] = {}
    for name, ids in (scope.ids or {}).items():
        code = BY_NAME[name].code
        for object_id, key in zip(ids, object_keys(ids), strict=True):
            found.setdefault(shard_of(key, shards), {})[key, code] = (name, object_id)
    return found


def chosen_shards(scope: Scope, shards: int) -> frozenset[int] | None:
    """Return the shards in which the objects lie that the scope names one by one, None when it names none."""
    if scope.ids is None:
        return None
    return frozenset(shard for shard in range(shards) if chosen(scope, shard, shards))


def link_differences(
    target: bytes, current: bytes, *, target_deleted: set[bytes], current_deleted: set[bytes]
) -> dict[Key, tuple[LinkDifference, ...]]:
    """Return, per source object, the references that differ; the tables are sorted rows of links.

    A link to an object that one side has in its recycle bin is left out: Graph hides it there and brings it back with
    the object, so it is that object's restore (or its deletion) that is reported.
    """
    found: dict[Key, tuple[list[LinkDifference], list[LinkDifference]]] = {}
    for before, now in unlike(target, current, width=ROW_BYTES, key_bytes=ROW_BYTES):
        table, number, action = (target, before, Action.LINK) if before >= 0 else (current, now, Action.UNLINK)
        row = table[number * ROW_BYTES : (number + 1) * ROW_BYTES]
        source, other = row[1 : 1 + KEY_BYTES], row[1 + KEY_BYTES :]
        kind = reference_of_code(row[0])
        if kind is None or _is_any_in((source, other), target_deleted, current_deleted):
            continue
        entry, reference = kind
        lists = found.setdefault((source, entry.code), ([], []))
        lists[action is Action.UNLINK].append(
            LinkDifference(reference=reference, other_id=key_guid(other), action=action)
        )
    return {key: (*added, *removed) for key, (added, removed) in found.items()}


def _is_any_in(keys: tuple[bytes, bytes], *hidden: set[bytes]) -> bool:
    return any(key in some for some in hidden for key in keys)
