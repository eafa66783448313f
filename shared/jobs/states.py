"""The life of a job, as a table; nothing else in Tidemark assigns a state.

Pure. docs/jobs.md carries the diagram printed from this table by `python -m shared.jobs.diagram`, and a test compares
the two. The members are Graph's recoveryStatus, so a state is shown on the wire as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from shared.domain.errors import TidemarkError
from shared.domain.jobs import State, Step


class Event(StrEnum):
    """What can happen to a job."""

    LOADING_BEGAN = "loading began"
    CALCULATION_BEGAN = "calculation began"
    WRITING_BEGAN = "writing began"
    LAST_BATCH_DONE = "last batch done"
    CANCEL_SEEN = "cancel seen"
    BROKE = "broke"


TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.INITIALIZED, Event.LOADING_BEGAN): State.LOADING_DATA,
        (State.LOADING_DATA, Event.CALCULATION_BEGAN): State.CALCULATING,
        (State.CALCULATING, Event.WRITING_BEGAN): State.RUNNING,
        (State.LOADING_DATA, Event.LAST_BATCH_DONE): State.SUCCESSFUL,
        (State.CALCULATING, Event.LAST_BATCH_DONE): State.SUCCESSFUL,
        (State.RUNNING, Event.LAST_BATCH_DONE): State.SUCCESSFUL,
        (State.INITIALIZED, Event.CANCEL_SEEN): State.ABANDONED,
        (State.LOADING_DATA, Event.CANCEL_SEEN): State.ABANDONED,
        (State.CALCULATING, Event.CANCEL_SEEN): State.ABANDONED,
        (State.RUNNING, Event.CANCEL_SEEN): State.ABANDONED,
        (State.INITIALIZED, Event.BROKE): State.FAILED,
        (State.LOADING_DATA, Event.BROKE): State.FAILED,
        (State.CALCULATING, Event.BROKE): State.FAILED,
        (State.RUNNING, Event.BROKE): State.FAILED,
    }
)

ENDS = frozenset({State.SUCCESSFUL, State.FAILED, State.ABANDONED})

PHASES: Mapping[Step, tuple[State, Event]] = MappingProxyType(
    {
        Step.PREPARE: (State.LOADING_DATA, Event.LOADING_BEGAN),
        Step.READ: (State.LOADING_DATA, Event.LOADING_BEGAN),
        Step.ROLL_FORWARD: (State.LOADING_DATA, Event.LOADING_BEGAN),
        Step.SEAL: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.MANIFEST: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.INDEX_CHANGES: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.COMPARE: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.EXPLAIN: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.CHECK: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.PLAN: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.REPLAN: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.MANUAL: (State.CALCULATING, Event.CALCULATION_BEGAN),
        Step.RELINK: (State.RUNNING, Event.WRITING_BEGAN),
        Step.APPLY: (State.RUNNING, Event.WRITING_BEGAN),
        Step.CONFIRM: (State.RUNNING, Event.WRITING_BEGAN),
        Step.TRACE: (State.RUNNING, Event.WRITING_BEGAN),
        Step.VERIFY: (State.LOADING_DATA, Event.LOADING_BEGAN),
    }
)


class IllegalTransitionError(TidemarkError):
    """Our own mistake: the event cannot happen to a job in that state."""

    code = "illegal-transition"

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a job that is {state} cannot see: {event}")
        self.state, self.event = state, event


def next_state(state: State, event: Event) -> State:
    """Return where `event` takes a job that is in `state`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransitionError(state, event) from None


def state_for(state: State, step: Step) -> State:
    """Return the state of a job, now in `state`, once a batch of `step` begins; a job never moves back."""
    goal, event = PHASES[step]
    return state if state is goal else next_state(state, event)
