"""Read collections that every object of another collection has, twenty objects to a $batch.

A page is a function of its cursor alone: the cursor holds where the listing of parents goes on, and which parents are
pending. A parent that is gone by the time its collection is asked for has no children any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from shared.catalogue.entry import PAGE_MAX, Listing, ObjectType
from shared.catalogue.identity import PARENT, anchor, object_id
from shared.catalogue.types import BY_NAME, TYPES
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted
from shared.graph.answers.faults import incomplete, is_gone
from shared.graph.counting import live_count
from shared.graph.cursors import Bounds, Chain, Cursor
from shared.graph.exchange import Reply, Request
from shared.graph.sending import Sender
from shared.graph.settings import BATCH_PARTS_MAX
from shared.ports import Found, Page

PRIORITY = "low"  # "Microsoft Graph throttling guidance": background reading gives way to a recovery
PARENTS_TOP = 80  # parents a page: with those left over, a cursor names at most 99 and fits into a table cell

Bodies = list[tuple[str, bytes]]


class Children:
    """Pages of such a collection, and its objects by id."""

    def __init__(self, sender: Sender, bounds: Bounds) -> None:
        self._sender, self._bounds = sender, bounds

    async def page(self, listing: Listing, cursor: Cursor) -> Page:
        """Return the children of up to twenty parents, after reading the next parents when fewer are pending."""
        pending = list(cursor.pending)
        requests = 0
        has_ended = cursor.page > 0 and cursor.next is None
        if len(pending) < BATCH_PARTS_MAX and not has_ended:
            cursor, parents = await self._parents(listing, cursor)
            pending += [Chain(parent) for parent in parents]
            requests += 1
        chains, rest = pending[:BATCH_PARTS_MAX], pending[BATCH_PARTS_MAX:]
        found, going = await self._round(BY_NAME[listing.type], chains)
        after = Cursor(
            next=cursor.next, page=cursor.page, rows=cursor.rows, trail=cursor.trail, pending=[*going, *rest]
        )
        bodies = [body for _id, body in found]
        return Page(cursor=cursors.dump(after), bodies=bodies, requests=requests + len(chains))

    async def find(self, entry: ObjectType, object_ids: Sequence[str]) -> dict[str, Found]:
        """Return the present state of each object, by reading the collections of their parents to the end."""
        found = dict.fromkeys(object_ids, Found(None))
        chains = [Chain(parent) for parent in dict.fromkeys(map(anchor, object_ids))]
        while chains:
            children, chains = await self._round(entry, chains)
            found |= {known: Found(body) for known, body in children if known in found}
        return found

    async def _parents(self, listing: Listing, cursor: Cursor) -> tuple[Cursor, list[str]]:
        what = f"{listing.name}-parents"
        tail = cursor.next or f"{listing.parents}?$select=id&$top={PARENTS_TOP}"
        reply = await self._sender.send(Request(tail=tail, priority=PRIORITY))
        ids, link = pages.id_page(what, reply)
        rows = cursor.rows + len(ids)
        if link is None:
            await self._check_last(listing, reply, len(ids), rows)
            return Cursor(page=cursor.page + 1, rows=rows), ids
        following, trail = cursors.advance(what, reply, link, cursor.trail, self._bounds)
        return Cursor(next=following, page=cursor.page + 1, rows=rows, trail=trail), ids

    async def _check_last(self, listing: Listing, reply: Reply, came: int, total: int) -> None:
        """Raise IncompleteListingError when the last page of parents is exactly full and the index knows of more."""
        parent = next(entry for entry in TYPES if entry.path == listing.parents)
        if came == PARENTS_TOP and total < (there_are := await live_count(self._sender, parent)):
            fact = f"ended on a full page without a next link: {total} of {there_are} {parent.name} objects came"
            raise incomplete(f"{listing.name}-parents", fact, reply)

    async def _round(self, entry: ObjectType, chains: Sequence[Chain]) -> tuple[Bodies, list[Chain]]:
        """Read one page of the collection of each parent; return the children and the chains that go on."""
        tails = [chain.next or children_tail(entry, chain.object_id) for chain in chains]
        replies = await self._sender.read_each([Request(tail=tail, priority=PRIORITY) for tail in tails])
        found: Bodies = []
        going: list[Chain] = []
        for chain, reply in zip(chains, replies, strict=True):
            if is_gone(reply):
                continue
            what = f"{entry.name} of {chain.object_id}"
            page = pages.object_page(what, reply)
            bodies = [admitted(entry, body, reply, parent=chain.object_id) for body in page.bodies]
            found += [(object_id(entry, body), body) for body in bodies]
            if page.next_link is not None:
                tail, trail = cursors.advance(what, reply, page.next_link, chain.trail, self._bounds)
                going.append(Chain(chain.object_id, tail, trail))
        return found, going


def children_tail(entry: ObjectType, parent: str) -> str:
    """Return the path and query of the first page of one parent's children."""
    path = entry.path.replace("{parent}", quote(parent, safe=""))
    selected = f"{path}?$select={','.join(entry.select)}"
    # Federated credentials take no $top above 20, and an application has at most that many.
    return selected if PARENT in entry.identity else f"{selected}&$top={PAGE_MAX}"
