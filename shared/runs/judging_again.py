"""Ask the lock-out guard again before policies count, and before anything is taken away, with what is live by then.

The plan was judged as if every earlier wave would succeed, and as if what came back were known (runs/guarding.py).
Reads only; a crash repeats the questions.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.catalogue.group import GROUP
from shared.catalogue.waves import Wave
from shared.domain.changes import Change, Json
from shared.domain.errors import DirectoryError
from shared.domain.jobs import Job
from shared.ports import Directory
from shared.recover.lockout.guard import refusal
from shared.recover.lockout.policies import REPORT_ONLY
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.unguarded import UNPROVEN, unproven
from shared.recover.lockout.walk import TEAM, Outlook, Waves, counts_after
from shared.runs.administrators import FORBIDDEN, Administrators, administrators_of
from shared.runs.guarded_state import GuardedState, Named, Sides, named_in
from shared.runs.nesting import NESTING_MAX, above_now
from shared.runs.watching import takes_away


class JudgingAgain:
    """Judges changes one by one for a deployment with the given emergency accounts, none included."""

    def __init__(self, directory: Directory, emergency_accounts: Sequence[str]) -> None:
        self._directory = directory
        self._accounts = tuple(sorted({account.lower() for account in emergency_accounts}))
        self._state = GuardedState(directory, self._accounts)

    async def judge_again(
        self, job: Job, wave: Wave, changes: Sequence[Change], sides: Sides, *, asleep: frozenset[str] = frozenset()
    ) -> dict[str, str]:
        """Return why changes of policies must not be made after all, by change, with what is live now.

        The plan was judged as if every earlier wave would succeed, and as if what came back were known. What failed
        since, an account that did not come back into the excluded group say, and who else is in which group by now,
        shows only here. Policies are judged in order, each beside those that passed; those that count for nobody
        after the change are not asked about. `asleep` are policies to be judged as if they were not in force yet.
        """
        policies = await self._state.policies()
        policies |= {one: {**policies[one], "state": REPORT_ONLY} for one in asleep & policies.keys()}
        deleted = await self._state.deleted({wave: list(changes)})
        outlook = Outlook(deleted=deleted)
        known = State(accounts={}, policies={one: (form,) for one, form in policies.items()})
        changes = [change for change in changes if counts_after(known, change, outlook)]
        if not changes:
            return {}
        plan: dict[Wave, list[Change]] = {wave: list(changes)}
        named = named_in(policies, deleted, plan)
        if not self._accounts:
            left = unproven(known, plan, outlook, await self._state.existing(named, plan))
            return {change.change_id: UNPROVEN for change in changes if change.object_id.lower() in left}
        try:
            admins = await administrators_of(self._directory, self._accounts)
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            return {change.change_id: f"lock-out guard: roles may not be read: {error}" for change in changes}
        return _refused(await self._now(job, policies, named, (plan, admins), sides), wave, changes, outlook)

    async def judge_removals(self, job: Job, changes: Sequence[Change], sides: Sides) -> dict[str, str]:
        """Return why what is newer than the snapshot must not be taken away after all, by change.

        That is groups, named locations and assignments of Global Administrator: what was to be in their place may not
        have come back.
        """
        some = [change for change in changes if takes_away(change)]
        if not some or not self._accounts:
            return {}
        try:
            admins = await administrators_of(self._directory, self._accounts)
            policies = await self._state.policies()
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            return {change.change_id: f"lock-out guard: it may not read: {error}" for change in some}
        wave, plan = Wave.SOFT_DELETE, {Wave.SOFT_DELETE: some}
        live = await self._now(job, policies, named_in(policies, {}, plan), (plan, admins), sides)
        near = live.groups | admins.groups | {other for _group, other in live.by_groups}
        some = [change for change in some if change.type != TEAM or change.object_id.lower() in near]
        return _refused(live, wave, some, Outlook())

    async def _now(
        self,
        job: Job,
        policies: dict[str, Json],
        named: Named,
        planned: tuple[Waves, Administrators],
        sides: Sides,
    ) -> State:
        """Return the state by now, with what groups that came back, and whoever was added since, contain."""
        members = await self._state.memberships(job, named, sides)
        live = await self._state.live(policies, named, planned, members)
        wanted = members.wanted | await above_now(self._accounts, self._directory)
        live = await self._as_linked_now(live, wanted, named["excludeGroups"])
        roles = planned[1].links
        return msgspec.structs.replace(live, links=live.links | roles, may=live.may | roles)

    async def _as_linked_now(self, live: State, wanted: frozenset[Edge], excluded: frozenset[str]) -> State:
        """Return the state with the exclusions that hold now; the job's reading is older than what it has written.

        Asked for are the members of excluded groups and of the groups nested in them, level by level, as far as they
        lead to the accounts: a nested group counts when the reading, or the snapshot, has it above one of them.
        """
        above = live.groups | {group for group, _member in live.may | wanted}
        links: set[Edge] = set()
        level, seen = excluded & live.groups, set[str]()
        for _level in range(NESTING_MAX):
            if not level:
                break
            seen |= level
            members = await self._directory.references(GROUP, "members", sorted(level))
            near = {*live.accounts, *above}
            found = {(group.lower(), one.lower()) for group, others in members.items() for one in others}
            links |= {edge for edge in found if edge[1] in near}
            level = frozenset(one for _group, one in links if one in above) - seen
        return msgspec.structs.replace(live, links=frozenset(links), may=live.may | wanted | links)


def _refused(live: State, wave: Wave, changes: Sequence[Change], outlook: Outlook) -> dict[str, str]:
    """Return why changes must not be made, by change, each judged beside those before it that passed."""
    passed: list[Change] = []
    refused: dict[str, str] = {}
    for change in changes:
        found = refusal(live, {wave: [*passed, change]}, outlook)
        if found is None:
            passed.append(change)
        else:
            refused[change.change_id] = found.said()
    return refused
