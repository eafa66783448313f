"""Read collections page by page, to an end that is proven.

A page is a function of its cursor alone, so a page asked for twice is the same page. References are read through the
listing with $expand where it can hold all of them, and one object at a time where it may have been cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from shared.catalogue.listing import PAGE_MAX, Listing, Shape
from shared.catalogue.types import BY_NAME
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted, identified
from shared.graph.answers.faults import incomplete, is_gone
from shared.graph.children import Children
from shared.graph.counting import SAFE, counts_within, live_count
from shared.graph.cursors import Bounds, Chain, Cursor
from shared.graph.exchange import Reply, Request
from shared.graph.linking import Linked, LinkReader
from shared.graph.sending import Sender
from shared.graph.settings import Shortcut
from shared.ports import Page

PRIORITY = "low"  # "Microsoft Graph throttling guidance": background reading gives way to a recovery


def first_tail(listing: Listing) -> str:
    """Return the path and query of the first page of `listing`."""
    options = []
    if listing.select:
        options.append(f"$select={','.join(listing.select)}")
    if listing.within:
        options.append(f"$filter={quote(listing.within, safe=SAFE)}")
    if listing.expand:
        options.append(f"$expand={listing.expand}($select=id)")
    if listing.top is not None:
        options.append(f"$top={listing.top}")
    if listing.query:
        options.append(listing.query)
    return listing.path + ("?" + "&".join(options) if options else "")


def reference_tail(path: str, reference: str, object_id: str) -> str:
    """Return the path and query of the first page of one object's references."""
    return f"{path}/{quote(object_id, safe='')}/{reference}?$select=id&$top={PAGE_MAX}"


class Reader:
    """Pages of listings, and complete references of single objects."""

    def __init__(self, sender: Sender, bounds: Bounds, *, avoids: frozenset[Shortcut] = frozenset()) -> None:
        self._sender = sender
        self._bounds = bounds
        self.children = Children(self, sender, bounds, expands=Shortcut.EXPANDED_CHILDREN not in avoids)
        self._links = LinkReader(self)

    async def page(self, listing: Listing, text: str) -> Page:
        """Return the page of `listing` at the cursor `text`; see ports.Directory."""
        if listing.kind == "links":
            return await self._links.page(listing, text)
        if listing.shape is Shape.CHILDREN:
            return await self.children.page(listing, text)
        cursor = cursors.load(listing.name, text)
        reply = await self.outer_page(listing, cursor)
        if BY_NAME[listing.type].is_plain:
            page = pages.object_page(listing.name, reply, only=_only(listing))
            ids, bodies, link = page.ids, page.bodies, page.next_link
        else:
            rows, link = whole_page(listing, reply)
            ids, bodies = [known for known, _body in rows], [body for _known, body in rows]
        after = await self.after(listing, cursor, reply, rows=len(bodies), link=link)
        return Page(cursor=cursors.dump(after), bodies=bodies, ids=ids)

    async def whole(self, listing: Listing) -> list[tuple[str, bytes]]:
        """Return the id and body of every object of a listing that is small: types that are read by listing them."""
        rows: list[tuple[str, bytes]] = []
        cursor = Cursor()
        while True:
            reply = await self.outer_page(listing, cursor)
            found, link = whole_page(listing, reply)
            rows += found
            cursor = await self.after(listing, cursor, reply, rows=len(found), link=link)
            if cursor.next is None:
                return rows

    async def reference_round(
        self, what: str, path: str, reference: str, chains: Sequence[Chain]
    ) -> tuple[Linked, list[Chain], list[str]]:
        """Read one page of references of each object in `chains`.

        Return the links found by source, the chains that go on, and the ids of objects that are gone.
        """
        tails = [chain.next or reference_tail(path, reference, chain.object_id) for chain in chains]
        replies = await self._sender.read_each([Request(tail=tail, priority=PRIORITY) for tail in tails])
        linked: Linked = []
        going: list[Chain] = []
        gone: list[str] = []
        for chain, reply in zip(chains, replies, strict=True):
            name = f"{what} of {chain.object_id}"
            if is_gone(reply):
                gone.append(chain.object_id)
                continue
            other_ids, next_link = pages.id_page(name, reply)
            linked.append((chain.object_id, other_ids))
            if next_link is not None:
                tail, trail = cursors.advance(name, reply, next_link, chain.trail, self._bounds)
                going.append(Chain(chain.object_id, tail, trail))
        return linked, going, gone

    async def outer_page(self, listing: Listing, cursor: Cursor) -> Reply:
        """Return the reply to the listing's own page at `cursor`."""
        tail = cursor.next or first_tail(listing)
        return await self._sender.send(Request(tail=tail, priority=PRIORITY))

    async def after(self, listing: Listing, cursor: Cursor, reply: Reply, *, rows: int, link: str | None) -> Cursor:
        """Return the cursor after a page of `rows` objects, without what is pending.

        A page without a next link is the last one; when it is also exactly full, a lost link would look the same, so
        the rows are compared with the directory's own count.
        """
        total = cursor.rows + rows
        if link is not None:
            tail, trail = cursors.advance(listing.name, reply, link, cursor.trail, self._bounds)
            return Cursor(next=tail, page=cursor.page + 1, rows=total, trail=trail)
        await check_last(self._sender, listing, reply, (rows, total))
        return Cursor(page=cursor.page + 1, rows=total)


async def check_last(sender: Sender, listing: Listing, reply: Reply, came: tuple[int, int]) -> None:
    """Raise IncompleteListingError for a last page that is exactly full when objects are missing.

    `came` are the rows of that page and of all pages; what there should be is the directory's own count.
    """
    rows, total = came
    entry = BY_NAME[listing.type]
    if rows == listing.top and entry.has_count and listing.kind != "deleted":
        there_are = (
            (await counts_within(sender, entry, [listing.within]))[0]
            if listing.within
            else await live_count(sender, entry, listing.path)
        )
        if total < there_are:
            fact = f"ended on a full page without a next link: {total} of {there_are} objects came"
            raise incomplete(listing.name, fact, reply)


def whole_page(listing: Listing, reply: Reply) -> tuple[list[tuple[str, bytes]], str | None]:
    """Return the id and body of every object of one page, and the next link; a single object is a page of one."""
    entry = BY_NAME[listing.type]
    if entry.shape is Shape.SINGLE:
        _kind, body = pages.one_object(listing.name, reply, is_keyed=False)
        return [(entry.name, admitted(entry, body, reply))], None
    page = pages.object_page(listing.name, reply, only=_only(listing), key=entry.key)
    bodies = [admitted(entry, body, reply) for body in page.bodies]
    return [(identified(listing.name, entry, body, reply), body) for body in bodies], page.next_link


def _only(listing: Listing) -> tuple[str, ...]:
    """Return the @odata.types that alone may come from a listing whose path ends with a cast, none for any other."""
    last = listing.path.rpartition("/")[2]
    return (f"#{last}", *BY_NAME[listing.type].kinds) if last.startswith("microsoft.graph.") else ()
