"""When two property values are the same, although their JSON may differ.

Pure. Graph gives collections of phone numbers, group types or included users in any order, repeats annotations that
describe rather than state, and embeds copies of objects that a policy only names. None of that is a change.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import compress
from operator import ne
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property
from shared.domain.changes import Json

TYPE_ANNOTATION = "@odata.type"
COLLECTIONS = (dict, list)
NAMES_KEPT = 4096  # of members, whose names are asked about once for each object; a catalogue has some hundreds
# A policy names an authentication strength; what Graph embeds is a copy of another object, which has its own history.
NAMED_ONLY = frozenset({"authenticationStrength"})


@lru_cache(maxsize=NAMES_KEPT)
def is_annotation(name: str) -> bool:
    """Tell whether a member describes its object (context, links, actions) rather than being part of it."""
    return name.startswith("#") or ("@" in name and name != TYPE_ANNOTATION)


def stated(value: Any) -> Any:
    """Return `value` without annotations and with named objects reduced to their id: what a write may carry."""
    if isinstance(value, dict):
        return {
            name: _stated_member(name, inner) if isinstance(inner, COLLECTIONS) else inner
            for name, inner in value.items()
            if not is_annotation(name)
        }
    if isinstance(value, list):
        return [stated(inner) for inner in value]
    return value


def _stated_member(name: str, value: Any) -> Any:
    if name in NAMED_ONLY and isinstance(value, dict) and "id" in value:
        return {"id": value["id"]}
    return stated(value)


def unordered(value: Any) -> Any:
    """Return `value` with every collection in one fixed order."""
    if isinstance(value, dict):
        return {name: unordered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(
            (unordered(inner) for inner in value), key=lambda inner: msgspec.json.encode(inner, order="sorted")
        )
    return value


def same(left: Any, right: Any, *, is_set: bool) -> bool:
    """Tell whether two property values mean the same; `is_set` when no collection in them carries an order."""
    if left == right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return _same_members(left, right, is_set=is_set)
    if not isinstance(left, COLLECTIONS) and not isinstance(right, COLLECTIONS):
        return False
    left, right = stated(left), stated(right)
    return _alike(left, right) if is_set else bool(left == right)


def _same_members(left: Json, right: Json, *, is_set: bool) -> bool:
    """Tell the same of two values that have members; stops at the first one that is not, and states only those."""
    for name in left.keys() | right.keys():
        if is_annotation(name):
            continue
        if name not in left or name not in right:
            return False
        one, other = left[name], right[name]
        if one == other:
            continue
        if not isinstance(one, COLLECTIONS) and not isinstance(other, COLLECTIONS):
            return False
        if not same(_stated_member(name, one), _stated_member(name, other), is_set=is_set):
            return False
    return True


def _alike(left: Any, right: Any) -> bool:
    """Tell whether two stated values are the same in some order of every collection; stops where they are not."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_alike(inner, right[name]) for name, inner in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and bool(unordered(left) == unordered(right))
    return bool(left == right)


def differing(entry: ObjectType, target: Json, current: Json) -> tuple[Json, Json]:
    """Return the properties that differ, as two dictionaries with the same names: target and current values.

    A property the entry does not know is compared as it stands; one that Graph computes is not compared. A member
    that is absent on one side counts as null there.
    """
    if list(target) == list(current):  # nearly always: Graph sends the members of a type in one order
        names = list(compress(target, map(ne, target.values(), current.values())))
    else:
        names = [name for name, left in target.items() if left != current.get(name)]
        names += [name for name, right in current.items() if right is not None and name not in target]
    return meant(entry, sorted(names), target, current)


def is_reported(name: str, known: Property | None) -> bool:
    """Tell whether a report tells of the member at all; `known` is the entry's property of that name."""
    return not is_annotation(name) and name != TYPE_ANNOTATION if known is None else known.is_compared


def meant(entry: ObjectType, names: Iterable[str], target: Json, current: Json) -> tuple[Json, Json]:
    """Return the same of the properties with these names, whose values are unlike; nothing else is looked at."""
    wanted: Json = {}
    present: Json = {}
    known_of = entry.properties_by_name
    for name in names:
        left, right, known = target.get(name), current.get(name), known_of.get(name)
        if known is not None and known.of_kinds and (name not in target or name not in current):
            continue  # recycle bins are not asked for what only some kinds have
        if not is_reported(name, known):
            continue
        # They are unlike, so of all values only collections may still mean the same.
        is_collection = isinstance(left, COLLECTIONS) or isinstance(right, COLLECTIONS)
        if not is_collection or not same(left, right, is_set=known is None or known.is_set):
            wanted[name], present[name] = left, right
    return wanted, present
