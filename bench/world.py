"""The product over a folder, and workers that say which step of a job took which processor time.

With one worker, messages are handled one at a time and every second belongs to one step.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.directory import RuleDirectory
from bench.folder import FolderBlobs
from bench.population import Population
from shared.azure.clock import SystemClock
from shared.domain.errors import TidemarkError
from shared.domain.jobs import Batch, Job, SnapshotSummary, State
from shared.formats.rows import batch_key, batch_of, snapshot_key, snapshot_values
from shared.memory.clock import KnownPasswords, SequentialIds
from shared.memory.queue import MemoryQueue, Message
from shared.memory.rows import MemoryRows
from shared.ports import ANY, Caller, Clock, Directory, Put
from shared.wiring import Ports, assemble

TENANT = "7d1de5a0-0000-4000-8000-00000000be0c"
CAPTURED_AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
QUEUES = ("capture", "compare", "recover")
MESSAGE_LEASE_SECONDS = 24 * 3600.0
IDLE_SECONDS = 0.2


class JobFailedError(RuntimeError):
    """A measured job did not succeed, so its figures would mean nothing."""


class NobodyCalls:
    """ports.Callers: nobody calls over HTTP here."""

    async def identify(self, authorization: str | None) -> Caller:
        """Never called."""
        raise AssertionError(authorization)


class World:
    """One tenant's product: vault and work container are folders below `root`, rows and queue are in memory.

    `outside_cpu_s` tells the processor time that was spent on behalf of the tenant, which no step is charged for.
    """

    def __init__(
        self,
        root: Path,
        directory: Directory,
        *,
        clock: Clock,
        work: str = "work",
        outside_cpu_s: Callable[[], float] = float,
    ) -> None:
        self.vault = FolderBlobs(root / "vault", clock)
        self.rows, self.queue = MemoryRows(clock), MemoryQueue(clock)
        ports = Ports(
            rows=self.rows,
            work=FolderBlobs(root / work, clock),
            vault=self.vault,
            queue=self.queue,
            directory=directory,
            clock=clock,
            ids=SequentialIds(1),
            passwords=KnownPasswords(1),
        )
        self.product = assemble(TENANT, ports, NobodyCalls())
        self.cpu_s: dict[str, float] = defaultdict(float)
        self.ended_at = CAPTURED_AT
        self._clock, self._at_work = clock, 0
        self._outside_cpu_s = outside_cpu_s

    async def know(self, snapshot: SnapshotSummary) -> None:
        """List a snapshot that another process sealed into this vault."""
        await self.rows.write(TENANT, [Put(snapshot_key(snapshot.snapshot_id), snapshot_values(snapshot), ANY)])

    async def capture(self, *, workers: int = 1, scheduled_at: datetime = CAPTURED_AT) -> SnapshotSummary:
        """Capture the tenant; return the sealed snapshot. Raises JobFailedError."""
        job = await self.product.scheduling.capture(TENANT, scheduled_at)
        assert job is not None, "one job at a time"
        await self.finish(job, workers)
        return await self.product.snapshots.named(TENANT, job.snapshot_id)

    async def run(self, job: Job, batches: Sequence[Batch]) -> list[Batch]:
        """Run a job that is laid out already; return its batches as they ended. Raises JobFailedError."""
        lease = await self.product.ledger.begin(job, batches)
        assert lease is not None, "one job at a time"
        await self.product.worker.dispatch(TENANT, lease)
        await self.finish(job, 1)
        return await self.product.ledger.batches(TENANT, job.job_id)

    async def finish(self, job: Job, workers: int) -> None:
        """Handle messages until there are none; raise JobFailedError when the job did not succeed."""
        while sum(await asyncio.gather(*(self._handle_all() for _worker in range(workers)))):
            pass
        ended = await self.product.ledger.job(TENANT, job.job_id)
        if ended.state is not State.SUCCESSFUL:
            raise JobFailedError(f"job {ended.job_id} is {ended.state}: {ended.error}")
        assert ended.completed_at is not None, "a job that has ended says when"
        self.ended_at = ended.completed_at  # notes sent twice may be dropped long after that

    async def _handle_all(self) -> int:
        """Handle messages while there are any, those of others' making included; return how many that was."""
        handled = 0
        while self.queue.next_visible_at() is not None:
            for queue in QUEUES:
                message = await self.queue.receive(queue, MESSAGE_LEASE_SECONDS)
                if message is not None:
                    self._at_work += 1
                    await self._handle(message)
                    self._at_work -= 1
                    handled += 1
                    break
            else:
                await asyncio.sleep(self._idle_seconds())
        return handled

    def _idle_seconds(self) -> float:
        """Return how long nothing can come: while nobody is at work, until the next message is to be seen."""
        at = self.queue.next_visible_at()
        if self._at_work or at is None:
            return IDLE_SECONDS
        return max(IDLE_SECONDS, (at - self._clock.now()).total_seconds())

    async def _handle(self, message: Message) -> None:
        """Handle one message and add its processor time to its step."""
        note = message.note
        row = await self.rows.read(TENANT, batch_key(note.job_id, note.batch))
        assert row is not None, "a note names a batch that is there"
        step = batch_of(row.values, key=row.key).step
        began = time.process_time() - self._outside_cpu_s()
        try:
            await self.product.worker.handle(note)
        except TidemarkError as error:
            raise JobFailedError(f"batch {note.batch} ({step}): {error}") from error
        self.cpu_s[step] += time.process_time() - self._outside_cpu_s() - began
        await self.queue.delete(message)


def stored_world(root: Path, *, work: str = "work") -> World:
    """Return a world over what is stored below `root`, whose tenant is not asked for anything."""
    return World(root, RuleDirectory(Population(1, 0)), clock=SystemClock(), work=work)


def ruled_world(root: Path, population: Population) -> World:
    """Return a world whose tenant is `population`; what making its pages costs is no step's."""
    directory = RuleDirectory(population)
    return World(root, directory, clock=SystemClock(), outside_cpu_s=lambda: directory.making_cpu_s)
