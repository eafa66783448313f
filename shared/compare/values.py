"""When two property values are the same, although their JSON may differ.

Pure. Graph gives collections of phone numbers, group types or included users in any order, repeats annotations that
describe rather than state, and embeds copies of objects that a policy only names. None of that is a change.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Json

TYPE_ANNOTATION = "@odata.type"
# A policy names an authentication strength; what Graph embeds is a copy of another object, which has its own history.
NAMED_ONLY = frozenset({"authenticationStrength"})


def is_annotation(name: str) -> bool:
    """Tell whether a member describes its object (context, links, actions) rather than being part of it."""
    return name.startswith("#") or ("@" in name and name != TYPE_ANNOTATION)


def stated(value: Any) -> Any:
    """Return `value` without annotations and with named objects reduced to their id: what a write may carry."""
    if isinstance(value, dict):
        return {
            name: _named(inner) if name in NAMED_ONLY else stated(inner)
            for name, inner in value.items()
            if not is_annotation(name)
        }
    if isinstance(value, list):
        return [stated(inner) for inner in value]
    return value


def _named(value: Any) -> Any:
    return {"id": value["id"]} if isinstance(value, dict) and "id" in value else stated(value)


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
    left, right = stated(left), stated(right)
    return bool(unordered(left) == unordered(right)) if is_set else bool(left == right)


def differing(entry: ObjectType, target: Json, current: Json) -> tuple[Json, Json]:
    """Return the properties that differ, as two dictionaries with the same names: target and current values.

    A property the entry does not know is compared as it stands; one that Graph computes is not compared. A member
    that is absent on one side counts as null there.
    """
    wanted: Json = {}
    present: Json = {}
    names = [name for name, left in target.items() if left != current.get(name)]
    names += [name for name, right in current.items() if right is not None and name not in target]
    for name in sorted(names):
        left, right = target.get(name), current.get(name)
        known = entry.property(name)
        if is_annotation(name) or name == TYPE_ANNOTATION or (known is not None and not known.is_compared):
            continue
        if not same(left, right, is_set=known is None or known.is_set):
            wanted[name], present[name] = left, right
    return wanted, present
