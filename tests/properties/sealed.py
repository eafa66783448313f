"""Snapshots sealed by the product's own steps, from segments a test puts together.

A capture that has read everything is set up in memory; its batches seal and manifest are then run as a worker would.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.jobs import Batch, BatchState, Kind, State, Step
from shared.formats.links import LinkSpool
from shared.formats.spooling import Spool
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock, SequentialIds
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.runs.ledger import Ledger
from shared.runs.sealing import Sealing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.staging import store_segment
from tests.support.builders import SNAPSHOT_ID, TENANT, a_batch, a_job, a_note

SHARDS_PER_RANGE = 2
TYPES = ["user", "group", "conditionalAccessPolicy", "namedLocation"]


async def seal_snapshot(
    bases: Sequence[tuple[Spool, LinkSpool]], increments: Sequence[tuple[Spool, LinkSpool]], *, shards: int
) -> Snapshots:
    """Seal one snapshot from what was read, in order, and what was rolled forward, in order."""
    work, vault, rows, clock = MemoryBlobs(), MemoryBlobs(), MemoryRows(LoopClock()), LoopClock()
    signing = MemorySigning()
    ledger = Ledger(rows, clock, SequentialIds(1))
    snapshots = Snapshots(rows, vault, Signing(signing, signing))
    sealing = Sealing(ledger, work, snapshots, clock)
    batches: list[Batch] = []
    for wave, step, segments in ((1, Step.READ, bases), (2, Step.ROLL_FORWARD, increments)):
        for spool, links in segments:
            number = len(batches) + 1
            note = await store_segment(work, f"{TENANT}/read/{number:05d}", spool, links)
            batches.append(a_batch(number, wave=wave, step=step, state=BatchState.DONE, outputs=[note]))
    ranges = [(first, min(first + SHARDS_PER_RANGE, shards)) for first in range(0, shards, SHARDS_PER_RANGE)]
    seals = [
        a_batch(100 + number, wave=3, step=Step.SEAL, argument={"first": first, "end": end, "shards": shards})
        for number, (first, end) in enumerate(ranges)
    ]
    last = a_batch(200, wave=4, step=Step.MANIFEST, argument={"shards": shards, "types": TYPES})
    job = a_job(kind=Kind.CAPTURE, state=State.LOADING_DATA)
    lease = await ledger.begin(job, [*batches, *seals, last])
    assert lease is not None
    for batch in seals:
        tenure = await ledger.enter(a_note(batch=batch.number, fencing_token=lease.fencing_token))
        await sealing.seal(tenure)
    await sealing.manifest(await ledger.enter(a_note(batch=last.number, fencing_token=lease.fencing_token)))
    return snapshots


async def read_everything(snapshots: Snapshots, *, shards: int) -> tuple[dict[tuple[bytes, int], bytes], set[bytes]]:
    """Return every body by key and type code, and every link row, read by `shards` shards; deleted keys are read too.

    Fails when an object turns up in two shards, or a deleted key names nothing.
    """
    reader = await snapshots.open(TENANT, SNAPSHOT_ID)
    bodies: dict[tuple[bytes, int], bytes] = {}
    links: set[bytes] = set()
    for shard in range(shards):
        found = await reader.bodies(await reader.index(shard, shards))
        assert not found.keys() & bodies.keys()
        bodies |= found
        of_shard = await reader.links(shard, shards)
        assert not of_shard & links
        links |= of_shard
    assert await reader.deleted() <= {key for key, _type in bodies}
    return bodies, links
