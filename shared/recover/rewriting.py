"""Put new ids in the place of old ones, wherever the catalogue says that an object holds ids of others.

Pure. An object that was created anew has another id, so everything that names the old one has to name the new one: its
links, grants and assignments, policies, rules of dynamic groups. Text that people wrote (a description, a note) is left
as it is; the catalogue's `names`, `ends` and `identity` say what is not such text.

Promises (tests/properties/test_rewriting.py):
  R1  no old id is left in anything of a change that could be written, once its object has a new one
  R2  what names no old id comes back as it is
  R3  a change keeps its own id, so that its outcome is found again
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.types import type_named
from shared.domain.changes import Action, Change, Difference, Json

GUID_ANYWHERE = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
Ids = Mapping[str, str]


def naming(entry: ObjectType) -> tuple[str, ...]:
    """Return the properties of the type that hold ids of other objects."""
    return tuple(dict.fromkeys((*entry.names, *entry.ends, *entry.identity)))


def is_known_by_content(entry: ObjectType) -> bool:
    """Tell whether Tidemark's id of an object is made of what it says, ids of others perhaps."""
    return bool(entry.identity) or entry.shape is Shape.CHILDREN


def rewritten_value(value: Any, ids: Ids) -> Any:
    """Return `value` with new ids for old ones at any depth, inside longer texts too (a rule, a scope, an address)."""
    if isinstance(value, str):
        return GUID_ANYWHERE.sub(lambda found: ids.get(found[0].lower(), found[0]), value)
    if isinstance(value, list):
        return [rewritten_value(inner, ids) for inner in value]
    if isinstance(value, dict):
        return {name: rewritten_value(inner, ids) for name, inner in value.items()}
    return value


def rewritten_body(entry: ObjectType, body: Json, ids: Ids) -> Json:
    """Return the properties with new ids for old ones, in those properties that hold ids."""
    holding = naming(entry)
    return {name: rewritten_value(value, ids) if name in holding else value for name, value in body.items()}


def rewritten(change: Change, ids: Ids) -> Change:
    """Return the change as it is to be made now that its objects have new ids.

    A change that creates an object anew is about the old one until that has happened.
    """
    if not ids:
        return change
    entry = type_named(change.type)
    object_id = change.object_id
    if is_known_by_content(entry) or change.action is not Action.RECREATE:
        object_id = rewritten_value(object_id, ids)
    return msgspec.structs.replace(
        change,
        object_id=object_id,
        other_id=rewritten_value(change.other_id, ids),
        target=rewritten_body(entry, change.target, ids),
        expected=rewritten_body(entry, change.expected, ids),
    )


def rewritten_row(row: Difference, ids: Ids) -> Difference:
    """Return a difference whose target and links name new ids."""
    entry = type_named(row.type)
    links = tuple(msgspec.structs.replace(link, other_id=rewritten_value(link.other_id, ids)) for link in row.links)
    return msgspec.structs.replace(
        row,
        object_id=rewritten_value(row.object_id, ids),
        target=rewritten_body(entry, row.target, ids),
        links=links,
    )


def ids_in(value: Any) -> frozenset[str]:
    """Return every id in `value` at any depth, in lower case."""
    if isinstance(value, str):
        return frozenset(found.lower() for found in GUID_ANYWHERE.findall(value))
    if isinstance(value, list):
        return frozenset[str]().union(*map(ids_in, value))
    return frozenset[str]().union(*map(ids_in, value.values())) if isinstance(value, dict) else frozenset()


def naming_any(entry: ObjectType, body: Json, wanted: Collection[str]) -> list[str]:
    """Return the properties of `body` that hold one of the `wanted` ids (in lower case)."""
    return [name for name in naming(entry) if name in body and not ids_in(body[name]).isdisjoint(wanted)]
