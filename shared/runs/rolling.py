"""Read again what delta says has changed while the listings were read, so that all of them speak of one time.

A crash at any line repeats at most one page of changes; see staging.py for what a crash leaves behind.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED, Spool
from shared.ports import Blobs, Directory
from shared.runs.staging import record_segment
from shared.runs.tenure import Pause, Tenure


class Rolling:
    """The step roll forward."""

    def __init__(self, directory: Directory, work: Blobs) -> None:
        self._directory, self._work = directory, work

    async def roll_forward(self, tenure: Tenure) -> Pause | None:
        """Re-read what delta says has changed since the token, so that all listings speak of one time."""
        entry, shards = type_named(tenure.batch.argument["type"]), int(tenure.batch.argument["shards"])
        token, cursor = str(tenure.batch.argument["token"]), str(tenure.batch.cursor.get("next", ""))
        while True:
            page = await self._directory.delta_page(entry, token, cursor)
            spool, links = Spool(shards), LinkSpool(shards, is_increment=True)
            await self._reread(entry, sorted(set(page.changed)), spool, links)
            following = None if page.token is not None else page.cursor
            await record_segment(self._work, tenure, spool, links, following)
            if following is None:
                return None
            cursor = following
            if pause := await tenure.pause():
                return pause

    async def _reread(self, entry: ObjectType, ids: list[str], spool: Spool, links: LinkSpool) -> None:
        found = await self._directory.find(entry, ids) if ids else {}
        live = [object_id for object_id in ids if found[object_id].body is not None and not found[object_id].is_deleted]
        for object_id in ids:
            flags = SOFT_DELETED if found[object_id].is_deleted else 0
            spool.add(object_id, found[object_id].body or b"", type_code=entry.code, flags=flags)
        for reference in entry.references:
            others = await self._directory.references(entry, reference.name, live) if live else {}
            for object_id in ids:
                links.reset(reference.code, object_id)
                for other in sorted(others.get(object_id, ())):
                    links.add(reference.code, object_id, other)
