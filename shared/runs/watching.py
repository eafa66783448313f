"""What of a recovery's plan the lock-out guard has to look at: most changes of any recovery concern nobody guarded.

Reads the differences that a job has stored, as often as it is asked; whoever crashes reads them again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

import msgspec

from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Difference
from shared.domain.jobs import Options
from shared.domain.renewals import IdMap
from shared.recover.lockout.walk import ASSIGNMENT, DEFAULTS, PERSON, POLICY, STRENGTH, TEAM, Waves, administrator_in
from shared.recover.plan import left_alone, link_changes, object_changes

WATCHED = frozenset({POLICY, TEAM, NAMED_LOCATION.name, STRENGTH, DEFAULTS})
Parts = Callable[[], AsyncIterator[list[Difference]]]


class Plan(msgspec.Struct, frozen=True):
    """What a recovery is to do: differences of which `options` allow some, and ids for what is to be created anew.

    `parts` begins to read the differences from the first, as often as it is called: most links of a recovery concern
    nobody who is guarded, so which do is found out before any are kept.
    """

    options: Options
    parts: Parts
    made: IdMap = IdMap()


def is_watched(change: Change, accounts: Collection[str]) -> bool:
    """Tell whether a change could matter: policies, locations, groups, and emergency accounts do."""
    if change.type == ASSIGNMENT:
        return bool(administrator_in(change.object_id))
    return change.type in WATCHED or (change.type == PERSON and change.object_id.lower() in accounts)


def leaves(change: Change) -> bool:
    """Tell whether a person can sign in no more after the change."""
    is_off = change.action is Action.UPDATE and change.target.get("accountEnabled") is False
    return change.type == PERSON and (is_off or change.action is Action.SOFT_DELETE)


def takes_away(change: Change) -> bool:
    """Tell whether a change takes away what lets people in, or what a policy names: a group, a role, a location."""
    if change.type == ASSIGNMENT:
        return change.action is Action.REMOVE and bool(administrator_in(change.object_id))
    return change.type in {TEAM, NAMED_LOCATION.name} and change.action is Action.SOFT_DELETE


def becoming(plan: Waves) -> set[str]:
    """Return who is made Global Administrator again by the plan."""
    return {
        administrator_in(change.object_id)
        for changes in plan.values()
        for change in changes
        if change.type == ASSIGNMENT and change.action is Action.RECREATE
    }


def joined(plan: Waves, more: Waves) -> dict[Wave, list[Change]]:
    """Return both plans as one."""
    return {wave: [*plan.get(wave, ()), *more.get(wave, ())] for wave in sorted({*plan, *more})}


def without(parts: Parts, left: Mapping[str, str]) -> Parts:
    """Return a reading of the differences without those of objects that are left alone."""

    async def kept() -> AsyncIterator[list[Difference]]:
        async for rows in parts():
            yield [row for row in rows if row.object_id not in left]

    return kept if left else parts


async def people_among(whole: Plan, known: Collection[str]) -> dict[Wave, list[Change]]:
    """Return the changes to those people."""
    found: dict[Wave, list[Change]] = {}
    if not known:
        return found
    async for rows in whole.parts():
        some = [row for row in rows if row.type == PERSON and row.object_id.lower() in known]
        found = joined(found, object_changes(some, whole.options))
    return found


async def members_of(whole: Plan, test: Callable[[Change], bool]) -> list[Change]:
    """Return the changes to members of groups that pass `test`.

    References are planned only after restores, so their changes are foretold from the differences here.
    """
    return [
        change
        async for rows in whole.parts()
        for row in rows
        if row.type == TEAM and row.links and not left_alone(row, whole.options)
        for change in link_changes(row.type, row.object_id, row.display_name, row.links)
        if change.reference == "members" and test(change)
    ]


def with_links(plan: Waves, links: Sequence[Change]) -> Waves:
    """Return the plan with its changes to references."""
    return {**plan, Wave.LINKS: links} if links else plan
