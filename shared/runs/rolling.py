"""Read again what delta says has changed since a token, so that everything captured speaks of one time.

The token was taken just before the listings were read, or ended the capture before this one (decision D6): then nothing
else of the type is read. A crash at any line repeats the pages since the last recording (staging.py: what it leaves).
The token that delta ends with is recorded together with the last page, so the next capture goes on from just there.
"""

from __future__ import annotations

from typing import Any

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.domain.changes import Json
from shared.domain.errors import DirectoryError
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.spooling import Spool
from shared.jobs.choices import is_expired
from shared.jobs.told import Told, joined
from shared.ports import Blobs, Clock, DeltaPage, Directory, Found
from shared.runs.audited_links import AuditedLinks
from shared.runs.resyncing import Resyncing
from shared.runs.side_by_side import both
from shared.runs.snapshots import Snapshots
from shared.runs.staging import record_part
from shared.runs.tenure import Pause, Tenure
from shared.runs.told_links import TellingLinks, expandable, told_before

REREAD_IDS_ENOUGH = 10_000  # 34 full $batch requests, 20 MB of bodies; a crash repeats at most this and one page
TOLD_LINKS_ENOUGH = 100_000  # of one part, about 15 MiB; a group that goes on in the next part is read whole there
# Delta and a read go to different replicas; seen: seconds as a rule ("Consistency"). Later changes are told again.
LAG_WAITS_SECONDS = (2.0, 5.0, 10.0)


class Rolling:
    """The step roll forward."""

    def __init__(self, directory: Directory, work: Blobs, clock: Clock, snapshots: Snapshots) -> None:
        self._directory, self._work, self._clock = directory, work, clock
        self._links = TellingLinks(directory, snapshots)
        self._audited = AuditedLinks(directory, clock)
        self._resyncing = Resyncing(directory, work)

    async def roll_forward(self, tenure: Tenure) -> Pause | None:
        """Re-read what delta says has changed since the token of the batch.

        When Graph no longer takes the token of the capture before, the type is read whole, and then rolled forward.
        """
        argument = tenure.batch.argument
        entry = type_named(argument["type"]).without(argument.get("without", ()))
        if not tenure.batch.cursor.get("resync"):
            try:
                return await self._follow(tenure, entry, str(argument["token"]), {})
            except DirectoryError as error:
                if not argument.get("carried") or not is_expired(error):
                    raise
                await self._resyncing.begin(tenure, entry, error)
        if pause := await self._resyncing.read(tenure, entry):
            return pause
        kept = {name: tenure.batch.cursor[name] for name in ("resync", "fresh", "listing")}
        return await self._follow(tenure, entry, str(kept["fresh"]), kept)

    async def _follow(self, tenure: Tenure, entry: ObjectType, token: str, kept: dict[str, Any]) -> Pause | None:
        """Follow delta from `token` to its end, every recorded cursor with what is `kept` of it."""
        shards, cursor = int(tenure.batch.argument["shards"]), str(tenure.batch.cursor.get("next", ""))
        page = await self._pages(entry, token, cursor)
        while True:
            spool, links = Spool(shards), LinkSpool(shards, is_increment=True)
            (lagged, told), ahead = await both(
                self._reread(tenure, entry, page, spool, links), self._ahead(entry, token, page)
            )
            following: dict[str, Any] = {**kept, "next": page.cursor or "", **told}
            if page.token is not None:
                following |= {"next": "", "token": page.token, "givenAt": self._clock.now().isoformat()}
            is_done = page.token is not None
            if is_done:
                await self._links.of_kinds(tenure, entry, links)
                following |= {"unaudited": await self._audited.update(tenure, entry, links)}
            await record_part(self._work, tenure, spool, links, cursor=following, is_done=is_done, lagged=lagged)
            if ahead is None:
                return None
            page = ahead
            if pause := await tenure.pause():
                return pause

    async def _ahead(self, entry: ObjectType, token: str, page: DeltaPage) -> DeltaPage | None:
        """Return the pages that come after `page`, which are asked for while its objects are read; None at the end."""
        return await self._pages(entry, token, page.cursor or "") if page.token is None else None

    async def _pages(self, entry: ObjectType, token: str, cursor: str) -> DeltaPage:
        """Return as many pages as make re-reading cheap, as one; the last word on an object is the later page's."""
        changed: dict[str, bool] = {}
        told: dict[tuple[str, str], list[Told]] = {}
        is_told, links = True, 0
        while True:
            page = await self._directory.delta_page(entry, token, cursor)
            changed |= {object_id: object_id in page.removed for object_id in page.changed}
            is_told = is_told and page.told is not None
            for where, what in (page.told or {}).items():
                told.setdefault(where, []).append(what)
                links += len(what.added) + len(what.removed)
            is_enough = len(changed) >= REREAD_IDS_ENOUGH or links >= TOLD_LINKS_ENOUGH
            if page.token is not None or page.cursor is None or is_enough:
                return DeltaPage(
                    changed=list(changed),
                    cursor=page.cursor,
                    token=page.token,
                    removed=frozenset(object_id for object_id, is_removed in changed.items() if is_removed),
                    told={where: joined(parts) for where, parts in told.items()} if is_told else None,
                )
            cursor = page.cursor

    async def _reread(
        self, tenure: Tenure, entry: ObjectType, page: DeltaPage, spool: Spool, links: LinkSpool
    ) -> tuple[int, Json]:
        """Read the objects that a page names.

        Return how many were not there, or there, as delta said, and what later pages have to know.
        """
        ids = sorted(set(page.changed))
        if not ids:
            return 0, told_before(tenure.batch.cursor)
        found, lagged = await self._found(entry, ids, page.removed)
        for object_id in ids:
            flags = SOFT_DELETED if found[object_id].is_deleted else 0
            spool.add(object_id, found[object_id].body or b"", type_code=entry.code, flags=flags)
        live = {known: one for known, one in found.items() if _is_live(one)}
        return lagged, await self._links.update(tenure, entry, page, live, links)

    async def _found(self, entry: ObjectType, ids: list[str], removed: frozenset[str]) -> tuple[dict[str, Found], int]:
        """Return the present of each object, those once more that are otherwise than delta said, and their number.

        What stays otherwise has moved since: a later delta names it again.
        """
        found = await self._directory.find(entry, ids, expandable(entry), removed)
        first: set[str] = set()
        for seconds in LAG_WAITS_SECONDS:
            otherwise = [object_id for object_id in ids if _is_live(found[object_id]) == (object_id in removed)]
            if not otherwise:
                break
            first.update(otherwise)
            await self._clock.sleep(seconds)
            found |= await self._directory.find(entry, otherwise, expandable(entry))
        return found, len(first)


def _is_live(found: Found) -> bool:
    return found.body is not None and not found.is_deleted
