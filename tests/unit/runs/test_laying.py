"""Rows that an attempt which died has laid out, and that the next one does not need, keep nobody waiting."""

from __future__ import annotations

import msgspec

from shared.domain.jobs import Batch, BatchState, Step
from shared.jobs.flow import release
from shared.runs.laying import replacing


def a_batch(number: int, step: Step = Step.APPLY, name: str = "first") -> Batch:
    return Batch(job_id="job-1", number=number, wave=number // 10_000 + 6, step=step, argument={"name": name})


def test_a_row_that_only_the_dead_attempt_laid_out_has_nothing_to_do() -> None:
    earlier = [a_batch(10_000), a_batch(10_001), a_batch(20_000), a_batch(99_999, Step.CONFIRM)]
    laid = [a_batch(10_000, name="second"), a_batch(99_999, Step.CONFIRM, name="second")]
    rows = {batch.number: batch for batch in replacing(earlier, laid)}
    assert [rows[batch.number] for batch in laid] == laid
    for number in (10_001, 20_000):
        assert (rows[number].state, rows[number].argument) == (BatchState.DONE, {})
    done = [msgspec.structs.replace(row, state=BatchState.DONE) for row in rows.values()]
    assert release(list(rows.values())).numbers == (10_000,)
    assert release(done).is_finished


def test_rows_of_other_steps_are_left_as_they_are() -> None:
    assert replacing([a_batch(18, Step.MANUAL)], []) == []
