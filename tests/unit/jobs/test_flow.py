"""Which batches may run now (promises F1 to F5 of shared/jobs/flow.py)."""

from __future__ import annotations

import itertools

import pytest

from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.jobs.flow import QUEUE, WIDTH, release, to_send, totals, warnings
from tests.support.builders import a_batch

WAITING, RUNNING, DONE, FAILED = BatchState.WAITING, BatchState.RUNNING, BatchState.DONE, BatchState.FAILED


def waves(*states: tuple[BatchState, ...], step: Step = Step.READ) -> list[Batch]:
    """Return batches numbered from 1, one wave per group of states."""
    numbers = itertools.count(1)
    return [
        a_batch(next(numbers), wave=wave, state=state, step=step)
        for wave, group in enumerate(states)
        for state in group
    ]


@pytest.mark.parametrize("unfinished", [WAITING, RUNNING])
def test_f1_no_batch_of_a_wave_is_released_before_all_lower_waves_are_done(unfinished: BatchState) -> None:
    batches = waves((DONE, unfinished), (WAITING, WAITING))
    assert release(batches).numbers == (2,)


def test_f1_the_next_wave_is_released_when_the_last_batch_of_the_wave_before_is_done() -> None:
    assert release(waves((DONE, DONE), (WAITING, WAITING))).numbers == (3, 4)


def test_f1_holds_whatever_the_states_are() -> None:
    for states in itertools.product(BatchState, repeat=4):
        batches = waves(states[:2], states[2:])
        numbers = set(release(batches).numbers)
        if numbers & {3, 4}:
            assert states[:2] == (DONE, DONE)


def test_a_wave_is_released_within_the_width_of_its_step_lowest_numbers_first() -> None:
    batches = waves((WAITING,) * 20)
    assert release(batches).numbers == tuple(range(1, WIDTH[Step.READ] + 1))


def test_the_order_in_which_rows_are_read_does_not_matter() -> None:
    batches = waves((DONE, WAITING), (WAITING,))
    assert release(batches) == release(batches[::-1])


@pytest.mark.parametrize("step", [Step.APPLY, Step.RELINK, Step.PLAN, Step.MANIFEST])
def test_f2_steps_that_must_not_meet_themselves_run_one_batch_at_a_time(step: Step) -> None:
    assert release(waves((WAITING, WAITING, WAITING), step=step)).numbers == (1,)


def test_f2_a_second_batch_of_writes_waits_while_the_first_runs() -> None:
    assert to_send(waves((RUNNING, WAITING), step=Step.APPLY)) == ()


@pytest.mark.parametrize("states", list(itertools.product(BatchState, repeat=3)))
def test_f3_a_job_is_finished_exactly_when_every_batch_is_done(states: tuple[BatchState, ...]) -> None:
    assert release(waves(states[:2], states[2:])).is_finished == all(state is DONE for state in states)


def test_f5_releasing_twice_gives_the_same_answer() -> None:
    batches = waves((RUNNING, WAITING, DONE), (WAITING,))
    assert release(batches) == release(batches)
    assert to_send(batches) == to_send(batches)


def test_notes_are_sent_for_waiting_batches_only() -> None:
    assert to_send(waves((RUNNING, WAITING, DONE, WAITING))) == (2, 4)


def test_f4_a_failed_batch_stops_all_others_and_its_error_ends_the_job() -> None:
    batches = [a_batch(1), a_batch(2, state=FAILED, error="a page was cut"), a_batch(3, wave=2)]
    assert release(batches).numbers == to_send(batches) == ()
    assert release(batches).failure == "a page was cut"
    assert not release(batches).is_finished


def test_f4_a_failed_batch_that_left_no_error_is_named_by_its_number() -> None:
    assert release([a_batch(7, state=FAILED)]).failure == "batch 7 failed"


def test_every_step_has_a_width_and_every_kind_a_queue() -> None:
    assert set(WIDTH) == set(Step)
    assert set(QUEUE) == set(Kind)
    of_jobs_that_read_or_write_the_tenant = [QUEUE[kind] for kind in Kind if kind is not Kind.VERIFY]
    assert len(set(of_jobs_that_read_or_write_the_tenant)) == len(Kind) - 1
    assert QUEUE[Kind.VERIFY] == QUEUE[Kind.REPORT]  # both only read what is stored


def test_warnings_are_gathered_from_every_batch_and_each_is_said_once() -> None:
    first = [{"name": "a"}, {"warnings": ["not immutable", "half gone"]}]
    batches = [a_batch(1, outputs=first), a_batch(2, outputs=[{"warnings": ["half gone", "damaged"]}])]
    assert warnings(batches) == ("not immutable", "half gone", "damaged")


def test_totals_add_every_count_of_every_batch() -> None:
    batches = [a_batch(1, counts={"done": 2}), a_batch(2, counts={"done": 3, "expected": 7})]
    assert totals(batches) == {"done": 5, "expected": 7}
