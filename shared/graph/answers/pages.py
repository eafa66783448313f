"""Read one page of a collection without building its objects.

Pure. A page is one complete JSON object, served as application/json, with a `value` array of objects that each have
an id. Whatever is not that raises IncompleteListingError with the listing's name and the request-id: a listing read in
part must never look like deletion (decision D5).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from shared.graph.answers.faults import incomplete, refusal
from shared.graph.exchange import Reply

EXPANDED_MAX = 20  # "Use query parameters", $expand: at most this many items per object come, without a next link


class _Envelope(msgspec.Struct, rename={"next": "@odata.nextLink", "delta": "@odata.deltaLink"}):
    value: list[msgspec.Raw]
    next: str | UnsetType = UNSET
    delta: str | UnsetType = UNSET


class _Id(msgspec.Struct, gc=False):
    id: str


class _Identity(msgspec.Struct, rename={"kind": "@odata.type"}, gc=False):
    id: str
    kind: str | UnsetType = UNSET


class _Nameless(msgspec.Struct, rename={"kind": "@odata.type"}):
    id: str = "-"
    kind: str | UnsetType = UNSET


class _Ids(msgspec.Struct, rename={"next": "@odata.nextLink"}):
    value: list[_Id]
    next: str | UnsetType = UNSET


class _Kinds(msgspec.Struct, rename={"next": "@odata.nextLink"}):
    value: list[_Identity]
    next: str | UnsetType = UNSET


class _Identities(msgspec.Struct):
    value: list[_Identity]


Shape = TypeVar("Shape")


class ObjectPage(msgspec.Struct, frozen=True):
    """The objects of one page as compact single-line JSON, their ids in the same order, and the links that follow."""

    ids: Sequence[str]
    bodies: Sequence[bytes]
    next_link: str | None
    delta_link: str | None


class Expanded(msgspec.Struct, frozen=True, gc=False):
    """One object of a listing with the ids its reference names; `is_cut` when there may be more than came."""

    object_id: str
    other_ids: Sequence[str]
    is_cut: bool


class Parent(msgspec.Struct, frozen=True):
    """One object of a listing with the bodies of those below it; `is_cut` when there may be more than came.

    `said` holds, for each of the bodies, what it says of the members that were asked about.
    """

    object_id: str
    bodies: Sequence[bytes]
    said: Sequence[tuple[str | None, ...]]
    is_cut: bool


def object_page(
    what: str, reply: Reply, *, repeats: bool = False, only: Sequence[str] = (), key: str = "id"
) -> ObjectPage:
    """Return the page in `reply`.

    `repeats` lets an id come twice (delta); `only` are the @odata.types that alone may come, if any are named; `key` is
    the member that identifies an object.
    Raises DirectoryError or TransientError for a reply that is no success, IncompleteListingError for no whole page.
    """
    envelope = _decoded(what, reply, _Envelope)
    # A second pass over the whole page costs less than opening each of its objects, and proves the same.
    identities = _read(what, reply, _Identities if key == "id" else _keyed_by(key)).value
    ids = _known_ids(what, reply, identities)
    kinds = {identity.kind for identity in identities} - {UNSET, *only} if only else ()
    if kinds:
        stray = next(identity for identity in identities if identity.kind in kinds)
        raise incomplete(what, f"object {stray.id!r} is a {stray.kind}, not a {only[0]}", reply)
    if b"\n" in reply.body or b"\r" in reply.body:
        bodies = [single_line(raw) for raw in envelope.value]
    else:
        bodies = [bytes(raw) for raw in envelope.value]
    _refuse_doubles(what, reply, ids, repeats=repeats)
    return ObjectPage(ids, bodies, _link(envelope.next), _link(envelope.delta))


def id_page(what: str, reply: Reply) -> tuple[list[str], str | None]:
    """Return the ids of the page and the next link; what else the objects hold is not looked at."""
    envelope = _decoded(what, reply, _Ids)
    ids = _known_ids(what, reply, envelope.value)
    _refuse_doubles(what, reply, ids, repeats=False)
    return ids, _link(envelope.next)


def kinds_page(what: str, reply: Reply) -> tuple[list[tuple[str, str]], str | None]:
    """Return the id and @odata.type (empty when absent) of each object of a page of several types, and the link."""
    envelope = _decoded(what, reply, _Kinds)
    _refuse_doubles(what, reply, _known_ids(what, reply, envelope.value), repeats=False)
    return [(row.id, "" if row.kind is UNSET else row.kind) for row in envelope.value], _link(envelope.next)


def expanded_page(
    what: str, reply: Reply, reference: str, *, is_single: bool = False
) -> tuple[list[Expanded], str | None]:
    """Return each object of the page with its expanded `reference`, and the next link.

    An `is_single` reference leads to one object, and is left out where there is none.
    """
    envelope = _decoded(what, reply, _single_page(reference) if is_single else _expanded_page(reference))
    found = envelope.value
    if is_single:
        rows = [Expanded(row.id, (row.other.id,) if row.other is not None else (), False) for row in found]
    else:
        listed = [(row, [other.id for other in row.others] if row.others else ()) for row in found]
        rows = [Expanded(row.id, ids, row.more is not UNSET or len(ids) >= EXPANDED_MAX) for row, ids in listed]
    if "" in chain.from_iterable([row.other_ids for row in rows]):
        nameless = next(number for number, row in enumerate(rows) if "" in row.other_ids)
        raise incomplete(what, f"object {nameless} has an empty id", reply)
    _refuse_doubles(what, reply, _known_ids(what, reply, found), repeats=False)
    return rows, _link(envelope.next)


def parents_page(what: str, reply: Reply, collection: str, members: tuple[str, ...]) -> tuple[list[Parent], str | None]:
    """Return each object of the page with the objects of its expanded `collection`, and the next link.

    `members` are what those are known by; the first must be there, the others may be null.
    """
    envelope = _decoded(what, reply, _parents_page(collection))
    ids = _known_ids(what, reply, envelope.value)
    _refuse_doubles(what, reply, ids, repeats=False)
    # A second pass over the whole page says who every child is, which costs less than opening each of them.
    children = [row.others for row in _read(what, reply, _children_page(collection, members)).value]
    rows = []
    for number, (row, known) in enumerate(zip(envelope.value, children, strict=True)):
        _refuse_doubles(what, reply, _known_ids(what, reply, known, number), repeats=False)
        said = [msgspec.structs.astuple(child)[1:] for child in known]
        is_cut = row.more is not UNSET or len(known) >= EXPANDED_MAX
        rows.append(Parent(row.id, [single_line(raw) for raw in row.others], said, is_cut))
    return rows, _link(envelope.next)


def expanded_object(what: str, reply: Reply, reference: str) -> Expanded:
    """Return the object that the reply is, with its expanded single `reference`."""
    if not reply.is_success:
        raise refusal(what, reply)
    _check_text(what, reply)
    row = _identity(what, reply, _single_shape(reference))
    others = () if row.other is None else _known_ids(what, reply, [row.other])
    return Expanded(row.id, others, is_cut=False)


def one_object(what: str, reply: Reply, *, is_keyed: bool = True) -> tuple[str, bytes]:
    """Return the @odata.type (empty when absent) and body of a reply that is one object, its @odata.context removed.

    What stands alone at its path need not have an id: `is_keyed` is false for it.
    """
    if not reply.is_success:
        raise refusal(what, reply)
    _check_text(what, reply)
    identity = _identity(what, reply, _Identity if is_keyed else _Nameless)
    members = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    members.pop("@odata.context", None)
    kind = "" if identity.kind is UNSET else identity.kind
    return kind, single_line(msgspec.json.encode(members))


def without(body: bytes, reference: str) -> bytes:
    """Return an object's body without its expanded `reference`, which is no property of it."""
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    kept = {name: value for name, value in members.items() if name.partition("@")[0] != reference}
    return msgspec.json.encode(kept)


def single_line(raw: msgspec.Raw | bytes) -> bytes:
    """Return the JSON in `raw` as bytes without line breaks; numbers and names stay exactly as they came."""
    text = bytes(raw)
    return msgspec.json.format(text, indent=-1) if b"\n" in text or b"\r" in text else text


def _decoded(what: str, reply: Reply, shape: type[Shape]) -> Shape:
    """Return the whole body of a success as `shape`, a page; its links are proven not to be empty."""
    if not reply.is_success:
        raise refusal(what, reply)
    _check_text(what, reply)
    envelope = _read(what, reply, shape)
    if "" in (getattr(envelope, "next", UNSET), getattr(envelope, "delta", UNSET)):
        raise incomplete(what, "the page has an empty link", reply)
    return envelope


def _read(what: str, reply: Reply, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(reply.body, type=shape)
    except RecursionError:
        raise incomplete(what, "the page is nested too deeply", reply) from None
    except msgspec.DecodeError as error:
        raise incomplete(what, f"the page is no whole JSON collection ({error})", reply) from error


def _check_text(what: str, reply: Reply) -> None:
    if reply.cut:
        raise incomplete(what, reply.cut, reply)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise incomplete(what, f"the page is {kind or 'of no content type'}, not application/json", reply)
    if reply.body.isascii():
        return
    try:
        reply.body.decode()  # objects are kept unopened, so nothing later would notice
    except UnicodeDecodeError as error:
        raise incomplete(what, f"the page is not UTF-8 ({error.reason})", reply) from error


def _identity(what: str, reply: Reply, shape: Any) -> Any:
    """Return who the one object of the reply is, as `shape`, a struct with an `id`."""
    try:
        found = msgspec.json.decode(reply.body, type=shape)
    except RecursionError:
        raise incomplete(what, "the object is nested too deeply", reply) from None
    except msgspec.DecodeError as error:
        raise incomplete(what, f"the object is malformed ({error})", reply) from error
    _known_ids(what, reply, [found])
    return found


def _known_ids(what: str, reply: Reply, rows: Sequence[Any], number: int | None = None) -> list[str]:
    """Return the id of each row, proven not to be empty; `number` is the object that the rows belong to."""
    ids = [row.id for row in rows]
    if "" in ids:
        raise incomplete(what, f"object {ids.index('') if number is None else number} has an empty id", reply)
    return ids


def _refuse_doubles(what: str, reply: Reply, ids: Sequence[str], *, repeats: bool) -> None:
    if not repeats and len(set(ids)) != len(ids):
        raise incomplete(what, "one id comes twice in a page", reply)


def _link(link: str | UnsetType) -> str | None:
    return None if link is UNSET else link


@cache
def _expanded_page(reference: str) -> Any:
    """Return the struct of a page of objects with `reference` expanded; the reference must be there, if only as []."""
    row = msgspec.defstruct(
        f"Expanded_{reference}",
        [("id", str), ("others", list[_Id]), ("more", str | UnsetType, UNSET)],
        rename={"others": reference, "more": f"{reference}@odata.nextLink"},
        gc=False,
    )
    return _page_of(f"Expanded_{reference}_page", row)


@cache
def _parents_page(collection: str) -> Any:
    """Return the struct of a page of objects whose expanded `collection` is kept unopened."""
    row = msgspec.defstruct(
        f"Parents_{collection}",
        [("id", str), ("others", list[msgspec.Raw]), ("more", str | UnsetType, UNSET)],
        rename={"others": collection, "more": f"{collection}@odata.nextLink"},
    )
    return _page_of(f"Parents_{collection}_page", row)


@cache
def _children_page(collection: str, members: tuple[str, ...]) -> Any:
    """Return the struct of the same page that opens of every child its id and `members`, and nothing else."""
    fields: list[Any] = [("id", str)]
    fields += [(f"part_{place}", str | None, None) if place else ("part_0", str) for place in range(len(members))]
    renamed = {f"part_{place}": name for place, name in enumerate(members)}
    child = msgspec.defstruct(f"Child_{collection}", fields, rename=renamed, gc=False)
    row = msgspec.defstruct(f"Children_{collection}", [("others", list[child])], rename={"others": collection})  # type: ignore[valid-type]
    return _page_of(f"Children_{collection}_page", row)


@cache
def _single_page(reference: str) -> Any:
    """Return the struct of a page of objects with a `reference` to one object expanded."""
    return _page_of(f"Single_{reference}_page", _single_shape(reference))


@cache
def _single_shape(reference: str) -> Any:
    """Return the struct of an object with a `reference` to one object expanded; without one it may be left out."""
    return msgspec.defstruct(
        f"Single_{reference}", [("id", str), ("other", _Id | None, None)], rename={"other": reference}, gc=False
    )


@cache
def _keyed_by(key: str) -> Any:
    """Return the struct of a page of objects that are identified by another member than `id`."""
    row = msgspec.defstruct(
        f"Keyed_{key}", [("id", str), ("kind", str | UnsetType, UNSET)], rename={"id": key, "kind": "@odata.type"}
    )
    return _page_of(f"Keyed_{key}_page", row)


def _page_of(name: str, row: Any) -> Any:
    return msgspec.defstruct(
        name, [("value", list[row]), ("next", str | UnsetType, UNSET)], rename={"next": "@odata.nextLink"}
    )
