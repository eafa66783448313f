"""Read collections that every object of another collection has: with their parents, or twenty parents to a $batch.

A page of parents with `$expand` brings up to 19 children of each (Graph: at most 20 items, without a next link);
whoever comes with 20 is read by itself. Where that is to be avoided (settings.py), every parent is read by itself. A
parent that is gone by then has no children any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import PARENT, anchor, child_id, own_parts
from shared.catalogue.listing import PAGE_MAX, Listing
from shared.catalogue.types import BY_NAME, TYPES
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted, identified
from shared.graph.answers.faults import is_gone
from shared.graph.crowds import Begun, CrowdReader
from shared.graph.cursors import Bounds, Chain, Cursor
from shared.graph.exchange import Reply, Request
from shared.graph.sending import Sender
from shared.ports import Found, Page

PRIORITY = "low"  # "Microsoft Graph throttling guidance": background reading gives way to a recovery
PARENTS_TOP = PAGE_MAX

Child = tuple[str, bytes]


class Requests(Protocol):
    """The requests for pages of parents (reading.py)."""

    async def outer_page(self, listing: Listing, cursor: Cursor) -> Reply:
        """Return the reply to the listing's own page at `cursor`."""

    async def after(self, listing: Listing, cursor: Cursor, reply: Reply, *, rows: int, link: str | None) -> Cursor:
        """Return the cursor after a page of `rows` objects."""


class Children:
    """Pages of such a collection, and its objects by id."""

    def __init__(self, requests: Requests, sender: Sender, bounds: Bounds, *, expands: bool) -> None:
        self._requests, self._sender, self._bounds, self._expands = requests, sender, bounds, expands
        self._crowds: CrowdReader[Child] = CrowdReader(self)

    async def page(self, listing: Listing, text: str) -> Page:
        """Return the page of children at the cursor `text`."""
        part = await self._crowds.part(listing, text)
        ids, bodies = [known for known, _body in part.rows], [body for _known, body in part.rows]
        return Page(cursor=cursors.dump(part.cursor), ids=ids, bodies=bodies, requests=part.requests)

    async def find(self, entry: ObjectType, object_ids: Sequence[str]) -> dict[str, Found]:
        """Return the present state of each object, by reading the collections of their parents to the end."""
        found = dict.fromkeys(object_ids, Found(None))
        chains = [Chain(parent) for parent in dict.fromkeys(map(anchor, object_ids))]
        while chains:
            children, chains = await self._round(entry, chains)
            found |= {known: Found(body) for known, body in children if known in found}
        return found

    async def begin(self, listing: Listing, cursor: Cursor) -> Begun[Child]:
        """Read the page of parents at `cursor`; whoever may have more children than came is read by itself."""
        entry, parents = BY_NAME[listing.type], parents_of(listing, expands=self._expands)
        reply = await self._requests.outer_page(parents, cursor)
        if not self._expands:
            ids, link = pages.id_page(parents.name, reply)
            following = await self._requests.after(parents, cursor, reply, rows=len(ids), link=link)
            return Begun(ids, [], following)
        rows, link = pages.parents_page(parents.name, reply, child_name(entry), own_parts(entry))
        following = await self._requests.after(parents, cursor, reply, rows=len(rows), link=link)
        children = [child for row in rows if not row.is_cut for child in _expanded(entry, row, reply)]
        return Begun([row.object_id for row in rows if row.is_cut], children, following)

    async def go_on(self, listing: Listing, chains: Sequence[Chain]) -> tuple[list[Child], list[Chain]]:
        """Read one page of the collection of each parent; return the children and the chains that go on."""
        return await self._round(BY_NAME[listing.type], chains)

    def size(self, rows: Sequence[Child]) -> int:
        """Return how many children there are."""
        return len(rows)

    async def _round(self, entry: ObjectType, chains: Sequence[Chain]) -> tuple[list[Child], list[Chain]]:
        tails = [chain.next or children_tail(entry, chain.object_id) for chain in chains]
        replies = await self._sender.read_each([Request(tail=tail, priority=PRIORITY) for tail in tails])
        found: list[Child] = []
        going: list[Chain] = []
        for chain, reply in zip(chains, replies, strict=True):
            if is_gone(reply):
                continue
            what = f"{entry.name} of {chain.object_id}"
            page = pages.object_page(what, reply)
            bodies = [admitted(entry, body, reply, parent=chain.object_id) for body in page.bodies]
            found += [(identified(what, entry, body, reply), body) for body in bodies]
            if page.next_link is not None:
                tail, trail = cursors.advance(what, reply, page.next_link, chain.trail, self._bounds)
                going.append(Chain(chain.object_id, tail, trail))
        return found, going


def parents_of(listing: Listing, *, expands: bool) -> Listing:
    """Return the listing of the parents of `listing`, with their children when Graph `expands` them."""
    entry = BY_NAME[listing.type]
    parent = next(known for known in TYPES if known.path == listing.parents)
    return Listing(
        name=f"{listing.name}-parents",
        type=parent.name,
        kind="objects",
        path=listing.parents,
        select=("id",),
        top=PARENTS_TOP,
        query=f"$expand={child_name(entry)}($select={','.join(entry.select)})" if expands else "",
    )


def child_name(entry: ObjectType) -> str:
    """Return the name of the collection below each parent."""
    return entry.path.rpartition("/")[2]


def children_tail(entry: ObjectType, parent: str) -> str:
    """Return the path and query of the first page of one parent's children."""
    path = entry.path.replace("{parent}", quote(parent, safe=""))
    selected = f"{path}?$select={','.join(entry.select)}"
    # Federated credentials take no $top above 20, and an application has at most that many.
    return selected if PARENT in entry.identity else f"{selected}&$top={PAGE_MAX}"


def _expanded(entry: ObjectType, parent: pages.Parent, reply: Reply) -> list[Child]:
    """Return the children that came with their parent."""
    ids = [child_id(entry, parent.object_id, said) for said in parent.said]
    bodies = [admitted(entry, body, reply, parent=parent.object_id) for body in parent.bodies]
    return list(zip(ids, bodies, strict=True))
