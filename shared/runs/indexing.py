"""Write the change index of a snapshot that has just been sealed: what differs from the state before it.

The index is a hint for whoever looks back (runs/history.py); a snapshot is whole without it. So nothing that is wrong
with an earlier snapshot or an earlier index fails the capture: it is logged, and the history reads snapshots instead.

A crash at any line costs the step: the same rows are written under the same names and found there. The index counts
from the moment its document exists, which is written after every file that it lists.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

import msgspec

from shared.compare.steps import held_by_both, link_rows, object_rows
from shared.domain.errors import IntegrityError
from shared.domain.jobs import BatchState, SnapshotSummary
from shared.formats.change_index import (
    SHARD_COUNT,
    Block,
    ChangeIndex,
    IndexFile,
    Run,
    block_digest,
    encode_index,
    encode_rows,
    mergeable,
    split,
)
from shared.formats.segments import shard_of
from shared.runs.change_indexes import folder_of, in_order, index_name, newest_index, nothing_indexed, shard_rows
from shared.runs.snapshots import Snapshots
from shared.runs.tenure import Pause, Tenure

ROWS_MAX = 500_000  # of one state, about 60 MiB: a state that changed more is left out and read itself
FILE_BYTES_ENOUGH = 24 * 1024 * 1024  # a block is a few MiB, so a file stays under the 48 MiB of decision D4
STATES_TRIED = 16  # how far back the index to go on from may lie; beyond it a new one is begun

log = logging.getLogger(__name__)


class Indexing:
    """The step indexChanges."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def index_changes(self, tenure: Tenure) -> Pause | None:
        """Write the index of the job's snapshot; a tenant's first has nothing before it and gets none."""
        outputs: list[dict[str, str]] = []
        try:
            written = await self._index(tenure)
            outputs += [written] if written else []
        except IntegrityError as error:
            log.error("changes not indexed", extra={"job_id": tenure.job.job_id, "reason": str(error)})
            outputs.append({"skipped": str(error)})
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=outputs))
        return None

    async def _index(self, tenure: Tenure) -> dict[str, str]:
        states = in_order(await self._snapshots.listed(tenure.job.tenant))
        own = next(known for known in states if known.snapshot_id == tenure.job.snapshot_id)
        earlier = [known for known in states if known.sequence < own.sequence]
        if not earlier:
            return {}
        index = await newest_index(self._snapshots, earlier[-STATES_TRIED:]) or nothing_indexed(earlier[-1])
        before = next(known for known in earlier if known.sequence == index.sequence)
        skipped = [known.sequence for known in earlier if known.sequence > index.sequence]
        extended = await self.extended(index, before, own, skipped, oldest=states[0].sequence)
        content, digest = encode_index(extended)
        name = index_name(own)
        await self._snapshots.vault.create(name, content)
        await self._snapshots.signing.sign(self._snapshots.vault, name, digest)
        return {"name": name, "sha256": digest}

    async def extended(
        self, index: ChangeIndex, before: SnapshotSummary, own: SnapshotSummary, skipped: list[int], *, oldest: int
    ) -> ChangeIndex:
        """Return the index of `own`: the runs there were, without those before every kept state, and one more."""
        rows = await self.changes(before, own)
        if await self._holds_more(before, own):
            skipped = [*skipped, own.sequence]
        runs = [run for run in index.runs if run.last > oldest]
        omitted = [sequence for sequence in index.omitted if sequence > oldest] + skipped
        if rows is None:
            omitted.append(own.sequence)
        else:
            run = Run(first=index.sequence + 1, last=own.sequence, level=0, files=())
            runs.append(await self._stored(own, run, _each(rows)))
        while due := mergeable(runs):
            try:
                runs[-due:] = [await self._merged(own, runs[-due:])]
            except IntegrityError as error:
                log.error("runs not merged", extra={"snapshot_id": own.snapshot_id, "reason": str(error)})
                break
        since = max([index.since, *(run.last for run in index.runs if run.last <= oldest)])
        return ChangeIndex(
            tenant=own.tenant,
            snapshot_id=own.snapshot_id,
            manifest_sha256=own.manifest_sha256,
            since=since,
            sequence=own.sequence,
            shard_count=index.shard_count,
            omitted=tuple(sorted({*omitted})),
            runs=tuple(runs),
        )

    async def changes(self, before: SnapshotSummary, own: SnapshotSummary) -> dict[int, list[bytes]] | None:
        """Return the packed rows of what changed by shard of the index, None when it is too much to list."""
        old = await self._snapshots.open(before.tenant, before.snapshot_id)
        new = await self._snapshots.open(own.tenant, own.snapshot_id)
        shards = min(old.manifest.shard_count, new.manifest.shard_count)
        left_out = {*old.manifest.incomplete, *new.manifest.incomplete}
        held = held_by_both(old.manifest.types, new.manifest.types, left_out)
        found: dict[int, list[bytes]] = {}
        count = 0
        for shard in range(shards):
            objects = await old.index(shard, shards), await new.index(shard, shards)
            links = await old.links(shard, shards), await new.links(shard, shards)
            rows = [*object_rows(*objects, own.sequence, held), *link_rows(*links, own.sequence, held)]
            count += len(rows)
            if count > ROWS_MAX:
                log.warning("too many changes to index", extra={"snapshot_id": own.snapshot_id, "rows_max": ROWS_MAX})
                return None
            for row in rows:
                found.setdefault(shard_of(row[:16], SHARD_COUNT), []).append(row)
        for rows in found.values():
            rows.sort()  # sets have no order, and an attempt after a crash must write the same bytes
        return found

    async def _holds_more(self, before: SnapshotSummary, own: SnapshotSummary) -> bool:
        """Tell whether a state holds what the one before left out: what became of that, only the state tells."""
        old, new = (await self._snapshots.prove(before))[0].manifest, (await self._snapshots.prove(own))[0].manifest
        return bool(new.types.keys() - old.types.keys() or old.incomplete.keys() - new.incomplete.keys())

    async def _merged(self, own: SnapshotSummary, runs: Sequence[Run]) -> Run:
        run = Run(first=runs[0].first, last=runs[-1].last, level=runs[0].level + 1, files=())
        return await self._stored(own, run, self._joined(runs))

    async def _joined(self, runs: Sequence[Run]) -> AsyncIterator[tuple[int, list[bytes]]]:
        """Yield the rows of all runs shard by shard, those of earlier states first."""
        for shard in sorted({block.shard for run in runs for file in run.files for block in file.blocks}):
            rows: list[bytes] = []
            for run in runs:
                rows += split(await shard_rows(self._snapshots.vault, run, shard))
            yield shard, rows

    async def _stored(self, own: SnapshotSummary, run: Run, shards: AsyncIterator[tuple[int, list[bytes]]]) -> Run:
        """Write the rows of a run into files in the folder of `own`; return the run with its files."""
        files: list[IndexFile] = []
        content, blocks = bytearray(), list[Block]()
        async for shard, rows in shards:
            packed = encode_rows(rows)
            blocks.append(Block(shard, len(content), len(packed), len(rows), block_digest(packed)))
            content += packed
            if len(content) > FILE_BYTES_ENOUGH:
                files.append(await self._file(own, run, content, blocks))
                content, blocks = bytearray(), []
        if blocks:
            files.append(await self._file(own, run, content, blocks))
        return msgspec.structs.replace(run, files=tuple(files))

    async def _file(self, own: SnapshotSummary, run: Run, content: bytearray, blocks: Sequence[Block]) -> IndexFile:
        name = f"{folder_of(own)}/{run.first:08d}-{run.last:08d}.{blocks[0].shard:05d}.changes.zst"
        await self._snapshots.vault.create(name, bytes(content))
        return IndexFile(name=name, length=len(content), blocks=tuple(blocks))


async def _each(rows: dict[int, list[bytes]]) -> AsyncIterator[tuple[int, list[bytes]]]:
    for shard in sorted(rows):
        yield shard, rows[shard]
