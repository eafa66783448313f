"""What one worker may record: each guard of a tenure on its own, whatever else would also have stopped it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
import pytest

from shared.domain.errors import BatchHeldError, LeaseLostError, StaleNoteError, TransientError, UnrenewedError
from shared.domain.jobs import Batch, BatchState, Job, Kind, Note, State, Step
from shared.formats.rows import batch_key, batch_of, batch_values
from shared.jobs.lease import LEASE_KEY, LeaseRow, lease_row, row_values
from shared.memory.clock import SequentialIds
from shared.memory.rows import MemoryRows
from shared.ports import ANY, Put
from shared.runs.ledger import Ledger
from shared.runs.tenure import DOUBTFUL_AFTER, Pause, Tenure
from tests.support import virtual_time
from tests.support.builders import TENANT, a_job

LEASE_SECONDS = 60


@dataclass
class Held:
    """A job with one batch, taken by one worker."""

    rows: MemoryRows
    ledger: Ledger
    clock: virtual_time.VirtualClock
    job: Job
    note: Note
    tenure: Tenure

    async def stored_batch(self) -> Batch:
        """Return the batch as the table has it."""
        row = await self.rows.read(TENANT, batch_key(self.job.job_id, 0))
        assert row is not None
        return batch_of(row.values, key=row.key)

    async def change_lease(self, change: Callable[[LeaseRow], LeaseRow]) -> None:
        """Change the lease row behind the worker's back."""
        row = await self.rows.read(TENANT, LEASE_KEY)
        assert row is not None
        await self.rows.write(TENANT, [Put(LEASE_KEY, row_values(change(lease_row(row.values))), ANY)])


def with_a_tenure(story: Callable[[Held], Awaitable[None]]) -> None:
    """Let one worker take the only batch of a report, then tell `story`."""

    async def whole() -> None:
        clock = virtual_time.VirtualClock()
        rows = MemoryRows(clock)
        ledger = Ledger(rows, clock, SequentialIds(1), lease_seconds=LEASE_SECONDS)
        job = a_job(kind=Kind.REPORT, state=State.INITIALIZED)
        lease = await ledger.begin(job, [Batch(job_id=job.job_id, number=0, wave=0, step=Step.PREPARE)])
        assert lease is not None
        note = Note(tenant=TENANT, job_id=job.job_id, batch=0, fencing_token=lease.fencing_token)
        await story(Held(rows, ledger, clock, job, note, await ledger.enter(note)))

    virtual_time.run(whole())


def done(batch: Batch) -> Batch:
    return msgspec.structs.replace(batch, state=BatchState.DONE, cursor={"by": "this worker"})


def test_a_worker_records_and_renews_in_one_transaction() -> None:
    async def story(held: Held) -> None:
        await held.clock.sleep(40)
        await held.tenure.record(done(held.tenure.batch))
        row = await held.rows.read(TENANT, LEASE_KEY)
        assert row is not None
        assert row.age_seconds < 1
        assert (await held.stored_batch()).state is BatchState.DONE

    with_a_tenure(story)


def test_a_newer_fencing_token_refuses_the_record_although_nobody_touched_the_batch() -> None:
    async def story(held: Held) -> None:
        await held.change_lease(lambda row: msgspec.structs.replace(row, fencing_token=row.fencing_token + 1))
        with pytest.raises(LeaseLostError, match="our fencing token is 1, current is 2"):
            await held.tenure.record(done(held.tenure.batch))
        assert (await held.stored_batch()).cursor == {}
        lease, _is_silent = await held.ledger.holder(TENANT)
        assert lease.fencing_token == 2

    with_a_tenure(story)


def test_another_jobs_lease_refuses_the_record_although_its_token_is_the_same() -> None:
    async def story(held: Held) -> None:
        other = "99999999-0000-4000-8000-000000000009"
        await held.change_lease(lambda row: msgspec.structs.replace(row, job_id=other))
        with pytest.raises(LeaseLostError):
            await held.tenure.record(done(held.tenure.batch))
        assert (await held.stored_batch()).cursor == {}

    with_a_tenure(story)


def test_a_batch_that_another_worker_took_refuses_the_record_although_the_lease_is_ours() -> None:
    async def story(held: Held) -> None:
        taken = msgspec.structs.replace(held.tenure.batch, attempt=2, owner="another worker")
        await held.rows.write(TENANT, [Put(batch_key(held.job.job_id, 0), batch_values(taken), ANY)])
        with pytest.raises(LeaseLostError):
            await held.tenure.record(done(held.tenure.batch))
        assert await held.stored_batch() == taken

    with_a_tenure(story)


def test_a_sibling_that_renewed_the_same_lease_does_not_stop_the_record() -> None:
    async def story(held: Held) -> None:
        await held.change_lease(lambda row: row)
        await held.tenure.record(done(held.tenure.batch))
        assert (await held.stored_batch()).cursor == {"by": "this worker"}

    with_a_tenure(story)


def test_a_worker_that_lost_its_batch_finds_out_at_the_next_check() -> None:
    async def story(held: Held) -> None:
        await held.change_lease(lambda row: msgspec.structs.replace(row, fencing_token=row.fencing_token + 1))
        with pytest.raises(LeaseLostError):
            await held.tenure.renew()
        with pytest.raises(LeaseLostError):
            held.tenure.check()

    with_a_tenure(story)


def test_a_worker_whose_lease_is_fresh_asks_nobody_before_it_writes() -> None:
    async def story(held: Held) -> None:
        async def away(_partition: str, _puts: Sequence[Put]) -> list[str]:
            raise AssertionError("asked")

        held.rows.write = away  # type: ignore[method-assign, assignment]
        await held.tenure.hold()
        await held.clock.sleep(LEASE_SECONDS * DOUBTFUL_AFTER)
        await held.tenure.hold()

    with_a_tenure(story)


def test_a_worker_that_stood_still_renews_its_lease_before_it_writes() -> None:
    async def story(held: Held) -> None:
        await held.clock.sleep(2 * LEASE_SECONDS)
        await held.tenure.hold()
        after = await held.rows.read(TENANT, LEASE_KEY)
        assert after is not None
        assert after.age_seconds < 1
        await asyncio.gather(held.tenure.hold(), held.tenure.hold())
        assert await held.rows.read(TENANT, LEASE_KEY) == after, "once is enough"

    with_a_tenure(story)


def test_a_worker_that_stood_still_writes_nothing_once_somebody_else_has_the_tenant() -> None:
    async def story(held: Held) -> None:
        await held.clock.sleep(2 * LEASE_SECONDS)
        await held.change_lease(lambda row: msgspec.structs.replace(row, fencing_token=row.fencing_token + 1))
        for _write in range(2):
            with pytest.raises(LeaseLostError):
                await held.tenure.hold()

    with_a_tenure(story)


def test_a_worker_that_cannot_renew_in_time_writes_nothing_until_it_can() -> None:
    async def story(held: Held) -> None:
        write = held.rows.write

        async def away(_partition: str, _puts: Sequence[Put]) -> list[str]:
            raise TransientError("the storage is away")

        held.rows.write = away  # type: ignore[method-assign, assignment]
        await held.clock.sleep(LEASE_SECONDS)
        with pytest.raises(UnrenewedError, match="last renewed 60 s ago, and now: the storage is away"):
            await held.tenure.hold()
        held.rows.write = write  # type: ignore[method-assign]
        await held.tenure.hold()
        assert (await held.stored_batch()).state is BatchState.RUNNING

    with_a_tenure(story)


def test_a_living_worker_keeps_its_batch_from_a_second_delivery() -> None:
    async def story(held: Held) -> None:
        async with held.tenure.kept_alive():
            await held.clock.sleep(10 * LEASE_SECONDS)
            with pytest.raises(BatchHeldError):
                await held.ledger.enter(held.note)

    with_a_tenure(story)


def test_a_silent_workers_batch_goes_to_the_next_delivery_with_a_higher_attempt() -> None:
    async def story(held: Held) -> None:
        await held.clock.sleep(LEASE_SECONDS + 3)
        second = await held.ledger.enter(held.note)
        assert (held.tenure.batch.attempt, second.batch.attempt) == (1, 2)
        with pytest.raises(LeaseLostError):
            await held.tenure.record(done(held.tenure.batch))

    with_a_tenure(story)


def test_a_note_of_a_past_holder_is_stale() -> None:
    async def story(held: Held) -> None:
        with pytest.raises(StaleNoteError):
            await held.ledger.enter(msgspec.structs.replace(held.note, fencing_token=0))
        await held.tenure.record(done(held.tenure.batch))
        with pytest.raises(StaleNoteError, match="is done"):
            await held.ledger.enter(held.note)

    with_a_tenure(story)


def test_a_cancel_and_a_waiting_recovery_and_a_spent_budget_are_reasons_to_pause() -> None:
    async def story(held: Held) -> None:
        assert await held.tenure.pause() is None
        await held.ledger.ask_cancel(TENANT, held.job.job_id)
        assert await held.tenure.pause() is Pause.CANCEL

    async def wanted(held: Held) -> None:
        await held.change_lease(lambda row: msgspec.structs.replace(row, wanted_by="a recovery"))
        await held.tenure.renew()
        assert await held.tenure.pause() is Pause.PREEMPT

    async def spent(held: Held) -> None:
        await held.clock.sleep(151)
        assert await held.tenure.pause() is Pause.BUDGET

    for each in (story, wanted, spent):
        with_a_tenure(each)


def test_trouble_is_noted_without_counting_as_progress_and_a_recording_clears_it() -> None:
    async def story(held: Held) -> None:
        await held.tenure.note_trouble("Graph could not be reached")
        noted = await held.stored_batch()
        assert (noted.error, noted.stalls, noted.state) == ("Graph could not be reached", 1, BatchState.RUNNING)
        await held.clock.sleep(2 * LEASE_SECONDS)
        again = await held.ledger.enter(held.note)
        assert (again.batch.stalls, again.batch.error) == (2, "Graph could not be reached")
        await again.record(msgspec.structs.replace(again.batch, cursor={"shard": 1}))
        recorded = await held.stored_batch()
        assert (recorded.error, recorded.stalls) == ("", 0)

    with_a_tenure(story)


def test_trouble_is_never_noted_over_a_recording_whose_answer_was_lost() -> None:
    async def story(held: Held) -> None:
        write = held.rows.write

        async def takes_effect_and_breaks(partition: str, puts: Sequence[Put]) -> list[str]:
            await write(partition, puts)
            raise TransientError("planted")

        held.rows.write = takes_effect_and_breaks  # type: ignore[method-assign]
        with pytest.raises(TransientError):
            await held.tenure.record(done(held.tenure.batch))
        held.rows.write = write  # type: ignore[method-assign]
        await held.tenure.note_trouble("planted")
        assert (await held.stored_batch()).state is BatchState.DONE

    with_a_tenure(story)


def test_a_worker_that_was_fenced_off_notes_no_trouble() -> None:
    async def story(held: Held) -> None:
        await held.change_lease(lambda lease: msgspec.structs.replace(lease, fencing_token=lease.fencing_token + 1))
        await held.tenure.note_trouble("planted")
        assert (await held.stored_batch()).error == ""

    with_a_tenure(story)
