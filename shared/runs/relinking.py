"""Read again the references that a recovery touches once its restores are done, and lay out what is still different.

Touched are: objects whose references differed, objects that were restored or created anew, and objects that refer to
such. A recovery that repeats what failed writes, of these, what failed and what leads from or to an object that it has
brought back, and nothing else.
Reading after the restores makes most link writes vanish (decision D13).

A tenant is gone through some shards at a time, and what differs is stored after each, so memory is that of a few shards
and of a few hundred bytes for each object whose links change. A crash repeats the shards being read, or the laying out:
files are written under the attempt's number, batch rows replace what a dead attempt left, and nobody starts a wave
before this step is recorded as done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Reference
from shared.catalogue.types import TYPES, reference_of_code, type_named
from shared.catalogue.waves import Wave
from shared.compare.references import writable_references
from shared.compare.shards import link_differences
from shared.domain.changes import Action, Difference, LinkDifference
from shared.domain.ids import KEY_BYTES, key_guid, object_key
from shared.domain.jobs import Batch, BatchState
from shared.formats.records import DIFFERENCES, decode_records, encode_records
from shared.formats.segments import shard_of
from shared.ports import Blobs, Directory
from shared.recover.chosen import chosen_links
from shared.recover.dealing import Lane, dealt_lanes, lanes
from shared.recover.plan import left_alone, link_changes
from shared.recover.undo import permitted
from shared.runs.comparing import Comparing
from shared.runs.laying import Laying, replacing
from shared.runs.ledger import Ledger
from shared.runs.manual import spared_of
from shared.runs.patience import Patience
from shared.runs.preparing import WAVE_PLAN
from shared.runs.renewing import Renewed, renewed_by
from shared.runs.side_by_side import each
from shared.runs.tenure import Pause, Tenure

SHARDS_AT_ONCE = 8  # of at most 20,000 objects each: fewer would leave requests half empty
LOOK_MAX = 5_000  # objects read together: about 10 MB of bodies, and every $batch is full

Wanted = dict[bytes, set[bytes]]  # the link rows that an object should have, by its key


class Touched(msgspec.Struct):
    """Whose references are to be read again: keys of objects by type and shard, and keys of all that was restored.

    `failed` are the link rows that a repetition is about; None for a recovery that brings everything back. `spared` are
    the keys of what the lock-out guard had the plan leave alone. `hidden` are those of what was in the recycle bin
    then, or is in it and stays there: a link to such is no difference, as in a report (compare/shards.py).
    """

    sources: dict[tuple[str, int], set[bytes]]
    restored: set[bytes]
    failed: set[bytes] | None = None
    spared: frozenset[bytes] = frozenset()
    hidden: set[bytes] = set()


class Relinking:
    """The step relink."""

    def __init__(
        self, ledger: Ledger, directory: Directory, work: Blobs, comparing: Comparing, patience: Patience
    ) -> None:
        self._ledger, self._directory, self._work = ledger, directory, work
        self._comparing, self._patience = comparing, patience

    async def relink(self, tenure: Tenure) -> Pause | None:
        """Store what is still different, some shards at a time, and then lay out batches for all of it."""
        job = tenure.job
        rows = await self._ledger.batches(job.tenant, job.job_id)
        target = await self._comparing.target(job)
        shards = target.manifest.shard_count
        renewed = await renewed_by(self._work, rows)
        touched = await self._touched(tenure, rows, shards)
        touched.restored |= set(map(object_key, renewed.young))
        touched.spared = frozenset(map(object_key, spared_of(rows)))
        now = await (await self._comparing.live(job)).deleted()
        touched.hidden = await target.deleted() | (now - (touched.restored - touched.spared))
        for first in range(int(tenure.batch.cursor.get("shard", 0)), shards, SHARDS_AT_ONCE):
            some = range(first, min(first + SHARDS_AT_ONCE, shards))
            wanted: dict[str, Wanted] = {}
            for shard in some:  # the links of an object are all in its shard
                for name, of_type in _wanted(await target.links(shard, shards), touched, shard):
                    wanted.setdefault(name, {}).update(of_type)
            looks = [self._still_different(tenure, type_named(name), one, renewed) for name, one in wanted.items()]
            found = [row for of_type in await each(*looks) for row in _written(of_type, touched)]
            await self._store(tenure, some, found if touched.failed is None else _repeated(found, touched))
            if pause := await tenure.pause():
                return pause
        await self._lay(tenure, rows)
        return None

    async def _touched(self, tenure: Tenure, rows: list[Batch], shards: int) -> Touched:
        touched = Touched({}, set(), set() if tenure.job.options.repeats else None)
        options = permitted(tenure.job.options)
        async for part in self._comparing.parts(rows):
            for row in part:
                if left_alone(row, options):
                    continue
                if touched.failed is not None:
                    touched.failed |= {_link_row(row, link) for link in row.links}
                # What came back has the references it was deleted with, of which the snapshot may know none.
                if row.links or row.action is Action.RESTORE:
                    key = object_key(row.object_id)
                    touched.sources.setdefault((row.type, shard_of(key, shards)), set()).add(key)
                if row.action is Action.RESTORE:
                    touched.restored.add(key)
        return touched

    async def _still_different(
        self, tenure: Tenure, entry: ObjectType, wanted: Wanted, renewed: Renewed
    ) -> list[Difference]:
        if not tenure.job.scope.covers_type(entry.name):
            return []
        scope, young = tenure.job.scope, set(map(object_key, renewed.young))  # what it has made is in its scope
        ids = sorted(key_guid(key) for key in wanted if key in young or scope.covers_key(entry.name, key))
        found: list[Difference] = []
        for start in range(0, len(ids), LOOK_MAX):
            found += await self._compared(tenure, entry, ids[start : start + LOOK_MAX], wanted, renewed)
        return found

    async def _compared(
        self, tenure: Tenure, entry: ObjectType, ids: Sequence[str], wanted: Wanted, renewed: Renewed
    ) -> list[Difference]:
        names: dict[str, str] = {}
        writable: dict[str, frozenset[str]] = {}
        for object_id, state in (await self._patience.found(entry, ids, renewed)).items():
            if state.body is not None and not state.is_deleted:
                body = msgspec.json.decode(state.body)
                names[object_id] = str(body.get("displayName") or "")
                writable[object_id] = writable_references(entry, body)
        different: dict[str, list[LinkDifference]] = {}
        asked = [[known for known in sorted(names) if one.name in writable[known]] for one in entry.references]
        reads = [
            self._directory.references(entry, one.name, known)
            for one, known in zip(entry.references, asked, strict=True)
        ]
        for reference, present in zip(entry.references, await each(*reads), strict=True):
            for object_id, others in present.items():
                if links := _differing(reference, object_id, others, wanted):
                    different.setdefault(object_id, []).extend(links)
        if tenure.job.options.chosen is not None:
            different = chosen_links(different, entry.name, tenure.job.options.chosen)
        return [
            Difference(
                type=entry.name,
                object_id=object_id,
                display_name=names[object_id],
                action=Action.UPDATE,
                links=tuple(different[object_id]),
            )
            for object_id in sorted(different)
        ]

    async def _store(self, tenure: Tenure, shards: range, found: list[Difference]) -> None:
        batch, outputs = tenure.batch, list(tenure.batch.outputs)
        if found:
            content, digest = encode_records(DIFFERENCES, found)
            name = f"{tenure.job.tenant}/{tenure.job.job_id}/relink/{shards.start:05d}-{batch.attempt}.ndz"
            await self._work.create(name, content)
            outputs.append({"name": name, "sha256": digest, "records": len(found)})
        cursor = {"shard": shards.stop}
        await tenure.record(msgspec.structs.replace(batch, cursor=cursor, outputs=outputs))

    async def _lay(self, tenure: Tenure, rows: list[Batch]) -> None:
        waiting: list[Lane] = []
        for output in tenure.batch.outputs:
            for row in await self._load(output):
                waiting += lanes(link_changes(row.type, row.object_id, row.display_name, row.links))
        laying = Laying(self._work, tenure)
        await laying.add_dealt(Wave.LINKS, dealt_lanes(waiting))
        earlier = [batch for batch in rows if batch.wave == WAVE_PLAN + Wave.LINKS.place]
        counts = {"plannedLinks": sum(map(len, waiting))}
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, counts=counts)
        await tenure.record(done, added=replacing(earlier, await laying.end()))

    async def _load(self, output: dict[str, Any]) -> list[Difference]:
        content = await self._work.read(output["name"])
        return decode_records(content, Difference, DIFFERENCES, name=output["name"], expected=output["sha256"])


def _link_row(row: Difference, link: LinkDifference) -> bytes:
    code = type_named(row.type).reference(link.reference).code
    return bytes([code]) + object_key(row.object_id) + object_key(link.other_id)


def _written(found: list[Difference], touched: Touched) -> Iterator[Difference]:
    """Yield what may be written: nothing of what the guard spares, no link whose other end is hidden."""
    for row in found:
        links = tuple(link for link in row.links if object_key(link.other_id) not in touched.hidden)
        if links and object_key(row.object_id) not in touched.spared:
            yield msgspec.structs.replace(row, links=links)


def _repeated(found: list[Difference], touched: Touched) -> list[Difference]:
    """Return those links that a repetition is about: what failed, and what an object that is back was linked by."""
    failed = touched.failed or set()

    def is_ours(link: bytes) -> bool:
        ends = {link[1 : 1 + KEY_BYTES], link[1 + KEY_BYTES :]}
        return link in failed or not ends.isdisjoint(touched.restored)

    kept = [
        msgspec.structs.replace(row, links=tuple(link for link in row.links if is_ours(_link_row(row, link))))
        for row in found
    ]
    return [row for row in kept if row.links]


def _wanted(rows: Collection[bytes], touched: Touched, shard: int) -> Iterator[tuple[str, Wanted]]:
    """Yield, by type, the target's link rows of every touched source in this shard."""
    by_type: dict[str, list[bytes]] = {}
    for row in rows:
        known = reference_of_code(row[0])
        if known is not None:
            by_type.setdefault(known[0].name, []).append(row)
    for entry in TYPES:
        if not entry.references:
            continue
        ours = by_type.get(entry.name, [])
        sources = touched.sources.get((entry.name, shard), set())
        near = {row[1 : 1 + KEY_BYTES] for row in ours if row[1 + KEY_BYTES :] in touched.restored}
        wanted: Wanted = {key: set() for key in sources}
        for row in ours:
            source = row[1 : 1 + KEY_BYTES]
            if source in sources or source in near or source in touched.restored:
                wanted.setdefault(source, set()).add(row)
        yield entry.name, wanted


def _differing(reference: Reference, object_id: str, others: set[str], wanted: Wanted) -> list[LinkDifference]:
    key = object_key(object_id)
    target = sorted(row for row in wanted.get(key, ()) if row[0] == reference.code)
    now = sorted(bytes([reference.code]) + key + object_key(other) for other in others)
    if target == now:
        return []
    found = link_differences(b"".join(target), b"".join(now), target_deleted=set(), current_deleted=set())
    return [link for links in found.values() for link in links]
