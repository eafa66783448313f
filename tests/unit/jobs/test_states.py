"""The life of a job is exactly the table: every pair is walked, every state reached, every end final."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain.jobs import State, Step
from shared.jobs.diagram import diagram
from shared.jobs.states import ENDS, PHASES, TRANSITIONS, Event, IllegalTransitionError, next_state, state_for

ROOT = Path(__file__).parents[3]
PAIRS = list(itertools.product(State, Event))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_event_in_every_state_moves_as_the_table_says_or_is_refused(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
        return
    with pytest.raises(IllegalTransitionError) as refused:
        next_state(state, event)
    assert (refused.value.state, refused.value.event) == (state, event)


def test_every_state_is_reached_from_the_first_one() -> None:
    reached, fresh = {State.INITIALIZED}, {State.INITIALIZED}
    while fresh:
        fresh = {goal for (state, _event), goal in TRANSITIONS.items() if state in fresh} - reached
        reached |= fresh
    assert reached == set(State)


@pytest.mark.parametrize("end", sorted(ENDS))
def test_nothing_happens_to_a_job_that_has_ended(end: State) -> None:
    assert not [event for state, event in TRANSITIONS if state is end]


def test_every_state_without_an_event_is_an_end() -> None:
    assert set(State) - {state for state, _event in TRANSITIONS} == ENDS


def test_every_state_leads_to_an_end() -> None:
    leading = set(ENDS)
    for _step in State:
        leading |= {state for (state, _event), goal in TRANSITIONS.items() if goal in leading}
    assert leading == set(State)


@pytest.mark.parametrize("state", sorted(set(State) - ENDS))
def test_a_job_can_fail_or_be_cancelled_wherever_it_stands(state: State) -> None:
    assert next_state(state, Event.BROKE) is State.FAILED
    assert next_state(state, Event.CANCEL_SEEN) is State.ABANDONED


def test_every_step_has_a_phase_that_its_event_leads_to() -> None:
    assert set(PHASES) == set(Step)
    for goal, event in PHASES.values():
        assert goal in {to for (_state, happened), to in TRANSITIONS.items() if happened is event}


@pytest.mark.parametrize(
    "steps",
    [
        (Step.PREPARE, Step.READ, Step.ROLL_FORWARD, Step.SEAL, Step.MANIFEST),
        (Step.PREPARE, Step.READ, Step.ROLL_FORWARD, Step.SEAL, Step.MANIFEST, Step.COMPARE),
        (
            Step.PREPARE,
            Step.READ,
            Step.ROLL_FORWARD,
            Step.SEAL,
            Step.MANIFEST,
            Step.COMPARE,
            Step.PLAN,
            Step.APPLY,
            Step.RELINK,
            Step.APPLY,
        ),
    ],
    ids=["capture", "report", "recovery"],
)
def test_the_steps_of_a_kind_move_a_job_forward_to_success(steps: tuple[Step, ...]) -> None:
    state, order = State.INITIALIZED, list(State)
    for step in steps:
        following = state_for(state, step)
        assert order.index(following) >= order.index(state)
        state = following
    assert next_state(state, Event.LAST_BATCH_DONE) is State.SUCCESSFUL


def test_a_job_never_moves_back() -> None:
    with pytest.raises(IllegalTransitionError):
        state_for(State.RUNNING, Step.READ)


def test_the_page_about_jobs_carries_the_diagram_of_the_table() -> None:
    page = (ROOT / "docs" / "jobs.md").read_text()
    blocks = re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL)
    assert diagram() in blocks


def test_the_diagram_is_printed_by_a_command() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "shared.jobs.diagram"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == diagram() + "\n"
