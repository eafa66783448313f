"""Read the objects that a scope names, and nothing else of the tenant but what their rules need.

Everything else is taken to be what the target holds, so the reading is an increment over the target and the rest of it
compares as equal. A link is left out of a report while its other end is in the recycle bin, and so is a grant while one
of its ends is; so of each link that the target has and the tenant no longer shows, and of each object that is gone, the
ends are looked up as well.

A crash at any line repeats the objects since the last recording, at most IDS_AT_ONCE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import has_reference
from shared.catalogue.types import BY_CODE, type_named
from shared.domain.errors import DirectoryError
from shared.domain.ids import GUID, KEY_BYTES, key_guid, object_key
from shared.formats.link_runs import HEAD_BYTES, ROW_BYTES
from shared.formats.links import LinkSpool
from shared.formats.objects import ROW, SOFT_DELETED, IndexRow, decode_body
from shared.formats.segments import shard_of
from shared.formats.spooling import Spool
from shared.ports import Blobs, Clock, Directory, Found
from shared.runs.finding import starting_with
from shared.runs.layers import Readable
from shared.runs.packed import packed_index, packed_links
from shared.runs.snapshots import Snapshots
from shared.runs.staging import record_part
from shared.runs.tenure import Pause, Tenure

IDS_AT_ONCE = 1_000
AGAIN_SECONDS = 2.0  # what the target has and Graph no longer finds is asked for twice: replicas lag by seconds
FORBIDDEN = 403

Rows = dict[bytes, list[IndexRow]]


class ReadingByIds:
    """The step read, of chosen objects of one type."""

    def __init__(self, directory: Directory, work: Blobs, snapshots: Snapshots, clock: Clock) -> None:
        self._directory, self._work, self._snapshots, self._clock = directory, work, snapshots, clock

    async def read(self, tenure: Tenure) -> Pause | None:
        """Read the batch's part of the objects that the scope names, as they are now."""
        job, argument = tenure.job, tenure.batch.argument
        entry = type_named(argument["named"]).without(argument.get("without", ()))
        ids = sorted(set((job.scope.ids or {})[entry.name]))
        target = await self._snapshots.open(job.tenant, job.snapshot_id)
        at, shards = int(tenure.batch.cursor.get("next") or 0), int(argument["shards"])
        while True:
            spool, links = Spool(shards), LinkSpool(shards, is_increment=True)
            await self._read(entry, ids[at : at + IDS_AT_ONCE], target, spool, links)
            at += IDS_AT_ONCE
            is_done = at >= len(ids)
            await record_part(self._work, tenure, spool, links, cursor={"next": str(at)}, is_done=is_done)
            if is_done:
                return None
            if pause := await tenure.pause():
                return pause

    async def _read(
        self, entry: ObjectType, ids: Sequence[str], target: Readable, spool: Spool, links: LinkSpool
    ) -> None:
        keys = {object_key(object_id): object_id for object_id in ids}
        before = {
            key: row for key, rows in (await _rows_of(target, keys)).items() for row in rows if row[5] == entry.code
        }
        found = await self._found(entry, keys, before)
        live = [object_id for object_id in ids if found[object_id].body is not None and not found[object_id].is_deleted]
        linked: set[bytes] = set()
        for object_id in ids:
            flags = SOFT_DELETED if found[object_id].is_deleted else 0
            spool.add(object_id, found[object_id].body or b"", type_code=entry.code, flags=flags)
        for reference in entry.references:
            having = [known for known in live if has_reference(reference, found[known].body or b"{}")]
            others = await self._directory.references(entry, reference.name, having) if having else {}
            for object_id in ids:
                links.reset(reference.code, object_id)
                for other in sorted(others.get(object_id, ())):
                    links.add(reference.code, object_id, other)
                    linked.add(bytes([reference.code]) + object_key(object_id) + object_key(other))
        ends = await _linked_ends(entry, target, keys, linked)
        gone = [row for key, row in before.items() if keys[key] not in live]
        ends |= await _named_ends(entry, target, gone)
        await self._hide(ends - keys.keys(), target, spool)

    async def _found(
        self, entry: ObjectType, keys: dict[bytes, str], before: dict[bytes, IndexRow]
    ) -> dict[str, Found]:
        """Return the present of each object; what the target has and the tenant has not is looked for once more."""
        found = await self._directory.find(entry, list(keys.values()))
        missing = [keys[key] for key in before if found[keys[key]].body is None]
        if missing:
            await self._clock.sleep(AGAIN_SECONDS)
            found |= await self._directory.find(entry, missing)
        return found

    async def _hide(self, ends: Iterable[bytes], target: Readable, spool: Spool) -> None:
        """Add those of the objects that are in the recycle bin now and were not at the target."""
        of_type: dict[int, list[str]] = {}
        for key, rows in (await _rows_of(target, ends)).items():
            for row in rows:
                if row.type_code in BY_CODE and BY_CODE[row.type_code].has_bin and not row.flags & SOFT_DELETED:
                    of_type.setdefault(row.type_code, []).append(key_guid(key))
        for code, ids in sorted(of_type.items()):
            try:
                found = await self._directory.find(BY_CODE[code], sorted(ids))
            except DirectoryError as error:
                if error.status != FORBIDDEN:
                    raise
                continue  # a type that may not be read hides nothing in any report
            for object_id, state in sorted(found.items()):
                if state.body is not None and state.is_deleted:
                    spool.add(object_id, state.body, type_code=code, flags=SOFT_DELETED)


async def _rows_of(target: Readable, keys: Iterable[bytes]) -> Rows:
    """Return the target's rows of the objects with these keys, whatever their types; one read for each shard."""
    found: Rows = {}
    for shard, members in _by_shard(target, keys).items():
        index = await packed_index(target, (shard, target.manifest.shard_count))
        for key in members:
            if rows := [IndexRow._make(ROW.unpack(row)) for row in starting_with(index, ROW.size, key)]:
                found[key] = rows
    return found


async def _linked_ends(entry: ObjectType, target: Readable, keys: Iterable[bytes], linked: set[bytes]) -> set[bytes]:
    """Return the other ends of links that the target has and that are not among `linked`, the present ones."""
    ends: set[bytes] = set()
    if not entry.references:
        return ends
    for shard, members in _by_shard(target, keys).items():
        table = await packed_links(target, (shard, target.manifest.shard_count))
        leads = [bytes([reference.code]) + key for reference in entry.references for key in members]
        rows = (row for lead in leads for row in starting_with(table, ROW_BYTES, lead))
        ends |= {row[HEAD_BYTES : HEAD_BYTES + KEY_BYTES] for row in rows if row not in linked}
    return ends


async def _named_ends(entry: ObjectType, target: Readable, rows: list[IndexRow]) -> set[bytes]:
    """Return what the bodies of `rows` name as the objects that they hang on."""
    ends: set[bytes] = set()
    for (key, _code), body in (await target.bodies(rows) if entry.ends and rows else {}).items():
        known = decode_body(body, name=f"object {key.hex()}")
        named = [str(known.get(name) or "").rpartition("/")[2] for name in entry.ends]
        ends |= {object_key(one) for one in named if GUID.match(one)}
    return ends


def _by_shard(target: Readable, keys: Iterable[bytes]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for key in sorted(keys):
        found.setdefault(shard_of(key, target.manifest.shard_count), []).append(key)
    return found
