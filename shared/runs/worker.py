"""What a queue worker does with one note: take the batch, run its step, then say what runs next.

A crash at any line costs at most the work since the batch's last recording: the message comes back, or the watchdog
sends a new one, and whoever takes the batch next reads from its row how far it got. A crash between recording and
sending loses only a message, which the watchdog replaces.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from shared.domain.errors import (
    BatchHeldError,
    DirectoryError,
    InputError,
    IntegrityError,
    LockOutError,
    SealRefusedError,
    StaleNoteError,
    StalledError,
    StopError,
    TidemarkError,
    TransientError,
)
from shared.domain.jobs import Batch, BatchState, Kind, Note, Step
from shared.jobs.flow import QUEUE, release, to_send_after, totals
from shared.jobs.lease import MARGIN_SECONDS, LeaseRow
from shared.jobs.states import ENDS, Event
from shared.ports import WorkQueue
from shared.recover.refusals import broken_by
from shared.runs.closing import Closing
from shared.runs.damaging import Damaging
from shared.runs.free_heap import FreeHeap
from shared.runs.ledger import Ledger
from shared.runs.scopes import Scopes
from shared.runs.tenure import Pause, Tenure

log = logging.getLogger(__name__)

StepRun = Callable[[Tenure], Awaitable[Pause | None]]
# Workers that take one batch in a row and record nothing. Each waits out the lease of the one before (62 s), so a
# service that is away for an hour costs no job, and a batch that never gets anywhere fails by name the same day.
# The count is in the batch's row: those of messages begin anew whenever the watchdog sends one.
STALLS_MAX = 60
STALLS_PER_MESSAGE = 12  # five messages in a row may be given up, each after the five deliveries of host.json
# Errors that repeating cannot mend: the job fails by that name, at once and visibly.
FINAL_ERRORS = (InputError, IntegrityError, DirectoryError, LockOutError, SealRefusedError)


class Worker:
    """Runs notes. `steps` says what each step does; a step returns why it paused, or None when its batch is done."""

    def __init__(
        self,
        ledger: Ledger,
        queue: WorkQueue,
        steps: Mapping[Step, StepRun],
        scopes: Scopes,
        damaging: Damaging,
        closing: Closing | None = None,
    ) -> None:
        self._ledger, self._queue, self._steps, self._closing = ledger, queue, steps, closing
        self._scopes, self._damaging = scopes, damaging
        self._heap = FreeHeap()

    async def handle(self, note: Note) -> None:
        """Act on `note`; return when the message may be deleted, raise when it should be delivered again."""
        try:
            tenure = await self._ledger.enter(note)
        except StaleNoteError as error:
            log.info("note dropped", extra={"job_id": note.job_id, "batch": note.batch, "reason": str(error)})
            return
        except BatchHeldError as error:
            await self._later(note, error)
            return
        facts = {"job_id": note.job_id, "batch": note.batch, "step": tenure.batch.step, "attempt": tenure.batch.attempt}
        log.info("batch taken", extra=facts)
        try:
            if tenure.batch.stalls > STALLS_MAX:
                await self._fail(note, tenure, _stalled(tenure.batch))
            else:
                await self._run(note, tenure)
        except StopError as error:
            log.warning("batch lost to a newer holder", extra={**facts, "reason": str(error)})

    async def give_up(self, note: Note, reason: str) -> None:
        """Send another message for one that was delivered too often; fail the job when that helped nothing.

        Services that are away may cost a message all its deliveries, which is no reason to end a recovery. Every
        message given up counts as STALLS_PER_MESSAGE workers that recorded nothing. A crash between noting and sending
        leaves the batch to the watchdog. A stale message changes nothing.
        """
        try:
            tenure = await self._ledger.enter(note)
            stalls = tenure.batch.stalls - 1 + STALLS_PER_MESSAGE
            tenure.batch = msgspec.structs.replace(tenure.batch, stalls=stalls, error=tenure.batch.error or reason)
            if stalls > STALLS_MAX:
                await self._fail(note, tenure, _stalled(tenure.batch))
                return
            await tenure.note_trouble(tenure.batch.error)
            await self._queue.send(QUEUE[tenure.job.kind], note)
        except BatchHeldError as error:
            await self._later(note, error)
        except StopError as error:
            log.info("poison note was stale", extra={"job_id": note.job_id, "reason": str(error)})

    async def dispatch(self, tenant: str, lease: LeaseRow) -> None:
        """Send a note for every batch of the lease's job that should be with a worker now, running ones included.

        Ends a job whose last worker died between its last batch and the job's end.
        """
        last = Note(tenant=tenant, job_id=lease.job_id, batch=0, fencing_token=lease.fencing_token)
        batches = await self._ledger.batches(tenant, lease.job_id)
        released = release(batches)
        if released.failure:
            await self._end(last, Event.BROKE, error_code="batch-failed", error=released.failure)
        elif released.is_finished:
            await self._finish(last, batches)
        for number in released.numbers:
            await self._queue.send(QUEUE[Kind(lease.kind)], msgspec.structs.replace(last, batch=number))

    async def _run(self, note: Note, tenure: Tenure) -> None:
        if tenure.job.state in ENDS:
            return
        try:
            async with tenure.kept_alive():
                pause = await tenure.pause()
                if pause is None:
                    self._heap.turn_to(tenure.batch.step)
                    tenure.job = await self._scopes.whole(tenure.job)
                    pause = await self._steps[tenure.batch.step](tenure)
        except FINAL_ERRORS as error:
            await self._fail(note, tenure, error)
            return
        except TransientError as error:
            await tenure.note_trouble(str(error))
            raise
        if pause is None:
            await self._advance(note)
            return
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.WAITING, owner=""))
        if pause is Pause.CANCEL:
            await self._end(note, Event.CANCEL_SEEN)
        elif pause is Pause.PREEMPT:
            lease = await self._ledger.hand_over(note)
            if lease is not None:
                await self.dispatch(note.tenant, lease)
        else:
            await self._queue.send(QUEUE[tenure.job.kind], note)

    async def _fail(self, note: Note, tenure: Tenure, error: TidemarkError) -> None:
        reason = str(error)
        if isinstance(error, IntegrityError) and (advice := await self._damaging.met(tenure.job, error)):
            reason += f"; {advice}"
        log.error("batch failed", extra={"job_id": note.job_id, "batch": note.batch, "reason": reason})
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.FAILED, error=reason))
        await self._end(note, Event.BROKE, error_code=error.code, error=reason)

    async def _advance(self, note: Note) -> None:
        """Send what this batch's end released; end the job when nothing is left."""
        batches = await self._ledger.batches(note.tenant, note.job_id)
        if release(batches).is_finished:
            await self._finish(note, batches)
            return
        job = await self._ledger.job(note.tenant, note.job_id)
        for number in to_send_after(batches, note.batch):
            await self._queue.send(QUEUE[job.kind], msgspec.structs.replace(note, batch=number))

    async def _finish(self, note: Note, batches: Sequence[Batch]) -> None:
        """End a job whose batches are all done: well, or by the name of what kept it from writing the rest."""
        code, error = broken_by(totals(batches))
        await self._end(note, Event.BROKE if code else Event.LAST_BATCH_DONE, error_code=code, error=error)

    async def _end(self, note: Note, event: Event, *, error_code: str = "", error: str = "") -> None:
        lease = await self._ledger.end(note, event, error_code=error_code, error=error)
        log.info("job ended", extra={"job_id": note.job_id, "event_seen": event, "reason": error})
        if lease is not None:
            await self.dispatch(note.tenant, lease)
        else:
            await self.take_up(note.tenant)
        if self._closing is not None:
            await self._closing.try_to_close(await self._ledger.job(note.tenant, note.job_id))

    async def take_up(self, tenant: str) -> bool:
        """Give a free lease to the next unfinished job, recoveries first, then the oldest; tell whether one was."""
        waiting = [job for job in await self._ledger.jobs(tenant) if job.state not in ENDS]
        for job in sorted(waiting, key=lambda job: (job.kind is not Kind.RECOVERY, job.created_at)):
            lease = await self._ledger.take(job)
            if lease is not None:
                await self.dispatch(tenant, lease)
                return True
        return False

    async def _later(self, note: Note, error: BatchHeldError) -> None:
        """Ask again once the present holder, if it is dead, must have been silent for too long."""
        delay = max(1.0, self._ledger.lease_seconds + MARGIN_SECONDS - error.age_seconds)
        job = await self._ledger.job(note.tenant, note.job_id)
        await self._queue.send(QUEUE[job.kind], note, delay_seconds=delay)
        log.info("batch is held", extra={"job_id": note.job_id, "batch": note.batch, "again_in_seconds": delay})


def _stalled(batch: Batch) -> StalledError:
    return StalledError(batch=batch.number, step=batch.step, workers=batch.stalls - 1, reason=batch.error)
