"""Ask the lock-out guard about a recovery's plan, with what the tenant is like just before anything is written.

What of the plan could matter is looked at, most of it is not; runs/guarded_state.py asks the tenant for the rest. A
crash repeats the questions; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change
from shared.domain.errors import DirectoryError, LockOutError
from shared.domain.exposures import Exposure
from shared.domain.jobs import Job
from shared.ports import Directory
from shared.recover.lockout.guard import Refusal, refusal
from shared.recover.lockout.returning import exposed
from shared.recover.lockout.stand_ins import as_if_made
from shared.recover.lockout.walk import TEAM, Outlook
from shared.recover.plan import left_alone, object_changes
from shared.runs.administrators import FORBIDDEN, Administrators, administrators_of
from shared.runs.guarded_state import GuardedState, Memberships, Named, Sides, named_in, settled
from shared.runs.judging_again import JudgingAgain
from shared.runs.nesting import NESTING_MAX, above
from shared.runs.ourselves import Ourselves
from shared.runs.unread import left_unread
from shared.runs.watching import (
    Plan,
    becoming,
    is_watched,
    joined,
    leaves,
    members_of,
    people_among,
    with_links,
    without,
)
from shared.runs.without_accounts import WithoutAccounts


class Judgement(msgspec.Struct, frozen=True):
    """Why objects are to be left alone, by id; and what groups that come back could be to policies, if that matters."""

    left: dict[str, str]
    exposure: Exposure | None = None


class Guarding:
    """Judges the plan of a recovery for a deployment with the given emergency accounts, none included."""

    def __init__(
        self, directory: Directory, emergency_accounts: Sequence[str], own_applications: Sequence[str] = ()
    ) -> None:
        self._directory, self._ourselves = directory, Ourselves(directory, own_applications)
        self._accounts = tuple(sorted({account.lower() for account in emergency_accounts}))
        self._state = GuardedState(directory, self._accounts)
        self._without = WithoutAccounts(directory)
        self.again = JudgingAgain(directory, self._accounts)

    async def judge(self, job: Job, whole: Plan, sides: Sides) -> Judgement:
        """Return what is to be left alone, and what groups that come back could be to policies.

        `sides` opens the target and the job's reading.
        Left alone are policies that nothing proves harmless, the identities that we run as and what they are granted,
        and all that could matter where Graph does not let us read what the guard has to know. Raises LockOutError,
        naming rule, subject and step, when the plan could lock the emergency accounts out, or leave too few
        administrators.
        """
        ours = await self._ourselves.among(whole.parts(), whole.options)
        ours |= await self._ourselves.granted(whole.parts(), whole.options, self._accounts)
        whole = msgspec.structs.replace(whole, parts=without(whole.parts, ours))
        try:
            found = await self._judged(job, whole, sides)
            return msgspec.structs.replace(found, left={**ours, **found.left})
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            near = await self._near(job, sides)
            left = await left_unread(whole.parts(), whole.options, self._accounts, near, str(error))
            return Judgement({**ours, **left})

    async def _near(self, job: Job, sides: Sides) -> frozenset[str]:
        """Return the groups that contain an emergency account, or are to."""
        if not job.scope.covers_type(TEAM):
            return frozenset()
        target, current = await sides()
        return frozenset(group for edges in await above(self._accounts, target, current) for group, _one in edges)

    async def _judged(self, job: Job, whole: Plan, sides: Sides) -> Judgement:
        plan, has_members, leaving = await self._relevant(whole)
        if not plan and not has_members and not leaving:
            return Judgement({})
        if not self._accounts:
            _raise(await self._without.last_administrators(whole, plan, leaving))
            return Judgement(await self._without.unproven(whole, plan) if plan or has_members else {})
        admins = await administrators_of(self._directory, {*self._accounts, *becoming(plan)})
        if not plan and not has_members and leaving.isdisjoint(admins.people):
            return Judgement({})
        plan = joined(plan, await people_among(whole, admins.people.keys() - set(self._accounts)))
        policies = await self._state.policies()
        deleted = await self._state.deleted(plan)
        named = named_in(policies, deleted, plan)
        members, links = await self._members(job, whole, named, admins, sides)
        live = await self._state.live(policies, named, (plan, admins), members)
        outlook = Outlook(deleted=deleted, settled=settled(members.wanted, plan, job), is_relinked=live.has_nesting)
        waves = with_links(plan, links)
        _raise(refusal(live, waves, outlook))
        return Judgement({}, exposed(live, waves, outlook))

    async def _members(
        self, job: Job, whole: Plan, named: Named, admins: Administrators, sides: Sides
    ) -> tuple[Memberships, list[Change]]:
        """Return the memberships that matter, and the plan's changes to such.

        Left out are members that can contain no emergency account: most links of any recovery. An undo may put an
        account into a group that neither side has it in; then both are asked once more, where that group is.
        """
        beyond = set[str]()
        for _level in range(NESTING_MAX):
            members = await self._state.memberships(job, named, sides, sorted(beyond))
            near = {*self._accounts, *members.groups, *beyond}
            links = await members_of(whole, partial(_has_member, {*near, *admins.people, *admins.groups}))
            added = [change for change in links if change.action is Action.LINK and change.other_id.lower() in near]
            more = {change.object_id.lower() for change in added} - near
            if not more or not members.has_nesting:
                break
            beyond |= more
        return members, links

    async def _relevant(self, whole: Plan) -> tuple[dict[Wave, list[Change]], bool, set[str]]:
        """Return the plan as far as it could matter, without links, whether any group's members change, and who leaves.

        Those are people that it disables or soft-deletes: most of them are no administrators.
        """
        plan: dict[Wave, list[Change]] = {}
        has_members, leaving = False, set[str]()
        async for rows in whole.parts():
            for wave, changes in as_if_made(object_changes(rows, whole.options), whole.made.ids).items():
                some = [change for change in changes if is_watched(change, self._accounts)]
                if some:
                    plan.setdefault(wave, []).extend(some)
                leaving |= {change.object_id.lower() for change in changes if leaves(change)}
            has_members = has_members or any(
                row.type == TEAM and any(link.reference == "members" for link in row.links)
                for row in rows
                if row.links and not left_alone(row, whole.options)
            )
        return plan, has_members, leaving


def _has_member(nodes: set[str], change: Change) -> bool:
    return change.other_id.lower() in nodes


def _raise(refused: Refusal | None) -> None:
    if refused is not None:
        found = refused.finding
        raise LockOutError(rule=found.rule, subject=refused.subject(), step=refused.step, fact=found.fact)
