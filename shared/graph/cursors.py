"""The cursor of a listing: where to go on, as text that any worker can take up.

Pure. A cursor is JSON, holds no object, and is checked again when it is read: it has been through storage.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.domain.errors import IncompleteListingError
from shared.graph import links
from shared.graph.answers.faults import incomplete
from shared.graph.exchange import Reply
from shared.graph.links import Trail


class Chain(msgspec.Struct, frozen=True, array_like=True):
    """One object whose references are still to be read: `next` is the tail of the next page, None for the first."""

    object_id: str
    next: str | None = None
    trail: Trail = Trail()


class Cursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`next` is the tail of the next page of the listing itself, None when that has ended (or not begun: no pages).

    `rows` counts the objects it gave so far; `pending` are the objects whose references are read one by one. `after`
    is the last object of the page at `next` whose reading by itself has begun, empty before the first.
    """

    next: str | None = None
    page: int = 0
    rows: int = 0
    trail: Trail = Trail()
    pending: Sequence[Chain] = ()
    after: str = ""


def load(what: str, text: str) -> Cursor:
    """Return the cursor in `text`, the first one for the empty text; raise IncompleteListingError for any other."""
    if not text:
        return Cursor()
    try:
        cursor = msgspec.json.decode(text, type=Cursor)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IncompleteListingError(f"{what}: the cursor is none of ours ({error})") from error
    tails = [cursor.next, *(chain.next for chain in cursor.pending)]
    if not all(tail is None or links.is_tail(tail) for tail in tails):
        raise IncompleteListingError(f"{what}: the cursor holds a link that leads elsewhere")
    return cursor


def dump(cursor: Cursor) -> str | None:
    """Return the text of `cursor`, None when nothing is left to read."""
    if cursor.next is None and not cursor.pending and not cursor.after:
        return None
    return msgspec.json.encode(cursor).decode()


class Bounds(msgspec.Struct, frozen=True):
    """Where links may lead (`base`) and how many pages one chain may have."""

    base: str
    pages_max: int


def advance(what: str, reply: Reply, link: str, trail: Trail, bounds: Bounds) -> tuple[str, Trail]:
    """Return the tail of `link` and the trail after it.

    Raises IncompleteListingError when the link leads elsewhere, back to where the listing was, or beyond the ceiling.
    """
    tail = links.tail_of(link, bounds.base)
    if tail is None:
        raise incomplete(what, "the next link leads to another place than Graph", reply)
    after = links.followed(trail, tail)
    if after is None:
        raise incomplete(what, "the next link leads back to a page already read", reply)
    if after.pages > bounds.pages_max:
        raise incomplete(what, f"the listing has more than {bounds.pages_max} pages", reply)
    return tail, after
