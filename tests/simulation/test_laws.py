"""The laws of Tidemark, each over 200 seeded worlds in which workers die, messages repeat and Graph fails."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.changes import Action, Result
from shared.domain.jobs import State
from tests.simulation.stories import KEPT_SEEDS, SEEDS, Told, told


def holds(law: Callable[[Told], bool]) -> None:
    """Fail with the seeds under which `law` does not hold."""
    broken = [seed for seed in [*SEEDS, *KEPT_SEEDS] if not law(told(seed))]
    assert not broken, f"the law is broken under seeds {broken}: told(seed) in tests/simulation/stories.py repeats one"


def test_every_job_of_every_story_ends_well() -> None:
    holds(
        lambda story: all(
            job.state is State.SUCCESSFUL
            for job in (story.capture, story.same_report, story.damage_report, story.recovery, story.second)
        )
    )


def test_comparing_a_tenant_with_its_own_snapshot_finds_nothing() -> None:
    holds(lambda story: story.same_report.counts.get("objectsCalculated", 0) == 0)


def test_damage_is_found() -> None:
    holds(lambda story: story.damage_report.counts.get("objectsCalculated", 0) > 0)


def test_after_a_recovery_nothing_is_left_but_what_was_not_asked_for() -> None:
    holds(lambda story: {row.action for row in story.after} <= {Action.SOFT_DELETE})


def test_the_tenant_is_as_it_was_apart_from_rogue_objects() -> None:
    holds(lambda story: story.fingerprint_after == story.fingerprint_before)


def test_a_second_recovery_changes_nothing() -> None:
    holds(lambda story: story.second_writes == 0)


def test_two_holders_never_both_record() -> None:
    holds(lambda story: not story.breaches)


def test_nothing_is_hard_deleted() -> None:
    holds(lambda story: story.hard_deletes == 0)


def test_every_change_gets_exactly_one_recorded_outcome() -> None:
    holds(lambda story: sorted(one.change_id for one in story.outcomes) == sorted(story.planned))


def test_no_change_fails_for_good() -> None:
    holds(lambda story: all(one.result is not Result.FAILED for one in story.outcomes))


def test_the_planted_faults_fired() -> None:
    stories = [told(seed) for seed in SEEDS]
    assert sum(story.fired["deaths"] for story in stories) >= len(stories)
    assert all(story.fired["graph"] > 0 for story in stories)
