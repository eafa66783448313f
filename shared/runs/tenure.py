"""The right of one worker to act on one batch, and the only way to record what it did.

Recording progress and renewing the lease is one table transaction under the ETags of the lease row and the batch row
(decision D9): a worker that was fenced off, or whose batch another worker took, stores nothing.

Steps ask `pause()` at every boundary and return when it answers; what they recorded stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from shared.domain.errors import LeaseLostError, RowConflictError, StopError, TransientError, UnrenewedError
from shared.domain.jobs import Batch, BatchState, Job
from shared.formats.rows import batch_key, batch_of, batch_values, job_key, job_of
from shared.jobs.lease import LeaseRow, check_holder, lease_key, lease_row, row_values
from shared.ports import ANY, Clock, Put, Rows

log = logging.getLogger(__name__)

TRANSACTION_PUTS_MAX = 90  # Table storage: 100 operations a transaction; room for the lease, the job and the batch
CONFLICTS_MAX = 200  # parallel workers of one job meet on the lease row; each conflict means another one got through
RENEWALS_PER_TTL = 3
DOUBTFUL_AFTER = 0.5  # of the lease's time: the other half is for the request that is about to go out
REASON_CHARS_MAX = 500
BUDGET_SECONDS = 150.0  # "1-3 minutes of work" a message (decision D12), far below functionTimeout


class Pause(StrEnum):
    """Why a worker should stop at this boundary."""

    CANCEL = "cancel"
    PREEMPT = "preempt"
    BUDGET = "budget"


class Tenure:
    """One worker's right to one batch; made by the ledger only. `batch` is the row as last recorded.

    `claimed_at` is when the claim began to be written, by our own clock.
    """

    def __init__(
        self,
        *,
        rows: Rows,
        clock: Clock,
        job: Job,
        batch: Batch,
        etags: tuple[str, str],
        lease: LeaseRow,
        claimed_at: datetime,
    ) -> None:
        self._rows, self._clock, self._lease = rows, clock, lease
        self._lease_etag, self._batch_etag = etags
        self._turn = asyncio.Lock()
        self._lost: LeaseLostError | None = None
        self._began_at = clock.now()
        self._renewed_at = claimed_at
        self.job, self.batch = job, batch

    @property
    def fencing_token(self) -> int:
        """The lease's token under which this worker acts."""
        return self._lease.fencing_token

    def now(self) -> datetime:
        """Return the present."""
        return self._clock.now()

    def check(self) -> None:
        """Raise LeaseLostError when a renewal has already failed; saves work, protects nothing."""
        if self._lost is not None:
            raise self._lost

    async def hold(self) -> None:
        """Return when the tenant is ours for a while longer; asked before anything is written to it.

        A process that stood still, or a storage that was away, may have cost us the lease without our knowing: when its
        last renewal is half its time ago, it is renewed first. Raises LeaseLostError when somebody else has the tenant,
        UnrenewedError when nobody can tell.
        """
        self.check()
        if not self._is_doubtful():
            return
        try:
            async with self._turn:
                if self._is_doubtful():  # by now, because another write of ours may have asked
                    await self._store(self.batch, [])
        except TransientError as error:
            raise UnrenewedError(self.job.tenant, seconds=self._silent(), reason=str(error)) from error

    def _is_doubtful(self) -> bool:
        return self._silent() > self._lease.ttl_seconds * DOUBTFUL_AFTER

    def _silent(self) -> float:
        """Return the seconds since we last began a renewal that succeeded."""
        return (self._clock.now() - self._renewed_at).total_seconds()

    async def record(self, batch: Batch, *, added: Sequence[Batch] = (), beside: Sequence[Put] = ()) -> None:
        """Store `batch`, rows of later batches it plans and other rows, renewing the lease in the same transaction.

        A crash before the transaction repeats what came since the last one; after it, nothing. Batches in `added`
        replace rows a crashed attempt may have left, which nobody can have started: their wave is not reached.
        """
        batch = msgspec.structs.replace(batch, stalls=0, error=batch.error if batch.state is BatchState.FAILED else "")
        puts = [Put(batch_key(more.job_id, more.number), batch_values(more), ANY) for more in added]
        puts += beside
        async with self._turn:
            while len(puts) > TRANSACTION_PUTS_MAX:
                await self._store(self.batch, puts[:TRANSACTION_PUTS_MAX])
                puts = puts[TRANSACTION_PUTS_MAX:]
            await self._store(batch, puts)

    async def note_trouble(self, reason: str) -> None:
        """Keep why this worker gives its message back, for whoever looks at the job; what cannot be kept is lost.

        Only over the row as we know it: a recording whose answer was lost may have taken effect, and is never undone.
        """
        tenant, noted = self.job.tenant, msgspec.structs.replace(self.batch, error=reason[:REASON_CHARS_MAX])
        put = Put(batch_key(noted.job_id, noted.number), batch_values(noted), self._batch_etag)
        with contextlib.suppress(StopError, TransientError):
            async with self._turn:
                lease = await self._rows.read(tenant, lease_key(self.job))
                held = lease_row(lease.values) if lease else None
                ours = check_holder(held, tenant, job_id=self.job.job_id, fencing_token=self.fencing_token)
                assert lease is not None
                await self._rows.write(tenant, [Put(lease_key(self.job), row_values(ours), lease.etag), put])

    async def renew(self) -> None:
        """Say that this worker lives, without progress."""
        async with self._turn:
            await self._store(self.batch, [])

    async def pause(self) -> Pause | None:
        """Return why to stop now, None to go on: asked to cancel, wanted by a recovery, or out of its time."""
        self.check()
        row = await self._rows.read(self.job.tenant, job_key(self.job.job_id))
        if row is not None and job_of(row.values, key=row.key).is_cancel_asked:
            return Pause.CANCEL
        if self._lease.wanted_by:
            return Pause.PREEMPT
        if (self._clock.now() - self._began_at).total_seconds() > BUDGET_SECONDS:
            return Pause.BUDGET
        return None

    @contextlib.asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """Renew in the background while the body runs, for waits that Graph imposes."""
        renewing = asyncio.create_task(self._renew_often())
        try:
            yield
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing

    async def _renew_often(self) -> None:
        while True:
            await self._clock.sleep(self._lease.ttl_seconds / RENEWALS_PER_TTL)
            try:
                if self.batch.state is BatchState.RUNNING:
                    await self.renew()
            except StopError:
                return
            except TransientError as error:
                log.warning("renewal failed", extra={"job_id": self.job.job_id, "reason": str(error)})

    async def _store(self, batch: Batch, added: Sequence[Put]) -> None:
        self.check()
        for _attempt in range(CONFLICTS_MAX):
            puts = [
                Put(lease_key(self.job), row_values(self._lease), self._lease_etag),
                Put(batch_key(batch.job_id, batch.number), batch_values(batch), self._batch_etag),
                *added,
            ]
            began_at = self._clock.now()
            try:
                etags = await self._rows.write(self.job.tenant, puts)
            except RowConflictError:
                await self._reread()
                continue
            self._lease_etag, self._batch_etag, self._renewed_at = etags[0], etags[1], began_at
            self.batch = batch
            return
        raise TransientError(f"job {batch.job_id} batch {batch.number}: {CONFLICTS_MAX} conflicts on the lease row")

    async def _reread(self) -> None:
        """Refresh the ETags after a conflict, or find that the lease or the batch went to somebody else."""
        tenant, ours = self.job.tenant, self._lease.fencing_token
        lease = await self._rows.read(tenant, lease_key(self.job))
        row = await self._rows.read(tenant, batch_key(self.batch.job_id, self.batch.number))
        try:
            current = check_holder(
                lease_row(lease.values) if lease else None, tenant, job_id=self.job.job_id, fencing_token=ours
            )
            batch = batch_of(row.values, key=row.key) if row else None
            if batch is None or batch.owner != self.batch.owner or batch.attempt != self.batch.attempt:
                raise LeaseLostError(tenant, ours=ours, current=ours)
        except LeaseLostError as error:
            self._lost = error
            raise
        assert lease is not None
        assert row is not None
        self._lease, self._lease_etag, self._batch_etag = current, lease.etag, row.etag


def claimed(batch: Batch, owner: str) -> Batch:
    """Return the row with which worker `owner` takes `batch`; attempt and stalls grow with every worker."""
    attempt, stalls = batch.attempt + 1, batch.stalls + 1
    return msgspec.structs.replace(batch, state=BatchState.RUNNING, attempt=attempt, owner=owner, stalls=stalls)
