"""Read one type whole inside its roll-forward, because Graph forgot the delta token in the middle of a capture.

Rare: tokens are tried while a capture is laid out. Its listings are read one after the other, and what the token had
given so far is not used. A crash at any line repeats at most one segment's pages. While reading, the batch's cursor has
`resync` (why), `fresh` (the token taken before the first page), `listing` (its number) and `next` (a place in it).
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.domain.errors import DirectoryError
from shared.formats.links import LinkSpool
from shared.formats.spooling import Spool
from shared.ports import Blobs, Directory
from shared.runs.reading import SEGMENT_ROWS_MAX, collect
from shared.runs.staging import record_part
from shared.runs.tenure import Pause, Tenure


class Resyncing:
    """Whole readings of single types."""

    def __init__(self, directory: Directory, work: Blobs) -> None:
        self._directory, self._work = directory, work

    async def begin(self, tenure: Tenure, entry: ObjectType, error: DirectoryError) -> None:
        """Give up what the token gave and take a new one; from here on the batch reads the type whole."""
        fresh = await self._directory.delta_token(entry)
        why = f"Graph no longer takes the delta token: {error}"
        cursor: dict[str, Any] = {"resync": why, "fresh": fresh, "listing": 0, "next": ""}
        await tenure.record(msgspec.structs.replace(tenure.batch, cursor=cursor, outputs=[], counts={}))

    async def read(self, tenure: Tenure, entry: ObjectType) -> Pause | None:
        """Read every listing that is left to its proven end; return why to stop before that."""
        listings = entry.listings()
        while int(tenure.batch.cursor["listing"]) < len(listings):
            await self._segment(tenure, entry)
            if pause := await tenure.pause():
                return pause
        return None

    async def _segment(self, tenure: Tenure, entry: ObjectType) -> None:
        kept, shards = tenure.batch.cursor, int(tenure.batch.argument["shards"])
        number, cursor = int(kept["listing"]), str(kept["next"])
        listing = entry.listings()[number]
        spool, links = Spool(shards), LinkSpool(shards)
        following: str | None = cursor
        while following is not None and spool.rows + links.rows < SEGMENT_ROWS_MAX:
            page = await self._directory.page(listing, following)
            collect(page, listing, spool, links)
            following = page.cursor
        place = {"listing": number, "next": following} if following is not None else {"listing": number + 1, "next": ""}
        await record_part(self._work, tenure, spool, links, cursor={**kept, **place}, is_done=False)


def reason(cursor: dict[str, Any]) -> str:
    """Return why a roll-forward batch with this cursor read its type whole, empty when it did not."""
    return str(cursor.get("resync", ""))
