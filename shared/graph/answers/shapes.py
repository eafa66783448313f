"""What is opened of an answer, and nothing else of it: the structs by which a page's JSON is decoded.

Pure. Members that no struct names are skipped without being built, and objects are kept as they came.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType


class Envelope(msgspec.Struct, rename={"next": "@odata.nextLink", "delta": "@odata.deltaLink"}):
    """A page whose objects are kept unopened, with its links."""

    value: list[msgspec.Raw]
    next: str | UnsetType = UNSET
    delta: str | UnsetType = UNSET


class Id(msgspec.Struct, gc=False):
    """An object of which only the id is known."""

    id: str


class OtherId(msgspec.Struct, gc=False):
    """An object that a reference names, whose id is not empty."""

    id: Annotated[str, msgspec.Meta(min_length=1)]


class Identity(msgspec.Struct, rename={"kind": "@odata.type"}, gc=False):
    """An object of which the id and the @odata.type are known."""

    id: str
    kind: str | UnsetType = UNSET


class Nameless(msgspec.Struct, rename={"kind": "@odata.type"}):
    """An object that stands alone at its path and need not have an id."""

    id: str = "-"
    kind: str | UnsetType = UNSET


class Ids(msgspec.Struct, rename={"next": "@odata.nextLink"}):
    """A page of ids and the next link."""

    value: list[Id]
    next: str | UnsetType = UNSET


class Kinds(msgspec.Struct, rename={"next": "@odata.nextLink"}):
    """A page of ids and @odata.types, and the next link."""

    value: list[Identity]
    next: str | UnsetType = UNSET


class Identities(msgspec.Struct):
    """The ids and @odata.types of a page's objects, for a second pass over an Envelope's bytes."""

    value: list[Identity]


@cache
def expanded_rows(reference: str) -> Any:
    """Return the struct of a page of objects with `reference` expanded; the reference must be there, if only as []."""
    row = msgspec.defstruct(
        f"Expanded_{reference}",
        [("id", str), ("others", list[OtherId]), ("more", str | UnsetType, UNSET)],
        rename={"others": reference, "more": f"{reference}@odata.nextLink"},
        gc=False,
    )
    return _page_of(f"Expanded_{reference}_page", row)


@cache
def parent_rows(collection: str) -> Any:
    """Return the struct of a page of objects whose expanded `collection` is kept unopened."""
    row = msgspec.defstruct(
        f"Parents_{collection}",
        [("id", str), ("others", list[msgspec.Raw]), ("more", str | UnsetType, UNSET)],
        rename={"others": collection, "more": f"{collection}@odata.nextLink"},
    )
    return _page_of(f"Parents_{collection}_page", row)


@cache
def child_rows(collection: str, members: tuple[str, ...]) -> Any:
    """Return the struct of the same page that opens of every child its id and `members`, and nothing else."""
    fields: list[Any] = [("id", str)]
    fields += [(f"part_{place}", str | None, None) if place else ("part_0", str) for place in range(len(members))]
    renamed = {f"part_{place}": name for place, name in enumerate(members)}
    child = msgspec.defstruct(f"Child_{collection}", fields, rename=renamed, gc=False)
    row = msgspec.defstruct(f"Children_{collection}", [("others", list[child])], rename={"others": collection})  # type: ignore[valid-type]
    return _page_of(f"Children_{collection}_page", row)


@cache
def single_rows(reference: str) -> Any:
    """Return the struct of a page of objects with a `reference` to one object expanded."""
    return _page_of(f"Single_{reference}_page", single_row(reference))


@cache
def single_row(reference: str) -> Any:
    """Return the struct of an object with a `reference` to one object expanded; without one it may be left out."""
    return msgspec.defstruct(
        f"Single_{reference}", [("id", str), ("other", OtherId | None, None)], rename={"other": reference}, gc=False
    )


@cache
def keyed_rows(key: str) -> Any:
    """Return the struct of a page of objects that are identified by another member than `id`."""
    row = msgspec.defstruct(
        f"Keyed_{key}", [("id", str), ("kind", str | UnsetType, UNSET)], rename={"id": key, "kind": "@odata.type"}
    )
    return _page_of(f"Keyed_{key}_page", row)


def _page_of(name: str, row: Any) -> Any:
    return msgspec.defstruct(
        name, [("value", list[row]), ("next", str | UnsetType, UNSET)], rename={"next": "@odata.nextLink"}
    )
