"""The laws of Tidemark: what is true after every story, whatever went wrong in it.

A law takes a story and returns what breaks it, empty when nothing does. `broken(story)` asks all of them; the suites
and `make soak` ask the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from shared.domain.changes import Result
from shared.domain.jobs import State
from tests.simulation.stories import Told
from tests.simulation.worlds import KINDS

Law = Callable[[Told], object]
OF_NOTHING, OF_DAMAGE, OF_REST = "report of nothing", "report of the damage", "report of the rest"


def _badly_ended(story: Told) -> object:
    return {name: (job.state, job.error) for name, job in story.jobs.items() if job.state is not State.SUCCESSFUL}


def _found_in_itself(story: Told) -> object:
    report = story.jobs.get(OF_NOTHING)
    return 0 if report is None or story.is_busy else report.counts.get("objectsCalculated", 0)


def _damage_missed(story: Told) -> object:
    report = story.jobs.get(OF_DAMAGE)
    missed = report is not None and not report.counts.get("objectsCalculated", 0)
    return missed or not story.planned


def _left_to_do(story: Told) -> object:
    second = story.jobs.get("second recovery")
    counts = second.counts if second else {}
    planned = counts.get("plannedObjects", 0) + counts.get("plannedLinks", 0)
    return 0 if story.is_busy else planned


def _repeated_writes(story: Told) -> object:
    return 0 if story.is_busy else story.second_writes


def _wrongly_counted(story: Told) -> object:
    outcomes = Counter(one.change_id for one in story.outcomes)
    return sorted((outcomes - Counter(story.planned)) + (Counter(story.planned) - outcomes))


def _failed(story: Told) -> object:
    failed = [(one.change_id, one.message) for one in story.outcomes if one.result is Result.FAILED]
    return [] if story.is_busy else failed


LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "every job ends well": _badly_ended,
        "comparing a tenant with its own snapshot finds nothing": _found_in_itself,
        "damage is found": _damage_missed,
        "the tenant is as the model says": lambda story: story.differing,
        "nothing is left to recover": _left_to_do,
        "a second recovery writes nothing": _repeated_writes,
        "every change has exactly one outcome": _wrongly_counted,
        "no change fails for good": _failed,
        "nothing is hard-deleted": lambda story: story.hard_deletes,
        "a stale holder records nothing": lambda story: story.breaches,
        "a stale holder begins no write": lambda story: story.stale_writes,
        "nothing that the vault protects is touched": lambda story: story.vault_breaches,
        "no exchange contradicts Microsoft's description": lambda story: story.complaints,
    }
)


def broken(story: Told, laws: Iterable[str] = LAWS) -> dict[str, object]:
    """Return what breaks each of `laws` in this story, by law; empty when all hold."""
    return {law: found for law in laws if (found := LAWS[law](story))}


def never_struck(stories: Iterable[Told]) -> list[str]:
    """Return the kinds of trouble that were planted and never happened in any of the stories."""
    struck: Counter[str] = Counter()
    for story in stories:
        struck += story.struck
    return [kind for kind in KINDS if not struck[kind]]
