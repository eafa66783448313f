"""A vault that is given one state of a tenant after the other, each sealed and indexed by the product's own steps."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.errors import NotFoundError
from shared.domain.jobs import BatchState, Kind, SnapshotSummary, State, Step
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.rows import snapshot_key
from shared.formats.spooling import Spool
from shared.jobs.states import Event
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock, SequentialIds
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.runs.history import History
from shared.runs.indexing import Indexing
from shared.runs.ledger import Ledger
from shared.runs.sealing import Sealing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.staging import store_segment
from tests.support.builders import AT, TENANT, a_batch, a_job, a_note

TYPES = ["user", "group", "conditionalAccessPolicy", "namedLocation"]
CODES = {"user": 1, "group": 2}
MEMBERS = 1
Body = dict[str, Any]


class CountedBlobs(MemoryBlobs):
    """MemoryBlobs that count what is read."""

    reads = 0

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes, one read more."""
        self.reads += 1
        return await super().read(name, offset, length)


class StoppedClock(LoopClock):
    """A clock that stands still, so that what is sealed twice is the same twice."""

    def now(self) -> datetime:
        """Return when all of this happens."""
        return AT


async def done(act: Callable[[], Awaitable[object]]) -> None:
    """Do a step as it comes."""
    await act()


class States:
    """One tenant's vault; `seal` adds a day."""

    def __init__(self) -> None:
        signing = MemorySigning()
        self.vault, self.rows = CountedBlobs(StoppedClock()), MemoryRows(LoopClock())
        self.snapshots = Snapshots(self.rows, self.vault, Signing(signing, signing))
        self.history = History(self.snapshots)
        self.around: Callable[[Callable[[], Awaitable[object]]], Awaitable[None]] = done
        self.listed: list[SnapshotSummary] = []
        self._ids = SequentialIds(1)
        self._ledger = Ledger(self.rows, LoopClock(), self._ids)

    async def seal(
        self,
        users: Sequence[Body] = (),
        groups: Mapping[str, Sequence[str]] | None = None,
        *,
        deleted: Sequence[Body] = (),
        shards: int = 2,
        is_indexed: bool = True,
    ) -> SnapshotSummary:
        """Seal a state of users and of groups with the ids of their members; return its row of the list."""
        spool, links = Spool(shards), LinkSpool(shards)
        for user in (*users, *deleted):
            flags = SOFT_DELETED if user in deleted else 0
            spool.add(user["id"], msgspec.json.encode(user), type_code=CODES["user"], flags=flags)
        for group, members in (groups or {}).items():
            body = msgspec.json.encode({"id": group, "displayName": "a group"})
            spool.add(group, body, type_code=CODES["group"])
            for member in members:
                links.add(MEMBERS, group, member)
        return await self._sealed(spool, links, is_indexed=is_indexed)

    async def _sealed(self, spool: Spool, links: LinkSpool, *, is_indexed: bool) -> SnapshotSummary:
        day, work, shards = len(self.listed), MemoryBlobs(), spool.shard_count
        created_at = AT + timedelta(days=day)
        snapshot_id = f"{created_at:%Y%m%dT%H%M%SZ}-{day:08x}"
        job = a_job(f"day-{day}", kind=Kind.CAPTURE, state=State.LOADING_DATA, snapshot_id=snapshot_id)
        job = msgspec.structs.replace(job, created_at=created_at)
        read = await store_segment(work, f"{TENANT}/read/{day}", spool, links)
        whole = {"first": 0, "end": shards, "shards": shards}
        batches = [
            a_batch(1, state=BatchState.DONE, outputs=[read]),
            a_batch(2, wave=3, step=Step.SEAL, argument=whole),
            a_batch(3, wave=4, step=Step.MANIFEST, argument={"shards": shards, "types": TYPES}),
            a_batch(4, wave=5, step=Step.INDEX_CHANGES),
        ]
        batches = [msgspec.structs.replace(batch, job_id=job.job_id) for batch in batches]
        lease = await self._ledger.begin(job, batches)
        assert lease is not None, "one job at a time"
        sealing, indexing = Sealing(self._ledger, work, self.snapshots, StoppedClock()), Indexing(self.snapshots)
        acts = [sealing.seal, sealing.manifest, *([indexing.index_changes] if is_indexed else [])]
        for number, act in enumerate(acts):
            note = a_note(f"day-{day}", batch=2 + number, fencing_token=lease.fencing_token)
            await self.around(functools.partial(act, await self._ledger.enter(note)))
        await self._ledger.end(note, Event.LAST_BATCH_DONE)
        known = await self.snapshots.named(TENANT, snapshot_id)
        self.listed.append(known)
        return known

    async def told(self, object_id: str, type_name: str = "") -> list[tuple[int, str]]:
        """Return day and what of every version of an object; none when no snapshot has it."""
        try:
            found = await self.history.of(TENANT, object_id, type_name)
        except NotFoundError:
            return []
        days = {known.sequence: day for day, known in enumerate(self.listed)}
        return [(days[found.states[one.position].sequence], one.what.value) for one in found.versions]

    def forget(self, day: int) -> None:
        """Take a day's snapshot away, as its retention's end does: its row of the list and all of its files."""
        known = self.listed[day]
        del self.rows._partitions[TENANT][snapshot_key(known.snapshot_id)]
        for name in self.files(f"/{known.snapshot_id}/"):
            del self.vault.contents[name]

    def damage(self, name: str) -> None:
        """Change one bit in the middle of a blob."""
        content = bytearray(self.vault.contents[name])
        content[len(content) // 2] ^= 1
        self.vault.contents[name] = bytes(content)

    def files(self, part: str) -> list[str]:
        """Return the names of the blobs whose names hold `part`, in order."""
        return sorted(name for name in self.vault.contents if part in name)
