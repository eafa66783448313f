"""Read the tenant into segments: first every listing, then what changed while the listings were read (decision D6).

A crash at any line repeats at most one segment's pages; what was stored under an older attempt's name is left unused.
A listing that does not end with a proven last page raises, and the job fails by that name: nothing is sealed.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.entry import Listing, ObjectType
from shared.catalogue.types import LISTINGS, TYPES, type_named
from shared.domain.changes import Json
from shared.domain.errors import IncompleteListingError
from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED, Spool
from shared.formats.segments import shard_count_for
from shared.ports import Blobs, Directory, Page
from shared.runs.staging import store_segment
from shared.runs.tenure import Pause, Tenure

SEGMENT_ROWS_MAX = 20_000  # "Snapshot format, difference, plan": a crash repeats at most this many rows
SETTLE_READINGS_MAX = 6
SHARDS_PER_RANGE = 4  # 4 shards of 20,000 objects at 264 B stay under the 48 MiB a sealed file may have
WAVE_READ, WAVE_ROLL, WAVE_SEAL, WAVE_MANIFEST, WAVE_COMPARE, WAVE_PLAN = 1, 2, 3, 4, 5, 6


class Reading:
    """The steps prepare, read and roll forward."""

    def __init__(self, directory: Directory, work: Blobs) -> None:
        self._directory, self._work = directory, work

    async def prepare(self, tenure: Tenure) -> Pause | None:
        """Ask how large the tenant is, take delta tokens, and lay out every later batch of the job."""
        scope = tenure.job.scope
        types = [entry for entry in TYPES if tenure.job.kind is Kind.CAPTURE or scope.covers_type(entry.name)]
        counts = {entry.name: await self._directory.count(entry) for entry in types}
        shards = shard_count_for(sum(count or 0 for count in counts.values()))
        tokens = {entry.name: await self._directory.delta_token(entry) for entry in types if entry.has_delta}
        done = msgspec.structs.replace(
            tenure.batch,
            state=BatchState.DONE,
            cursor={"shards": shards, "types": [entry.name for entry in types]},
            counts={"expected": sum(count or 0 for count in counts.values())},
        )
        await tenure.record(done, added=_layout(tenure, types, shards, tokens))
        return None

    async def read(self, tenure: Tenure) -> Pause | None:
        """Read one listing (or, for a type without delta, all of them until they agree) to its proven end."""
        if "type" in tenure.batch.argument:
            return await self._read_settled(tenure, type_named(tenure.batch.argument["type"]))
        listing, shards = LISTINGS[tenure.batch.argument["listing"]], int(tenure.batch.argument["shards"])
        cursor: str | None = str(tenure.batch.cursor.get("next", ""))
        while cursor is not None:
            spool, links = Spool(shards), LinkSpool(shards)
            while cursor is not None and spool.rows + links.rows < SEGMENT_ROWS_MAX:
                page = await self._directory.page(listing, cursor)
                _collect(page, listing, spool, links)
                cursor = page.cursor
            await self._record(tenure, spool, links, cursor)
            if cursor is not None and (pause := await tenure.pause()):
                return pause
        return None

    async def roll_forward(self, tenure: Tenure) -> Pause | None:
        """Re-read what delta says has changed since the token, so that all listings speak of one time."""
        entry, shards = type_named(tenure.batch.argument["type"]), int(tenure.batch.argument["shards"])
        token, cursor = str(tenure.batch.argument["token"]), str(tenure.batch.cursor.get("next", ""))
        while True:
            page = await self._directory.delta_page(entry, token, cursor)
            spool, links = Spool(shards), LinkSpool(shards, is_increment=True)
            await self._reread(entry, sorted(set(page.changed)), spool, links)
            following = None if page.token is not None else page.cursor
            await self._record(tenure, spool, links, following)
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
                for object_id, body in deleted.items():
                    if object_id not in after:
                        spool.add(object_id, body, type_code=entry.code, flags=SOFT_DELETED)
                for object_id, body in after.items():
                    spool.add(object_id, body, type_code=entry.code)
                await self._record(tenure, spool, LinkSpool(shards), None)
                return None
            before = after
        raise IncompleteListingError(f"{entry.name}: the list kept changing through {SETTLE_READINGS_MAX} readings")

    async def _whole(self, listing: Listing) -> dict[str, bytes]:
        bodies: dict[str, bytes] = {}
        cursor: str | None = ""
        while cursor is not None:
            page = await self._directory.page(listing, cursor)
            bodies.update((_id_of(body), body) for body in page.bodies)
            cursor = page.cursor
        return bodies

    async def _record(self, tenure: Tenure, spool: Spool, links: LinkSpool, cursor: str | None) -> None:
        batch, rows = tenure.batch, spool.rows + links.rows
        outputs = list(batch.outputs)
        if rows:
            name = f"{tenure.job.tenant}/{batch.job_id}/read/{batch.number:05d}-{batch.attempt}-{len(outputs):05d}"
            outputs.append(await store_segment(self._work, name, spool, links))
        counts = {
            "objectsRead": batch.counts.get("objectsRead", 0) + spool.rows,
            "linksRead": batch.counts.get("linksRead", 0) + links.rows,
        }
        state = BatchState.DONE if cursor is None else BatchState.RUNNING
        await tenure.record(
            msgspec.structs.replace(batch, state=state, cursor={"next": cursor or ""}, outputs=outputs, counts=counts)
        )


def _layout(tenure: Tenure, types: list[ObjectType], shards: int, tokens: dict[str, str | None]) -> list[Batch]:
    """Return the batches of every later wave that is known before reading."""
    job_id = tenure.job.job_id
    laid: list[Batch] = []

    def lay(wave: int, step: Step, argument: Json) -> None:
        laid.append(Batch(job_id=job_id, number=len(laid) + 1, wave=wave, step=step, argument=argument))

    for entry in types:
        if not entry.has_delta:
            lay(WAVE_READ, Step.READ, {"type": entry.name, "shards": shards})
            continue
        for listing in entry.listings():
            lay(WAVE_READ, Step.READ, {"listing": listing.name, "shards": shards})
    for name, token in tokens.items():
        lay(WAVE_ROLL, Step.ROLL_FORWARD, {"type": name, "shards": shards, "token": token})
    ranges = [(first, min(first + SHARDS_PER_RANGE, shards)) for first in range(0, shards, SHARDS_PER_RANGE)]
    for first, end in ranges:
        lay(WAVE_SEAL, Step.SEAL, {"first": first, "end": end, "shards": shards})
    lay(WAVE_MANIFEST, Step.MANIFEST, {"shards": shards, "types": [entry.name for entry in types]})
    if tenure.job.kind is not Kind.CAPTURE:
        for first, end in ranges:
            lay(WAVE_COMPARE, Step.COMPARE, {"first": first, "end": end, "shards": shards})
    if tenure.job.kind is Kind.RECOVERY:
        lay(WAVE_PLAN, Step.PLAN, {})
    return laid


def _collect(page: Page, listing: Listing, spool: Spool, links: LinkSpool) -> None:
    entry = type_named(listing.type)
    flags = SOFT_DELETED if listing.kind == "deleted" else 0
    for body in page.bodies:
        spool.add(_id_of(body), body, type_code=entry.code, flags=flags)
    if page.links:
        links.add_pairs(entry.reference(listing.expand).code, page.links)


class _Identified(msgspec.Struct):
    id: str


_DECODE_ID = msgspec.json.Decoder(_Identified).decode


def _id_of(body: bytes) -> str:
    return _DECODE_ID(body).id
