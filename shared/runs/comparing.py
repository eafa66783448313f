"""Compare the target snapshot with another state, shard by shard: the job's own reading of the tenant, or a snapshot.

A crash costs the batch's shards: differences are written under the attempt's number and count only once recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from shared.domain.changes import Action, Difference, UnknownObject
from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.jobs import Batch, BatchState, Job, Options, Step
from shared.formats.records import DIFFERENCES, UNKNOWN_OBJECTS, decode_records, encode_lines, encode_record
from shared.jobs.flow import SHARDS_COMPARED, SHARDS_PLANNED, totals
from shared.jobs.freshness import LiveReading
from shared.ports import Blobs
from shared.recover.orphans import staying_gone
from shared.runs.difference_files import UNKNOWN_PART, difference_files, first_named
from shared.runs.differing import compared
from shared.runs.facing import Sides, not_comparable, opened
from shared.runs.layers import LayeredReader, Readable
from shared.runs.ledger import Ledger
from shared.runs.pairing import Pairing
from shared.runs.reported import Reported
from shared.runs.snapshot_reader import open_manifest
from shared.runs.snapshots import Snapshots
from shared.runs.tenure import Pause, Tenure


class Comparing:
    """The step compare."""

    def __init__(self, ledger: Ledger, work: Blobs, snapshots: Snapshots) -> None:
        self._ledger, self._work, self._snapshots = ledger, work, snapshots
        self._pairing = Pairing(snapshots)

    async def compare(self, tenure: Tenure) -> Pause | None:
        """Compare every shard of the batch and store the differences."""
        job, argument = tenure.job, tenure.batch.argument
        sides = await self.facing(job)
        refused = not_comparable(job.scope, sides.target.manifest, sides.current.manifest)
        outputs, reported = list(tenure.batch.outputs), Reported(tenure.batch.counts, job.options.chosen)
        start = int(tenure.batch.cursor.get("shard", argument["first"]))
        for shard in range(start, int(argument["end"])):
            found, unknown = await compared(sides, job.scope, (shard, int(argument["shards"])), reported.keep)
            place = f"{shard:05d}-{tenure.batch.attempt}.ndz"
            outputs.append(await self._store(job, f"differences/{place}", DIFFERENCES, found))
            if unknown:
                lines = [encode_record(one) for one in unknown]
                stored = await self._store(job, f"unknown/{place}", UNKNOWN_OBJECTS, lines)
                outputs.append({**stored, "part": UNKNOWN_PART, "named": first_named(unknown, outputs)})
            is_last = shard + 1 == int(argument["end"])
            counts = reported.counts()
            if SHARDS_PLANNED in counts:
                counts[SHARDS_COMPARED] = shard + 1 - int(argument["first"])
            cursor = {"shard": shard + 1, "notCompared": refused}
            state = BatchState.DONE if is_last else BatchState.RUNNING
            await tenure.record(
                msgspec.structs.replace(tenure.batch, state=state, outputs=list(outputs), counts=counts, cursor=cursor)
            )
            if not is_last and (pause := await tenure.pause()):
                return pause
        return None

    async def facing(self, job: Job, prepared: Mapping[str, Any] | None = None) -> Sides:
        """Open both sides of a job's comparison; raise IntegrityError or NotFoundError for one that is not there.

        `prepared` is what the step prepare will record, for that step itself.
        """
        target = await self._snapshots.open(job.tenant, job.snapshot_id)
        if job.against:
            current = await self._snapshots.open(job.tenant, job.against)
        else:
            current = await (self._opened(prepared["reading"]) if prepared else self.live(job))
        if isinstance(current, LayeredReader):
            current = current.over(target)
        if not job.against:
            return await opened(await self._pairing.paired(target), current)
        ends = (target.manifest.rolled_forward_at, current.manifest.rolled_forward_at)
        if ends[0] <= ends[1]:
            return await opened(await self._pairing.paired(target, until=ends[1]), current)
        return await opened(target, await self._pairing.paired(current, until=ends[0]))

    async def target(self, job: Job) -> Readable:
        """Open the snapshot that a recovery goes back to, with the ids that its objects have by now."""
        return await self._pairing.paired(await self._snapshots.open(job.tenant, job.snapshot_id))

    async def live(self, job: Job) -> Readable:
        """Open the job's reading of the tenant: its own, or the earlier report's that it uses."""
        batches = await self._ledger.batches(job.tenant, job.job_id)
        used = [batch.cursor["reading"] for batch in batches if "reading" in batch.cursor]
        own = (batch for batch in batches if batch.step is Step.MANIFEST)
        return await self._opened(used[0] if used else next(own).outputs[0])

    async def can_open(self, reading: LiveReading) -> bool:
        """Tell whether an earlier reading is still there, with what it lies over."""
        try:
            await self._opened({"name": reading.name, "sha256": reading.sha256})
        except (IntegrityError, NotFoundError):
            return False
        return True

    async def _opened(self, read: Mapping[str, Any]) -> Readable:
        return await self._snapshots.layered(await open_manifest(self._work, read["name"], read["sha256"]))

    async def parts(self, batches: list[Batch]) -> AsyncIterator[list[Difference]]:
        """Yield every difference that the batches have stored, file by file: that needs the memory of one shard."""
        for output in difference_files(batches):
            yield await self.load(output)

    async def staying_gone(self, batches: list[Batch], options: Options) -> frozenset[str]:
        """Return the ids of what is deleted for good and a plan with these options does not bring back."""
        if not any(name.startswith("report.") and name.endswith(f".{Action.RECREATE}") for name in totals(batches)):
            return frozenset()
        found: set[str] = set()
        async for rows in self.parts(batches):
            found |= staying_gone(rows, options)
        return frozenset(found)

    async def load(self, output: dict[str, Any]) -> list[Difference]:
        """Return the differences of one stored file, proven by the digest in its batch row."""
        content = await self._work.read(output["name"])
        return decode_records(content, Difference, DIFFERENCES, name=output["name"], expected=output["sha256"])

    async def load_unknown(self, output: dict[str, Any]) -> list[UnknownObject]:
        """Return the objects of one stored file that a scope names and that neither side has, proven by its digest."""
        name, digest = output["name"], output["sha256"]
        content = await self._work.read(name)
        return decode_records(content, UnknownObject, UNKNOWN_OBJECTS, name=name, expected=digest)

    async def _store(self, job: Job, place: str, tag: str, lines: list[bytes]) -> dict[str, Any]:
        name = f"{job.tenant}/{job.job_id}/{place}"
        content, digest = encode_lines(tag, lines)
        await self._work.create(name, content)
        return {"name": name, "sha256": digest, "records": len(lines)}
