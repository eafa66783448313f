"""Read one page of a collection without building its objects.

Pure. A page is one complete JSON object, served as application/json, with a `value` array of objects that each have
an id. Whatever is not that raises IncompleteListingError with the listing's name and the request-id: a listing read in
part must never look like deletion (decision D5).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from shared.graph.answers import shapes
from shared.graph.answers.faults import incomplete, refusal
from shared.graph.answers.parsing import check_text, decoded, identity_of, known_ids, link_of, read, refuse_doubles
from shared.graph.exchange import Reply

EXPANDED_MAX = 20  # "Use query parameters", $expand: at most this many items per object come, without a next link


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
    envelope = decoded(what, reply, shapes.Envelope)
    # A second pass over the whole page costs less than opening each of its objects, and proves the same.
    identities = read(what, reply, shapes.Identities if key == "id" else shapes.keyed_rows(key)).value
    ids = known_ids(what, reply, identities)
    kinds = {identity.kind for identity in identities} - {UNSET, *only} if only else ()
    if kinds:
        stray = next(identity for identity in identities if identity.kind in kinds)
        raise incomplete(what, f"object {stray.id!r} is a {stray.kind}, not a {only[0]}", reply)
    if b"\n" in reply.body or b"\r" in reply.body:
        bodies = [single_line(raw) for raw in envelope.value]
    else:
        bodies = [bytes(raw) for raw in envelope.value]
    refuse_doubles(what, reply, ids, repeats=repeats)
    return ObjectPage(ids, bodies, link_of(envelope.next), link_of(envelope.delta))


def id_page(what: str, reply: Reply) -> tuple[list[str], str | None]:
    """Return the ids of the page and the next link; what else the objects hold is not looked at."""
    envelope = decoded(what, reply, shapes.Ids)
    ids = known_ids(what, reply, envelope.value)
    refuse_doubles(what, reply, ids, repeats=False)
    return ids, link_of(envelope.next)


def kinds_page(what: str, reply: Reply) -> tuple[list[tuple[str, str]], str | None]:
    """Return the id and @odata.type (empty when absent) of each object of a page of several types, and the link."""
    envelope = decoded(what, reply, shapes.Kinds)
    refuse_doubles(what, reply, known_ids(what, reply, envelope.value), repeats=False)
    return [(row.id, "" if row.kind is UNSET else row.kind) for row in envelope.value], link_of(envelope.next)


def expanded_page(
    what: str, reply: Reply, reference: str, *, is_single: bool = False
) -> tuple[list[Expanded], str | None]:
    """Return each object of the page with its expanded `reference`, and the next link.

    An `is_single` reference leads to one object, and is left out where there is none.
    """
    envelope = decoded(what, reply, shapes.single_rows(reference) if is_single else shapes.expanded_rows(reference))
    found = envelope.value
    if is_single:
        rows = [Expanded(row.id, (row.other.id,) if row.other is not None else (), False) for row in found]
    else:
        rows = [
            Expanded(
                row.id,
                [other.id for other in row.others] if row.others else (),
                row.more is not UNSET or len(row.others) >= EXPANDED_MAX,
            )
            for row in found
        ]
    refuse_doubles(what, reply, known_ids(what, reply, found), repeats=False)
    return rows, link_of(envelope.next)


def parents_page(what: str, reply: Reply, collection: str, members: tuple[str, ...]) -> tuple[list[Parent], str | None]:
    """Return each object of the page with the objects of its expanded `collection`, and the next link.

    `members` are what those are known by; the first must be there, the others may be null.
    """
    envelope = decoded(what, reply, shapes.parent_rows(collection))
    ids = known_ids(what, reply, envelope.value)
    refuse_doubles(what, reply, ids, repeats=False)
    # A second pass over the whole page says who every child is, which costs less than opening each of them.
    children = [row.others for row in read(what, reply, shapes.child_rows(collection, members)).value]
    rows = []
    for number, (row, known) in enumerate(zip(envelope.value, children, strict=True)):
        refuse_doubles(what, reply, known_ids(what, reply, known, number), repeats=False)
        said = [msgspec.structs.astuple(child)[1:] for child in known]
        is_cut = row.more is not UNSET or len(known) >= EXPANDED_MAX
        rows.append(Parent(row.id, [single_line(raw) for raw in row.others], said, is_cut))
    return rows, link_of(envelope.next)


def expanded_object(what: str, reply: Reply, reference: str) -> Expanded:
    """Return the object that the reply is, with its expanded single `reference`."""
    if not reply.is_success:
        raise refusal(what, reply)
    check_text(what, reply)
    row = identity_of(what, reply, shapes.single_row(reference))
    others = () if row.other is None else known_ids(what, reply, [row.other])
    return Expanded(row.id, others, is_cut=False)


def one_object(what: str, reply: Reply, *, is_keyed: bool = True) -> tuple[str, bytes]:
    """Return the @odata.type (empty when absent) and body of a reply that is one object, its @odata.context removed.

    What stands alone at its path need not have an id: `is_keyed` is false for it.
    """
    if not reply.is_success:
        raise refusal(what, reply)
    check_text(what, reply)
    identity = identity_of(what, reply, shapes.Identity if is_keyed else shapes.Nameless)
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
