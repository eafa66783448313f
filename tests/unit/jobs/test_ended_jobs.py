"""A job that has ended stays as it ended, however late another worker of it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.domain.errors import StaleNoteError
from shared.domain.jobs import Kind, State, Step
from shared.jobs.states import Event
from shared.memory.clock import LoopClock, SequentialIds
from shared.memory.rows import MemoryRows
from shared.ports import Row
from shared.runs.ledger import Ledger
from tests.support.builders import TENANT, a_batch, a_job, a_note


class RowsWithARival(MemoryRows):
    """Rows that let `rival` act once, just after a batch row was read."""

    rival: Callable[[], Awaitable[object]] | None = None

    async def read(self, partition: str, key: str) -> Row | None:
        row = await super().read(partition, key)
        if key.startswith("batch-") and self.rival is not None:
            waiting, self.rival = self.rival, None
            await waiting()
        return row


@pytest.mark.parametrize(
    ("event", "end"), [(Event.CANCEL_SEEN, State.ABANDONED), (Event.BROKE, State.FAILED)], ids=["cancelled", "broken"]
)
def test_a_worker_that_enters_while_another_ends_the_job_does_not_bring_it_back(event: Event, end: State) -> None:
    async def story() -> None:
        rows, clock = RowsWithARival(LoopClock()), LoopClock()
        ledger = Ledger(rows, clock, SequentialIds(1))
        job = a_job(kind=Kind.CAPTURE, state=State.LOADING_DATA)
        lease = await ledger.begin(job, [a_batch(1, step=Step.SEAL), a_batch(2, step=Step.SEAL)])
        assert lease is not None
        note = a_note(batch=1, fencing_token=lease.fencing_token)
        rows.rival = lambda: ledger.end(note, event)
        with pytest.raises(StaleNoteError):
            await ledger.enter(note)
        assert (await ledger.job(TENANT, job.job_id)).state is end

    asyncio.run(story())
