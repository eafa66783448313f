"""The laws of Tidemark, each over 200 seeded worlds in which workers die, messages repeat and Graph fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.changes import Action, Result
from shared.domain.jobs import State
from tests.simulation.stories import KEPT_SEEDS, SEEDS, Told, told
from tests.support.referee import needs_slice


@pytest.fixture(scope="module")
def stories() -> list[Told]:
    """Every seeded story, told once."""
    return [told(seed) for seed in [*SEEDS, *KEPT_SEEDS]]


def broken(stories: list[Told], law: Callable[[Told], bool]) -> list[int]:
    """Return the seeds under which `law` does not hold: told(seed) in tests/simulation/stories.py repeats one."""
    return [story.seed for story in stories if not law(story)]


def test_every_job_of_every_story_ends_well(stories: list[Told]) -> None:
    assert not broken(
        stories,
        lambda story: all(
            job.state is State.SUCCESSFUL
            for job in (story.capture, story.same_report, story.damage_report, story.recovery, story.second)
        ),
    )


def test_comparing_a_tenant_with_its_own_snapshot_finds_nothing(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: story.same_report.counts.get("objectsCalculated", 0) == 0)


def test_damage_is_found(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: story.damage_report.counts.get("objectsCalculated", 0) > 0)


def test_after_a_recovery_nothing_is_left_but_what_was_not_asked_for(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: {row.action for row in story.after} <= {Action.SOFT_DELETE})


def test_the_tenant_is_as_it_was_apart_from_rogue_objects(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: story.fingerprint_after == story.fingerprint_before)


def test_a_second_recovery_changes_nothing(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: story.second_writes == 0)


def test_two_holders_never_both_record(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: not story.breaches)


def test_nothing_that_the_vault_protects_is_ever_tried_to_be_removed(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: not story.vault_breaches)


def test_nothing_is_hard_deleted(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: story.hard_deletes == 0)


def test_every_change_gets_exactly_one_recorded_outcome(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: sorted(one.change_id for one in story.outcomes) == sorted(story.planned))


def test_no_change_fails_for_good(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: all(one.result is not Result.FAILED for one in story.outcomes))


@needs_slice
def test_no_request_or_answer_contradicts_microsofts_description(stories: list[Told]) -> None:
    assert not broken(stories, lambda story: not story.complaints)


def test_the_planted_faults_fired(stories: list[Told]) -> None:
    assert sum(story.fired["deaths"] for story in stories) >= len(stories)
    assert not broken(stories, lambda story: story.fired["graph"] > 0)
