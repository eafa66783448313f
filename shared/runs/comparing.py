"""Compare the target snapshot with another state, shard by shard: the job's own reading of the tenant, or a snapshot.

A crash costs the batch's shards: differences are written under the attempt's number and count only once recorded.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.types import BY_CODE, BY_NAME
from shared.compare.judge import ABSENT, Side, judge
from shared.compare.references import kept_links
from shared.compare.shards import Indexes, Key, chosen, in_scope, is_soft_deleted, link_differences
from shared.compare.sides import alike, asked_once, comparable
from shared.domain.changes import Action, Difference, Json, UnknownObject
from shared.domain.ids import key_guid
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.formats.objects import IndexRow
from shared.formats.records import DIFFERENCES, UNKNOWN_OBJECTS, decode_records, encode_records
from shared.ports import Blobs
from shared.runs.ledger import Ledger
from shared.runs.snapshots import SnapshotReader, Snapshots, open_manifest
from shared.runs.tenure import Pause, Tenure

UNKNOWN_PART = "unknownObjects"  # `part` of the outputs that list ids which neither side has

NOT_COMPARED = "notCompared."  # counts of this prefix name the types that only one side has captured


class Facing:
    """Two states of one tenant face to face, opened and proven; `codes` are of the types that both have."""

    def __init__(self, job: Job, target: SnapshotReader, current: SnapshotReader) -> None:
        self.scope, self.target, self.current = job.scope, target, current
        sides = (target.manifest.types, current.manifest.types)
        types, self.left_out = comparable(job.scope, *sides)
        self.names = frozenset(types)
        self.once = {BY_NAME[name].code: asked_once(name, *sides) for name in types if name in BY_NAME}
        self.codes = frozenset(self.once)
        self._hidden: tuple[set[bytes], set[bytes]] | None = None

    async def hidden(self) -> tuple[set[bytes], set[bytes]]:
        """Return the keys of the objects that either side has in its recycle bin, read once."""
        if self._hidden is None:
            self._hidden = (await self.target.deleted(), await self.current.deleted())
        return self._hidden


class Comparing:
    """The step compare."""

    def __init__(self, ledger: Ledger, work: Blobs, snapshots: Snapshots) -> None:
        self._ledger, self._work, self._snapshots = ledger, work, snapshots

    async def compare(self, tenure: Tenure) -> Pause | None:
        """Compare every shard of the batch and store the differences."""
        job, argument = tenure.job, tenure.batch.argument
        facing = await self.facing(job)
        outputs, counts = list(tenure.batch.outputs), dict(tenure.batch.counts)
        if int(argument["first"]) == 0:
            counts |= {f"{NOT_COMPARED}{name}": 1 for name in facing.left_out}
        start = int(tenure.batch.cursor.get("shard", argument["first"]))
        for shard in range(start, int(argument["end"])):
            found, unknown = await self._shard(facing, shard, int(argument["shards"]))
            place = f"{shard:05d}-{tenure.batch.attempt}.ndz"
            outputs.append(await self._store(job, f"differences/{place}", DIFFERENCES, found))
            if unknown:
                stored = await self._store(job, f"unknown/{place}", UNKNOWN_OBJECTS, unknown)
                outputs.append({**stored, "part": UNKNOWN_PART})
            _count(counts, found)
            is_last = shard + 1 == int(argument["end"])
            state = BatchState.DONE if is_last else BatchState.RUNNING
            await tenure.record(
                msgspec.structs.replace(
                    tenure.batch, state=state, outputs=list(outputs), counts=dict(counts), cursor={"shard": shard + 1}
                )
            )
            if not is_last and (pause := await tenure.pause()):
                return pause
        return None

    async def facing(self, job: Job) -> Facing:
        """Open both sides of a job's comparison; raise IntegrityError or NotFoundError for one that is not there."""
        target = await self._snapshots.open(job.tenant, job.snapshot_id)
        current = await self._snapshots.open(job.tenant, job.against) if job.against else await self.live(job)
        return Facing(job, target, current)

    async def live(self, job: Job) -> SnapshotReader:
        """Open the job's own reading of the tenant."""
        batches = await self._ledger.batches(job.tenant, job.job_id)
        output = next(batch for batch in batches if batch.step is Step.MANIFEST).outputs[0]
        return await open_manifest(self._work, output["name"], output["sha256"])

    async def differences(self, batches: list[Batch]) -> list[Difference]:
        """Return every difference that the batches of a job have stored, in shard order."""
        found: list[Difference] = []
        for output in difference_files(batches):
            found += await self.load(output)
        return found

    async def load(self, output: dict[str, Any]) -> list[Difference]:
        """Return the differences of one stored file, proven by the digest in its batch row."""
        content = await self._work.read(output["name"])
        return decode_records(content, Difference, DIFFERENCES, name=output["name"], expected=output["sha256"])

    async def unknown(self, batches: list[Batch]) -> list[UnknownObject]:
        """Return the objects that a job's scope names and that neither side has."""
        found: list[UnknownObject] = []
        for output in _outputs(batches, UNKNOWN_PART):
            name, digest = output["name"], output["sha256"]
            content = await self._work.read(name)
            found += decode_records(content, UnknownObject, UNKNOWN_OBJECTS, name=name, expected=digest)
        return found

    async def _store(self, job: Job, place: str, tag: str, records: list[Any]) -> dict[str, Any]:
        name = f"{job.tenant}/{job.job_id}/{place}"
        content, digest = encode_records(tag, records)
        await self._work.create(name, content)
        return {"name": name, "sha256": digest, "records": len(records)}

    async def _shard(self, facing: Facing, shard: int, shards: int) -> tuple[list[Difference], list[UnknownObject]]:
        target, current, scope = facing.target, facing.current, facing.scope
        named = chosen(scope, shard, shards)
        if scope.ids is not None and not named:
            return [], []
        sides = Indexes(await target.packed_index(shard, shards), await current.packed_index(shard, shards))
        hidden = await facing.hidden()
        links = link_differences(
            await target.packed_links(shard, shards),
            await current.packed_links(shard, shards),
            target_deleted=hidden[0],
            current_deleted=hidden[1],
        )
        suspects = sides.suspects()
        keys = sorted(key for key in {*suspects, *links} if in_scope(key, scope, facing.codes))
        pairs = {key: suspects.get(key) or sides.pair(key) for key in keys}
        old = await target.bodies([before for before, _now in pairs.values() if before])
        new = await current.bodies([now for _before, now in pairs.values() if now])
        found: list[Difference] = []
        for key, (before, now) in pairs.items():
            entry = BY_CODE[key[1]]
            bodies = alike(_body(key, before, old), _body(key, now, new), facing.once[key[1]])
            left, right = _side(before, bodies[0]), _side(now, bodies[1])
            row = judge(entry, key_guid(key[0]), left, right, kept_links(entry, links.get(key, ()), *bodies))
            if row is not None:
                found.append(row)
        unknown = [UnknownObject(type=named[key], object_id=key_guid(key[0])) for key in named if not sides.know(key)]
        return found, unknown


def difference_files(batches: list[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of differences of a job, in shard order."""
    return _outputs(batches, "")


def _outputs(batches: list[Batch], part: str) -> list[dict[str, Any]]:
    compared = (batch for batch in batches if batch.step is Step.COMPARE)
    return [output for batch in compared for output in batch.outputs if output.get("part", "") == part]


def _body(key: Key, row: IndexRow | None, bodies: dict[Key, bytes]) -> Json | None:
    if row is None:
        return None
    body: Json = msgspec.json.decode(bodies[key])
    return body


def _side(row: IndexRow | None, body: Json | None) -> Side:
    return ABSENT if row is None else Side(body, is_deleted=is_soft_deleted(row))


def _count(counts: dict[str, int], found: list[Difference]) -> None:
    for row in found:
        names = [f"report.{row.type}.{row.action}", "objectsCalculated"]
        names += ["refused"] if row.refusal else []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        if row.links:
            added = sum(1 for link in row.links if link.action is Action.LINK)
            for action, count in ((Action.LINK, added), (Action.UNLINK, len(row.links) - added)):
                name = f"report.{row.type}.{action}"
                counts[name] = counts.get(name, 0) + count
            counts["linksCalculated"] = counts.get("linksCalculated", 0) + len(row.links)
