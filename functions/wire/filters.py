"""Filtering criteria: what part of a tenant a job is about, from the wire and back.

Pure. An empty filter is refused: whoever sends one meant something else than "everything". Microsoft's portal takes
100 object ids at most; here up to IDS_MAX are taken (shared/domain/scope.py).
"""

from __future__ import annotations

from typing import Any

from functions.wire.names import TYPE_TAG, Json, captured_type, is_tag, tag, type_member
from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.domain.errors import InputError
from shared.domain.ids import GUID, guid
from shared.domain.scope import IDS_MAX, Scope

BY_TYPES = "recoveryJobEntityNamesFilter"
BY_IDS = "recoveryJobEntityNameAndIdsFilter"
ID_CHARS_MAX = 512  # an id made of three others, with room
ITEM = "entityTypeAndIds"


def read_criteria(value: object, *, member: str) -> Scope:
    """Return the scope that a filteringCriteria object names; raise InputError naming the wrong member."""
    if not isinstance(value, dict):
        raise InputError(f"{member} must be an object or null", member=member)
    kind = value.get(TYPE_TAG)
    if is_tag(kind, BY_TYPES):
        _exactly(value, "entityTypes", member)
        return Scope(types=_types(value.get("entityTypes"), member=f"{member}.entityTypes"))
    if is_tag(kind, BY_IDS):
        _exactly(value, "filterValues", member)
        return Scope(ids=_ids(value.get("filterValues"), member=f"{member}.filterValues"))
    name = f"{member}.{TYPE_TAG}"
    raise InputError(f"{name} is {str(kind)[:120]!r}; use {tag(BY_TYPES)} or {tag(BY_IDS)}", member=name)


def criteria(scope: Scope, *, shows_all: bool) -> Json | None:
    """Return the filteringCriteria that say the same as `scope`, None for everything."""
    if scope.types is not None:
        return {TYPE_TAG: tag(BY_TYPES), "entityTypes": [_member(name, shows_all=shows_all) for name in scope.types]}
    if scope.ids is not None:
        rows = [
            {"entityType": _member(name, shows_all=shows_all), "entityIds": list(ids)}
            for name, ids in scope.ids.items()
        ]
        return {TYPE_TAG: tag(BY_IDS), "filterValues": rows}
    return None


def _member(name: str, *, shows_all: bool) -> str:
    return type_member(type_named(name).wire_name, shows_all=shows_all)


def _types(value: object, *, member: str) -> tuple[str, ...]:
    rows = filled_list(value, member)
    return tuple(dict.fromkeys(captured_type(row, member=f"{member}[{at}]") for at, row in enumerate(rows)))


def _ids(value: object, *, member: str) -> dict[str, tuple[str, ...]]:
    """Return ids by type, in the order given; a type that is named twice has the ids of both places."""
    found: dict[str, dict[str, None]] = {}
    for at, row in enumerate(filled_list(value, member)):
        place = f"{member}[{at}]"
        if not isinstance(row, dict):
            raise InputError(f"{place} must be an object", member=place)
        if TYPE_TAG in row and not is_tag(row[TYPE_TAG], ITEM):
            raise InputError(f"{place}.{TYPE_TAG} must be {tag(ITEM)}", member=f"{place}.{TYPE_TAG}")
        only(row, {TYPE_TAG, "entityType", "entityIds"}, place)
        name = captured_type(row.get("entityType"), member=f"{place}.entityType")
        ids = filled_list(row.get("entityIds"), f"{place}.entityIds")
        chosen = found.setdefault(name, {})
        for position, one in enumerate(ids):
            chosen[object_id(type_named(name), one, member=f"{place}.entityIds[{position}]")] = None
    size = sum(map(len, found.values()))
    if size > IDS_MAX:
        raise InputError(f"{member} names {size} objects; at most {IDS_MAX} can be named: name types", member=member)
    return {name: tuple(ids) for name, ids in found.items()}


def object_id(entry: ObjectType, value: object, *, member: str) -> str:
    """Return the id of one object: a GUID for directory objects, what the report shows for all others."""
    if not isinstance(value, str) or not value or len(value) > ID_CHARS_MAX:
        raise InputError(f"{member} must be the id of an object", member=member)
    if entry.has_bin:
        return guid(value, member=member)
    return value.lower() if GUID.match(value) else value


def filled_list(value: object, member: str) -> list[Any]:
    """Return a list that has something in it; raise InputError for anything else."""
    if not isinstance(value, list):
        raise InputError(f"{member} must be a list", member=member)
    if not value:
        raise InputError(f"{member} is empty; leave it out with what it is in to mean everything", member=member)
    return value


def _exactly(value: Json, name: str, member: str) -> None:
    only(value, {TYPE_TAG, name}, member)
    if name not in value:
        raise InputError(f"{member}.{name} is missing", member=f"{member}.{name}")


def only(value: Json, allowed: set[str], member: str) -> None:
    """Return when `value` has no other members than `allowed`; raise InputError naming the first that it has."""
    for name in value:
        if name not in allowed:
            place = f"{member}.{name[:120]}"
            raise InputError(f"the member {place!r} is unknown", member=place)
