"""Prove that an answer is what a page must be: a success, whole, application/json in UTF-8, with ids, each once.

Pure. Whatever is not raises by the listing's name and the request-id, as shared/graph/answers/pages.py promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from shared.graph.answers.faults import incomplete, refusal
from shared.graph.exchange import Reply

Shape = TypeVar("Shape")


def decoded(what: str, reply: Reply, shape: type[Shape]) -> Shape:
    """Return the whole body of a success as `shape`, a page; its links are proven not to be empty."""
    if not reply.is_success:
        raise refusal(what, reply)
    check_text(what, reply)
    envelope = read(what, reply, shape)
    if "" in (getattr(envelope, "next", UNSET), getattr(envelope, "delta", UNSET)):
        raise incomplete(what, "the page has an empty link", reply)
    return envelope


def read(what: str, reply: Reply, shape: type[Shape]) -> Shape:
    """Return the body as `shape`; raise IncompleteListingError when it is no JSON of that shape."""
    try:
        return msgspec.json.decode(reply.body, type=shape)
    except RecursionError:
        raise incomplete(what, "the page is nested too deeply", reply) from None
    except msgspec.DecodeError as error:
        raise incomplete(what, f"the page is no whole JSON collection ({error})", reply) from error


def check_text(what: str, reply: Reply) -> None:
    """Raise IncompleteListingError for a body that is cut, of another content type than JSON, or no UTF-8."""
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


def identity_of(what: str, reply: Reply, shape: Any) -> Any:
    """Return who the one object of the reply is, as `shape`, a struct with an `id`."""
    try:
        found = msgspec.json.decode(reply.body, type=shape)
    except RecursionError:
        raise incomplete(what, "the object is nested too deeply", reply) from None
    except msgspec.DecodeError as error:
        raise incomplete(what, f"the object is malformed ({error})", reply) from error
    known_ids(what, reply, [found])
    return found


def known_ids(what: str, reply: Reply, rows: Sequence[Any], number: int | None = None) -> list[str]:
    """Return the id of each row, proven not to be empty; `number` is the object that the rows belong to."""
    ids = [row.id for row in rows]
    if "" in ids:
        raise incomplete(what, f"object {ids.index('') if number is None else number} has an empty id", reply)
    return ids


def refuse_doubles(what: str, reply: Reply, ids: Sequence[str], *, repeats: bool) -> None:
    """Raise IncompleteListingError when an id comes twice, unless `repeats` lets it."""
    if not repeats and len(set(ids)) != len(ids):
        raise incomplete(what, "one id comes twice in a page", reply)


def link_of(link: str | UnsetType) -> str | None:
    """Return a page's link, None where it has none."""
    return None if link is UNSET else link
