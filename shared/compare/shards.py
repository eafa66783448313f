"""One shard of two states side by side: which objects need a look, which links differ.

Pure. Works on index and link rows only, so an unchanged object costs two dictionary look-ups whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.catalogue.types import BY_CODE, reference_of_code
from shared.domain.changes import Action, LinkDifference
from shared.domain.ids import KEY_BYTES, key_guid
from shared.domain.scope import Scope
from shared.formats.objects import KEY_AND_TYPE, SOFT_DELETED, IndexRow

Key = tuple[bytes, int]
Rows = Mapping[Key, IndexRow]


def by_key(rows: Iterable[IndexRow]) -> dict[Key, IndexRow]:
    """Return the rows by object key and type code."""
    listed = list(rows)
    return dict(zip(map(KEY_AND_TYPE, listed), listed, strict=True))


def suspects(target: Rows, current: Rows, scope: Scope) -> list[Key]:
    """Return the objects in scope whose rows differ between the two sides, in key order.

    Rows that differ may still mean the same: the digest is of bytes, and Graph promises no order of members.
    """
    keys = [key for key in current if key not in target]
    for key, row in target.items():
        now = current.get(key)
        if now is None or row.digest != now.digest or row.flags != now.flags:
            keys.append(key)
    return sorted(key for key in keys if _in_scope(key, scope))


def _in_scope(key: Key, scope: Scope) -> bool:
    entry = BY_CODE.get(key[1])
    return entry is not None and scope.covers_key(entry.name, key[0])


def link_differences(
    target: set[bytes], current: set[bytes], *, target_deleted: set[bytes], current_deleted: set[bytes]
) -> dict[Key, tuple[LinkDifference, ...]]:
    """Return, per source object, the references that differ.

    A link to an object that one side has in its recycle bin is left out: Graph hides it there and brings it back with
    the object, so it is that object's restore (or its deletion) that is reported.
    """
    hidden = target_deleted | current_deleted
    found: dict[Key, list[LinkDifference]] = {}
    for rows, action in ((target - current, Action.LINK), (current - target, Action.UNLINK)):
        for row in sorted(rows):
            source, other = row[1 : 1 + KEY_BYTES], row[1 + KEY_BYTES :]
            kind = reference_of_code(row[0])
            if kind is None or other in hidden or source in hidden:
                continue
            entry, reference = kind
            difference = LinkDifference(reference=reference, other_id=key_guid(other), action=action)
            found.setdefault((source, entry.code), []).append(difference)
    return {key: tuple(links) for key, links in found.items()}


def is_soft_deleted(row: IndexRow) -> bool:
    """Tell whether the row is of an object in the recycle bin."""
    return bool(row.flags & SOFT_DELETED)
