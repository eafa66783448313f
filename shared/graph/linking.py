"""Read the references of a whole listing: small ones with the listing, large ones object by object (crowds.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.catalogue.listing import Listing
from shared.catalogue.types import BY_NAME
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.crowds import Begun, CrowdReader
from shared.graph.cursors import Chain, Cursor
from shared.graph.exchange import Reply
from shared.ports import Page

Link = tuple[str, Sequence[str]]
Linked = list[Link]


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


class LinkReader:
    """Pages of listings of references."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._crowds: CrowdReader[Link] = CrowdReader(self)

    async def page(self, listing: Listing, text: str) -> Page:
        """Return the page of links at the cursor `text`."""
        part = await self._crowds.part(listing, text)
        return Page(cursor=cursors.dump(part.cursor), linked=part.rows, requests=part.requests)

    async def begin(self, listing: Listing, cursor: Cursor) -> Begun[Link]:
        """Read the page of objects at `cursor`; whoever may have more links than came is read by itself."""
        reply = await self._requests.outer_page(listing, cursor)
        rows, link = pages.expanded_page(listing.name, reply, listing.expand, is_single=listing.is_single)
        following = await self._requests.after(listing, cursor, reply, rows=len(rows), link=link)
        linked: Linked = [(row.object_id, row.other_ids) for row in rows if not row.is_cut]
        return Begun([row.object_id for row in rows if row.is_cut], linked, following)

    async def go_on(self, listing: Listing, chains: Sequence[Chain]) -> tuple[Linked, list[Chain]]:
        """Read one page of references of each object; what is gone has none any more."""
        linked, going, _gone = await self._requests.reference_round(
            listing.name, BY_NAME[listing.type].path, listing.expand, chains
        )
        return linked, going

    def size(self, rows: Sequence[Link]) -> int:
        """Return how many links `rows` hold."""
        return sum(len(others) for _source, others in rows)
