"""Read the references of a whole listing: small ones with the listing itself, large ones object by object.

A page of objects with `$expand` says at once what up to 19 references are, and of whom there may be more. Those are
read by themselves, 20 to a $batch, and a page of ours ends as soon as it has enough links, so that what is held in
memory does not grow with a tenant's groups. The cursor then says how far into the page of objects it came. The rest of
that page is kept here for whoever asks next; another worker, or a later one, asks Graph for it again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import msgspec

from shared.catalogue.entry import Listing
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.cursors import Chain, Cursor
from shared.graph.exchange import Reply
from shared.graph.settings import BATCH_PARTS_MAX
from shared.ports import Page

LINKS_ENOUGH = 10_000  # of one page; one round of 20 objects may bring twice as many more
CROWDS_KEPT = 16  # pages of objects that are partly read: one for each batch that a worker has at once

Linked = list[tuple[str, Sequence[str]]]


class Requests(Protocol):
    """The requests that reading references takes (reading.py)."""

    async def outer_page(self, listing: Listing, cursor: Cursor) -> Reply:
        """Return the reply to the listing's own page at `cursor`."""

    async def after(self, listing: Listing, cursor: Cursor, reply: Reply, *, rows: int, link: str | None) -> Cursor:
        """Return the cursor after a page of `rows` objects."""

    async def reference_round(
        self, what: str, path: str, reference: str, chains: Sequence[Chain]
    ) -> tuple[Linked, list[Chain], list[str]]:
        """Read one page of references of each object in `chains`."""


class _Crowd(msgspec.Struct, frozen=True):
    """Objects of one page of the listing that are still to be read one by one, and the cursor after them."""

    waiting: tuple[str, ...]
    following: Cursor


class LinkReader:
    """Pages of listings of references."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._crowds: OrderedDict[str, _Crowd] = OrderedDict()

    async def page(self, listing: Listing, text: str) -> Page:
        """Return the page of links at the cursor `text`; links that came before may come again, which is harmless."""
        cursor, crowd = cursors.load(listing.name, text), self._crowds.get(text)
        linked: Linked = []
        requests = 0
        pending = list(cursor.pending)
        has_ended = cursor.page > 0 and cursor.next is None and not cursor.after
        if crowd is None and not has_ended and (cursor.after or len(pending) < BATCH_PARTS_MAX):
            crowd, linked = await self._outer(listing, cursor)
            requests = 1
        waiting = list(crowd.waiting) if crowd else []
        following = crowd.following if crowd else cursor
        goes_on = following.next is not None
        while True:  # whoever has begun a page of objects begins some of them too, so that the cursor always moves
            taken = max(0, BATCH_PARTS_MAX - len(pending))
            pending += [Chain(object_id) for object_id in waiting[:taken]]
            cursor, waiting = _reached(cursor, waiting[:taken]), waiting[taken:]
            if not pending or ((requests or crowd) and goes_on and len(pending) < BATCH_PARTS_MAX):
                break  # what is left goes into one $batch with the next page's
            chains, rest = pending[:BATCH_PARTS_MAX], pending[BATCH_PARTS_MAX:]
            found, going, _ = await self._requests.reference_round(listing.name, listing.path, listing.expand, chains)
            linked += found
            pending = going + rest
            requests += len(chains)
            if sum(len(others) for _source, others in linked) >= LINKS_ENOUGH:
                break
        after = cursors.dump(msgspec.structs.replace(cursor if waiting else following, pending=pending))
        if waiting and after is not None:
            self._keep(after, _Crowd(tuple(waiting), following))
        return Page(cursor=after, linked=linked, requests=requests)

    async def _outer(self, listing: Listing, cursor: Cursor) -> tuple[_Crowd, Linked]:
        """Read the page of objects at `cursor`; return whom to read by themselves, and the links of the others."""
        reply = await self._requests.outer_page(listing, cursor)
        rows, link = pages.expanded_page(listing.name, reply, listing.expand, is_single=listing.is_single)
        following = await self._requests.after(listing, cursor, reply, rows=len(rows), link=link)
        waiting = sorted(row.object_id for row in rows if row.is_cut and row.object_id > cursor.after)
        return _Crowd(tuple(waiting), following), [(row.object_id, row.other_ids) for row in rows if not row.is_cut]

    def _keep(self, text: str, crowd: _Crowd) -> None:
        self._crowds[text] = crowd
        self._crowds.move_to_end(text)
        while len(self._crowds) > CROWDS_KEPT:
            self._crowds.popitem(last=False)


def _reached(cursor: Cursor, begun: Sequence[str]) -> Cursor:
    """Return the cursor that says which objects of its page have been begun."""
    return msgspec.structs.replace(cursor, after=begun[-1]) if begun else cursor
