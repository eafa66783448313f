"""A small vault in memory with signed snapshots, sealed by the product's own steps from made-up objects."""

from __future__ import annotations

import msgspec

from shared.catalogue.types import TYPES
from shared.domain.jobs import Batch, BatchState, Job, Kind, Note, SnapshotSummary, State, Step
from shared.domain.times import parse_time
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.rows import snapshot_key, snapshot_values
from shared.formats.spooling import Spool
from shared.jobs.states import Event
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock, SequentialIds
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.ports import ANY, Put
from shared.runs.ledger import Ledger
from shared.runs.sealing import Sealing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.staging import store_segment
from shared.runs.verifying import Verifying

SHARDS = 2
USERS = 24
SOFT_DELETED_EVERY = 5
CREATED_AT = parse_time("2026-11-20T22:00:00Z")


class SmallVault:
    """One vault and the list of its snapshots, of any tenants; every manifest is signed with the same key."""

    def __init__(self) -> None:
        signing = MemorySigning()
        self.blobs, self.rows, self.ids = MemoryBlobs(), MemoryRows(LoopClock()), SequentialIds(1)
        self.snapshots = Snapshots(self.rows, self.blobs, Signing(signing, signing))
        self.verifying = Verifying(self.snapshots)
        self._ledger = Ledger(self.rows, LoopClock(), self.ids)

    async def seal(self, tenant: str, snapshot_id: str, city: str) -> SnapshotSummary:
        """Seal a snapshot whose users live in `city`; return its row of the list."""
        work, job_id = MemoryBlobs(), self.ids.new()
        segment = await store_segment(work, f"{tenant}/{job_id}/read/00001", *_segment(city))
        shards = {"first": 0, "end": SHARDS, "shards": SHARDS}
        types = {"shards": SHARDS, "types": [entry.name for entry in TYPES]}
        batches = [
            Batch(job_id=job_id, number=1, wave=1, step=Step.READ, state=BatchState.DONE, outputs=[segment]),
            Batch(job_id=job_id, number=2, wave=3, step=Step.SEAL, argument=shards),
            Batch(job_id=job_id, number=3, wave=4, step=Step.MANIFEST, argument=types),
        ]
        job = Job(
            tenant=tenant,
            job_id=job_id,
            kind=Kind.CAPTURE,
            state=State.LOADING_DATA,
            snapshot_id=snapshot_id,
            created_at=CREATED_AT,
        )
        lease = await self._ledger.begin(job, batches)
        assert lease is not None, "one job at a time"
        sealing = Sealing(self._ledger, work, self.snapshots, LoopClock())
        note = Note(tenant=tenant, job_id=job_id, batch=2, fencing_token=lease.fencing_token)
        await sealing.seal(await self._ledger.enter(note))
        await sealing.manifest(await self._ledger.enter(msgspec.structs.replace(note, batch=3)))
        await self._ledger.end(note, Event.LAST_BATCH_DONE)
        return await self.snapshots.named(tenant, snapshot_id)

    async def list_as(self, known: SnapshotSummary) -> None:
        """Write a row of the list, as somebody who can write the table might."""
        await self.rows.write(known.tenant, [Put(snapshot_key(known.snapshot_id), snapshot_values(known), ANY)])

    def files(self, known: SnapshotSummary) -> dict[str, bytes]:
        """Return every blob of a snapshot: files, manifest, signature."""
        prefix = known.manifest_name.rpartition("/")[0]
        return {name: content for name, content in self.blobs.contents.items() if name.startswith(f"{prefix}/")}


def _segment(city: str) -> tuple[Spool, LinkSpool]:
    spool, links, ids = Spool(SHARDS), LinkSpool(SHARDS), SequentialIds(2)
    group = ids.new()
    spool.add(group, msgspec.json.encode({"id": group, "displayName": "Everybody"}), type_code=2)
    for number in range(USERS):
        user, flags = ids.new(), SOFT_DELETED if number % SOFT_DELETED_EVERY == 0 else 0
        body = {"id": user, "displayName": f"user {number}", "city": city}
        spool.add(user, msgspec.json.encode(body), type_code=1, flags=flags)
        links.add(1, group, user)
    return spool, links
