"""Read every listing of the tenant into segments (decision D6).

A crash at any line repeats at most one segment's pages; what was stored under an older attempt's name is left unused.
A listing that does not end with a proven last page raises, and the job fails by that name: nothing is sealed.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id
from shared.catalogue.listing import Listing
from shared.catalogue.types import LISTINGS, type_named
from shared.domain.changes import Json
from shared.domain.errors import IncompleteListingError
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.spooling import Spool
from shared.ports import Blobs, Directory, Page
from shared.runs.reading_by_ids import ReadingByIds
from shared.runs.staging import record_segment
from shared.runs.tenure import Pause, Tenure

SEGMENT_ROWS_MAX = 20_000  # "Snapshot format, difference, plan": a crash repeats at most this many objects
SEGMENT_LINKS_MAX = 100_000  # as many bytes in memory, and a fifth of the blocks that sealing has to open
SETTLE_READINGS_MAX = 6


class Reading:
    """The step read."""

    def __init__(self, directory: Directory, work: Blobs, by_ids: ReadingByIds | None = None) -> None:
        self._directory, self._work, self._by_ids = directory, work, by_ids

    async def read(self, tenure: Tenure) -> Pause | None:
        """Read listings one after the other to their proven ends.

        A type with a recycle bin and without delta is read until all its lists agree; small types are read together.
        """
        argument = tenure.batch.argument
        if self._by_ids and "named" in argument:
            return await self._by_ids.read(tenure)
        if "type" in argument:
            return await self._read_settled(tenure, type_named(argument["type"]))
        shards = int(argument["shards"])
        listings = [_ranged(LISTINGS[name], argument) for name in argument["listings"]]
        small = [LISTINGS[name] for name in argument.get("small", ())]
        place, cursor = _place(str(tenure.batch.cursor.get("next", "")))
        while True:
            spool, links = Spool(shards), LinkSpool(shards)
            if small and (place, cursor) == (0, ""):
                for listing, bodies in zip(small, await self._directory.small(small), strict=True):
                    collect(Page(cursor=None, bodies=bodies), listing, spool, links)
            while place < len(listings) and spool.rows < SEGMENT_ROWS_MAX and links.rows < SEGMENT_LINKS_MAX:
                page = await self._directory.page(listings[place], cursor)
                collect(page, listings[place], spool, links)
                place, cursor = (place + 1, "") if page.cursor is None else (place, page.cursor)
            following = f"{place}|{cursor}" if place < len(listings) else None
            await record_segment(self._work, tenure, spool, links, following)
            if following is None:
                return None
            if pause := await tenure.pause():
                return pause

    async def _read_settled(self, tenure: Tenure, entry: ObjectType) -> Pause | None:
        """Read live, deleted, live again until both live readings agree: then nothing moved between the lists."""
        live_listing, deleted_listing = entry.listings()[:2]
        shards = int(tenure.batch.argument["shards"])
        before = await self._whole(live_listing)
        for _reading in range(SETTLE_READINGS_MAX):
            deleted = await self._whole(deleted_listing)
            after = await self._whole(live_listing)
            if before == after:
                spool = Spool(shards)
                for known, body in deleted.items():
                    if known not in after:
                        spool.add(known, body, type_code=entry.code, flags=SOFT_DELETED)
                for known, body in after.items():
                    spool.add(known, body, type_code=entry.code)
                await record_segment(self._work, tenure, spool, LinkSpool(shards), None)
                return None
            before = after
        raise IncompleteListingError(f"{entry.name}: the list kept changing through {SETTLE_READINGS_MAX} readings")

    async def _whole(self, listing: Listing) -> dict[str, bytes]:
        entry, bodies = type_named(listing.type), dict[str, bytes]()
        cursor: str | None = ""
        while cursor is not None:
            page = await self._directory.page(listing, cursor)
            bodies.update((object_id(entry, body), body) for body in page.bodies)
            cursor = page.cursor
        return bodies


def collect(page: Page, listing: Listing, spool: Spool, links: LinkSpool) -> None:
    """Put what one page of a listing holds into the segment being written."""
    entry = type_named(listing.type)
    flags = SOFT_DELETED if listing.kind == "deleted" else 0
    ids = page.ids or [object_id(entry, body) for body in page.bodies]
    spool.add_all(ids, page.bodies, type_code=entry.code, flags=flags)
    if page.links or page.linked:
        code = entry.reference(listing.expand).code
        links.add_pairs(code, page.links)
        links.add_linked(code, page.linked)


def _ranged(listing: Listing, argument: Json) -> Listing:
    """Return the range of the listing that the batch reads; errors name it by its number, never by what is in it."""
    if "within" not in argument:
        return listing
    name = f"{listing.name}, range {argument['range']}" if "range" in argument else listing.name
    return msgspec.structs.replace(listing, name=name, within=str(argument["within"]))


def _place(text: str) -> tuple[int, str]:
    """Return the number of the listing and the cursor in it where a batch goes on."""
    number, _, cursor = text.partition("|")
    return (int(number), cursor) if number else (0, "")
