"""By which id Tidemark knows an object, and where Graph has it.

Pure. Most objects are known by the id Graph gave them. A grant or an assignment gets a new id whenever it is made
again, so it is known by what it says (the entry's `identity`); what a tenant has once is known by its type.

Promises (tests/unit/catalogue/test_identity.py):
  I1  the id is the same for the same grant or assignment whatever id Graph gives it
  I2  an address never holds a character of an id that could end a path segment
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.members import Reference
from shared.domain.changes import Json

PARENT = "@tidemark.parent"  # where a body does not say below which object it was found, the gateway says it here


class _Kind(msgspec.Struct, rename={"kind": "@odata.type"}):
    kind: str = ""


_KIND = msgspec.json.Decoder(_Kind)
NOTHING = "*"  # stands for null in an id made of several properties


def object_id(entry: ObjectType, body: bytes) -> str:
    """Return Tidemark's id of the object in `body`; msgspec.ValidationError when a part of it is missing."""
    if entry.shape is Shape.SINGLE:
        return entry.name
    names = entry.identity or (entry.key,)
    row = _decoder(names)(body)
    parts = [getattr(row, f"part_{place}") for place in range(len(names))]
    return parts[0] if len(parts) == 1 else _joined(parts)


def object_id_of(entry: ObjectType, body: Json) -> str:
    """Return Tidemark's id of an object that is decoded already."""
    if entry.shape is Shape.SINGLE:
        return entry.name
    if not entry.identity:
        return str(body.get(entry.key) or NOTHING)
    return _joined([body.get(name) for name in entry.identity])


def own_parts(entry: ObjectType) -> tuple[str, ...]:
    """Return the members of a body that make its id: all of the entry's identity but the parent."""
    return tuple(name for name in entry.identity if name != PARENT)


def child_id(entry: ObjectType, parent: str, said: Sequence[str | None]) -> str:
    """Return Tidemark's id of an object below `parent` that says `said` of its own parts."""
    return _joined([parent, *said] if PARENT in entry.identity else said)


def kind_of(body: bytes) -> str:
    """Return the @odata.type that an object says it is of, empty where it does not."""
    return _KIND.decode(body).kind


def has_reference(reference: Reference, body: bytes) -> bool:
    """Tell whether an object can have links of the reference: some are those of derived types alone."""
    return not reference.of_kinds or kind_of(body) in reference.of_kinds


def anchor(object_id: str) -> str:
    """Return the first part of an id made of several: the parent, or what its collection is filtered by."""
    return object_id.partition("/")[0]


def collection(entry: ObjectType, object_id: str) -> str:
    """Return the path of the collection that holds the object."""
    return entry.path.replace("{parent}", quote(anchor(object_id), safe=""))


def address(entry: ObjectType, object_id: str, body: Json | None) -> str:
    """Return the path of one object; `body` is what is live of it, which names it where its id does not."""
    if entry.shape is Shape.SINGLE:
        return entry.path
    key = str((body or {}).get(entry.key) or "") if entry.identity else object_id
    return f"{collection(entry, object_id)}/{quote(key, safe='')}"


def _joined(parts: Sequence[Any]) -> str:
    return "/".join(str(part) if part else NOTHING for part in parts)


@cache
def _decoder(names: tuple[str, ...]) -> Any:
    """Return a decoder of the members that make an id; the first must be there, the others may be null."""
    fields: list[Any] = [("part_0", str)]
    fields += [(f"part_{place}", str | None, None) for place in range(1, len(names))]
    shape = msgspec.defstruct("Identity", fields, rename={f"part_{at}": name for at, name in enumerate(names)})
    return msgspec.json.Decoder(shape).decode
