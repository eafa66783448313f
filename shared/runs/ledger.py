"""Jobs, batches and the lease of each tenant, kept in rows (decision D9, D10).

Everything that changes a lease is one conditional transaction, so a crash between any two lines leaves either the old
holder or the new one, never both and never none with a job lost: the watchdog finds unfinished jobs by their rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.domain.errors import (
    BatchHeldError,
    LeaseLostError,
    NotFoundError,
    RowConflictError,
    StaleNoteError,
    TenantBusyError,
    TransientError,
)
from shared.domain.jobs import Batch, BatchState, Job, Kind, Note
from shared.domain.ledgers import SealedLedger
from shared.formats.rows import (
    batch_key,
    batch_of,
    batch_prefix,
    batch_values,
    job_key,
    job_of,
    job_values,
)
from shared.jobs import lease as rules
from shared.jobs.lease import LEASE_KEY, MARGIN_SECONDS, LeaseRow, lease_key, lease_row, row_values
from shared.jobs.states import ENDS, Event, next_state, state_for
from shared.ports import CREATE, Clock, Ids, Put, Row, Rows
from shared.runs.tenure import Tenure, claimed

RACES_MAX = 20


class Ledger:
    """The one home of job state; every method names the tenant it is about."""

    def __init__(self, rows: Rows, clock: Clock, ids: Ids, *, lease_seconds: int = 60) -> None:
        self._rows, self._clock, self._ids = rows, clock, ids
        self.lease_seconds = lease_seconds

    async def job(self, tenant: str, job_id: str) -> Job:
        """Return a job; raise NotFoundError when the tenant has none of that id."""
        row = await self._rows.read(tenant, job_key(job_id))
        if row is None:
            raise NotFoundError("job", job_id)
        return job_of(row.values, key=row.key)

    async def jobs(self, tenant: str) -> list[Job]:
        """Return every job of the tenant, newest first."""
        rows = await self._rows.scan(tenant, job_key(""))
        return sorted((job_of(row.values, key=row.key) for row in rows), key=lambda job: job.created_at, reverse=True)

    async def batches(self, tenant: str, job_id: str) -> list[Batch]:
        """Return the batches of a job in order."""
        rows = await self._rows.scan(tenant, batch_prefix(job_id))
        return [batch_of(row.values, key=row.key) for row in rows]

    async def holder(self, tenant: str, key: str = LEASE_KEY) -> tuple[LeaseRow, bool]:
        """Return the lease in row `key` and whether its holder has gone silent."""
        row = await self._rows.read(tenant, key)
        lease = lease_row(row.values) if row else LeaseRow()
        return lease, row is not None and rules.is_expired(lease, row.age_seconds)

    async def begin(self, job: Job, first: Sequence[Batch]) -> LeaseRow | None:
        """Create `job` with its first batches and take the lease for it, all or nothing; return the lease.

        A recovery that finds a report or a capture holding the lease is created and marked as wanting it; None is
        returned and the holder makes way at its next boundary. Raises TenantBusyError otherwise.
        """
        created = _creation(job, first)
        for _race in range(RACES_MAX):
            held, row = await self._lease(job.tenant, lease_key(job))
            if held is not None and held.is_held and job.kind is Kind.RECOVERY:
                lease, is_ours = rules.wanted(held, job.tenant, job_id=job.job_id), False
            else:
                lease, is_ours = self._taken(held, job), True
            try:
                await self._rows.write(job.tenant, [_put(lease_key(job), lease, row), *created])
            except RowConflictError:
                if await self._rows.read(job.tenant, job_key(job.job_id)) is not None:
                    raise TenantBusyError(job.tenant, job_id=job.job_id, kind=job.kind) from None
                continue
            return lease if is_ours else None
        raise TransientError(f"tenant {job.tenant}: {RACES_MAX} others changed the lease first")

    async def park(self, job: Job, first: Sequence[Batch]) -> bool:
        """Create `job` without the lease, to be taken up when the tenant is free; False when it exists already."""
        try:
            await self._rows.write(job.tenant, _creation(job, first))
        except RowConflictError:
            return False
        return True

    async def take(self, job: Job) -> LeaseRow | None:
        """Take the lease for a job that exists and is not ended; None while another job has it."""
        held, row = await self._lease(job.tenant, lease_key(job))
        try:
            lease = self._taken(held, job)
            await self._rows.write(job.tenant, [_put(lease_key(job), lease, row)])
        except (TenantBusyError, RowConflictError):
            return None
        return lease

    async def revive(self, tenant: str, key: str = LEASE_KEY) -> LeaseRow | None:
        """Fence off a silent holder: a new token for its job, or the recovery that wants the tenant; None if alive."""
        held, row = await self._lease(tenant, key)
        if held is None or row is None or not rules.is_expired(held, row.age_seconds):
            return None
        lease = rules.handed_over(held) if held.wanted_by else rules.renewed_by_watchdog(held)
        try:
            await self._rows.write(tenant, [_put(key, lease, row)])
        except RowConflictError:
            return None
        return lease

    async def enter(self, note: Note) -> Tenure:
        """Take the batch that `note` names, for one worker.

        Raises StaleNoteError (drop the message), BatchHeldError (ask again later) or NotFoundError.
        """
        for _race in range(RACES_MAX):
            job_row = await self._rows.read(note.tenant, job_key(note.job_id))
            if job_row is None:
                raise StaleNoteError(f"there is no job {note.job_id}")
            job = job_of(job_row.values, key=job_row.key)
            held, row = await self._lease(note.tenant, lease_key(job))
            lease = rules.check_note(held, note)
            assert row is not None
            batch_row = await self._rows.read(note.tenant, batch_key(note.job_id, note.batch))
            if batch_row is None:
                raise StaleNoteError(f"job {note.job_id} has no batch {note.batch}")
            batch = self._free_batch(batch_row, lease)
            mine = claimed(batch, self._ids.new())
            puts = [
                _put(lease_key(job), lease, row),
                Put(batch_row.key, batch_values(mine), batch_row.etag),
            ]
            moved = msgspec.structs.replace(
                job, state=state_for(job.state, batch.step), started_at=job.started_at or self._clock.now()
            )
            try:
                if moved != job:
                    await self._move(moved)
                claimed_at = self._clock.now()
                etags = await self._rows.write(note.tenant, puts)
            except RowConflictError:
                continue
            return Tenure(
                rows=self._rows,
                clock=self._clock,
                job=moved,
                batch=mine,
                etags=(etags[0], etags[1]),
                lease=lease,
                claimed_at=claimed_at,
            )
        raise TransientError(f"job {note.job_id} batch {note.batch}: {RACES_MAX} others changed it first")

    async def end(self, note: Note, event: Event, *, error_code: str = "", error: str = "") -> LeaseRow | None:
        """End the note's job and free the lease in one transaction; return the lease of a waiting recovery, if any.

        Raises LeaseLostError when a newer holder has the tenant: then the job is no longer the note's to end.
        """
        tenant, job_id = note.tenant, note.job_id
        for _race in range(RACES_MAX):
            job_row = await self._rows.read(tenant, job_key(job_id))
            if job_row is None:
                raise StaleNoteError(f"there is no job {job_id}")
            job = job_of(job_row.values, key=job_row.key)
            held, row = await self._lease(tenant, lease_key(job))
            held = rules.check_holder(held, tenant, job_id=job_id, fencing_token=note.fencing_token)
            ended = msgspec.structs.replace(
                job,
                state=next_state(job.state, event),
                completed_at=self._clock.now(),
                error_code=error_code,
                error=error,
            )
            lease = rules.handed_over(held) if held.wanted_by else rules.freed(held)
            puts = [_put(lease_key(job), lease, row), Put(job_row.key, job_values(ended), job_row.etag)]
            try:
                await self._rows.write(tenant, puts)
            except RowConflictError:
                continue
            return lease if lease.is_held else None
        raise TransientError(f"job {job_id}: {RACES_MAX} others changed it first")

    async def add_sealed(self, tenant: str, job_id: str, sealed: SealedLedger) -> None:
        """Name the sealed ledger of an ended job in its row, once; a row that names one already stays as it is."""
        for _race in range(RACES_MAX):
            row = await self._rows.read(tenant, job_key(job_id))
            job = job_of(row.values, key=row.key) if row else None
            if row is None or job is None or job.ledger is not None:
                return
            named = msgspec.structs.replace(job, ledger=sealed)
            try:
                await self._rows.write(tenant, [Put(row.key, job_values(named), row.etag)])
            except RowConflictError:
                continue
            return
        raise TransientError(f"job {job_id}: {RACES_MAX} others changed it first")

    async def hand_over(self, note: Note) -> LeaseRow | None:
        """Give the lease to the recovery that wants it; the note's job stays unfinished and is taken up later."""
        held, row = await self._lease(note.tenant, LEASE_KEY)
        held = rules.check_holder(held, note.tenant, job_id=note.job_id, fencing_token=note.fencing_token)
        if not held.wanted_by:
            return None
        lease = rules.handed_over(held)
        try:
            await self._rows.write(note.tenant, [_put(LEASE_KEY, lease, row)])
        except RowConflictError:
            raise LeaseLostError(note.tenant, ours=note.fencing_token, current=held.fencing_token) from None
        return lease

    async def ask_cancel(self, tenant: str, job_id: str) -> Job:
        """Mark a job to be cancelled at its next boundary; an ended job is returned as it is."""
        for _race in range(RACES_MAX):
            row = await self._rows.read(tenant, job_key(job_id))
            if row is None:
                raise NotFoundError("job", job_id)
            job = job_of(row.values, key=row.key)
            if job.state in ENDS or job.is_cancel_asked:
                return job
            asked = msgspec.structs.replace(job, is_cancel_asked=True)
            try:
                await self._rows.write(tenant, [Put(row.key, job_values(asked), row.etag)])
            except RowConflictError:
                continue
            return asked
        raise TransientError(f"job {job_id}: {RACES_MAX} others changed it first")

    def _taken(self, held: LeaseRow | None, job: Job) -> LeaseRow:
        return rules.taken(held, job.tenant, job_id=job.job_id, kind=job.kind, ttl_seconds=self.lease_seconds)

    async def _lease(self, tenant: str, key: str) -> tuple[LeaseRow | None, Row | None]:
        row = await self._rows.read(tenant, key)
        return (lease_row(row.values), row) if row else (None, None)

    def _free_batch(self, row: Row, lease: LeaseRow) -> Batch:
        """Return the batch when no living worker has it."""
        batch = batch_of(row.values, key=row.key)
        if batch.state in {BatchState.DONE, BatchState.FAILED}:
            raise StaleNoteError(f"job {batch.job_id} batch {batch.number} is {batch.state}")
        if batch.state is BatchState.RUNNING and row.age_seconds <= lease.ttl_seconds + MARGIN_SECONDS:
            raise BatchHeldError(batch.job_id, batch.number, age_seconds=row.age_seconds)
        return batch

    async def _move(self, job: Job) -> None:
        """Store a job's new state, keeping a cancel that was asked for meanwhile."""
        row = await self._rows.read(job.tenant, job_key(job.job_id))
        assert row is not None, "a running job has a row"
        current = job_of(row.values, key=row.key)
        if current.state in ENDS:  # by another batch of the same wave, since the note was checked
            raise RowConflictError(job.tenant, row.key)
        moved = msgspec.structs.replace(current, state=job.state, started_at=job.started_at)
        await self._rows.write(job.tenant, [Put(row.key, job_values(moved), row.etag)])


def _put(key: str, lease: LeaseRow, row: Row | None) -> Put:
    return Put(key, row_values(lease), row.etag if row else CREATE)


def _creation(job: Job, first: Sequence[Batch]) -> list[Put]:
    batches = [Put(batch_key(job.job_id, batch.number), batch_values(batch), CREATE) for batch in first]
    return [Put(job_key(job.job_id), job_values(job), CREATE), *batches]
