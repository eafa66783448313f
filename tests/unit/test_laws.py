"""Every law of the simulated stories notices what it is about, and a kind of trouble that never struck is named.

A law that cannot be broken proves nothing, however many seeds it is asked of.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from shared.domain.changes import Action, Outcome, Result
from shared.domain.jobs import Job, Kind, State
from shared.domain.times import parse_time
from tests.simulation.laws import LAWS, broken, never_struck
from tests.simulation.stories import Told
from tests.simulation.worlds import KINDS

AT = parse_time("2026-05-01T12:00:00Z")


def a_job(state: State = State.SUCCESSFUL, **counts: int) -> Job:
    return Job(tenant="t", job_id="j", kind=Kind.RECOVERY, state=state, snapshot_id="s", created_at=AT, counts=counts)


def an_outcome(result: Result = Result.APPLIED) -> Outcome:
    return Outcome(change_id="c", type="user", object_id="o", display_name="", action=Action.UPDATE, result=result)


def a_story(**wrong: Any) -> Told:
    """Return a story after which everything is as it should be, but for what is wrong."""
    jobs = {
        "report of nothing": a_job(),
        "report of the damage": a_job(objectsCalculated=3),
        "second recovery": a_job(),
    }
    right: dict[str, Any] = {
        "seed": 0,
        "is_busy": False,
        "is_lagging": False,
        "jobs": jobs,
        "outcomes": [an_outcome()],
        "planned": ["c"],
        "differing": [],
        "second_writes": 0,
        "hard_deletes": 0,
        "breaches": [],
        "stale_writes": [],
        "vault_breaches": [],
        "struck": Counter(KINDS),
    }
    return Told(**{**right, **wrong})


WRONG: dict[str, dict[str, Any]] = {
    "every job ends well": {"jobs": {"capture": a_job(State.FAILED)}},
    "comparing a tenant with its own snapshot finds nothing": {
        "jobs": {"report of nothing": a_job(objectsCalculated=1)}
    },
    "damage is found": {"jobs": {"report of the damage": a_job()}},
    "the tenant is as the model says": {"differing": [("live", "user", "o")]},
    "nothing is left to recover": {"jobs": {"second recovery": a_job(plannedLinks=1)}},
    "a second recovery writes nothing": {"second_writes": 1},
    "every change has exactly one outcome": {"outcomes": [an_outcome(), an_outcome()]},
    "no change fails for good": {"outcomes": [an_outcome(Result.FAILED)]},
    "nothing is hard-deleted": {"hard_deletes": 1},
    "a stale holder records nothing": {"breaches": ["token 1 was stored after 2"]},
    "a stale holder begins no write": {"stale_writes": ["token 1 of 2"]},
    "nothing that the vault protects is touched": {"vault_breaches": ["deleted"]},
    "no exchange contradicts Microsoft's description": {"complaints": [{"what": "unknown member"}]},
}


def test_a_story_that_went_well_breaks_no_law() -> None:
    assert not broken(a_story())


@pytest.mark.parametrize("law", LAWS)
def test_every_law_notices_what_it_is_about_and_no_other_law_does(law: str) -> None:
    assert list(broken(a_story(**WRONG[law]))) == [law]


def test_a_change_without_an_outcome_and_one_that_nobody_planned_are_noticed() -> None:
    assert broken(a_story(outcomes=[]))
    assert broken(a_story(planned=["c", "another"]))
    assert broken(a_story(outcomes=[an_outcome(), msgspec.structs.replace(an_outcome(), change_id="unplanned")]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_trouble_that_never_struck_is_named(kind: str) -> None:
    assert never_struck([a_story(), a_story()]) == []
    assert never_struck([a_story(struck=Counter(set(KINDS) - {kind}))]) == [kind]
