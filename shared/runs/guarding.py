"""Ask the lock-out guard about a recovery's plan, with what the tenant is like just before anything is written.

Accounts, policies, locations and groups are asked of Graph once more; who is in which group comes from the job's own
reading, because only links rows tell the parents of an account. A crash repeats the questions; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from shared.catalogue.authentication import AUTHENTICATION_STRENGTH
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import Wave
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.tenant_settings import SECURITY_DEFAULTS
from shared.catalogue.user import USER
from shared.domain.changes import Action, Change, Json
from shared.domain.errors import DirectoryError, LockOutError
from shared.domain.ids import GUID
from shared.domain.jobs import Job
from shared.ports import Directory
from shared.recover.lockout.guard import Refusal, last_administrators, refusal
from shared.recover.lockout.policies import REPORT_ONLY, named_under
from shared.recover.lockout.stand_ins import as_if_made
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.unguarded import UNPROVEN, unproven
from shared.recover.lockout.walk import (
    ASSIGNMENT,
    DEFAULTS,
    DYNAMIC,
    PERSON,
    POLICY,
    STRENGTH,
    TEAM,
    Outlook,
    Waves,
    asked_for,
    counts_after,
)
from shared.recover.plan import left_alone, object_changes
from shared.runs.administrators import Administrators, administrators_of, bodies_of, listed
from shared.runs.layers import Readable
from shared.runs.nesting import NESTING_MAX, above, above_now
from shared.runs.ourselves import Ourselves
from shared.runs.unread import left_unread
from shared.runs.watching import Plan, becoming, is_watched, joined, leaves, members_of, with_links, without

FORBIDDEN = 403
Sides = Callable[[], Awaitable[tuple[Readable, Readable]]]


class Guarding:
    """Judges the plan of a recovery for a deployment with the given emergency accounts, none included."""

    def __init__(
        self, directory: Directory, emergency_accounts: Sequence[str], own_applications: Sequence[str] = ()
    ) -> None:
        self._directory, self._ourselves = directory, Ourselves(directory, own_applications)
        self._accounts = tuple(sorted({account.lower() for account in emergency_accounts}))

    async def judge(self, job: Job, whole: Plan, sides: Sides) -> dict[str, str]:
        """Return why objects are to be left alone, by id; `sides` opens the target and the job's reading.

        Those are policies that nothing proves harmless, the identities that we run as and what they are granted, and
        all that could matter where Graph does not let us read what the guard has to know. Raises LockOutError, naming
        rule, subject and step, when the plan could lock the emergency accounts out, or leave too few administrators.
        """
        ours = await self._ourselves.among(whole.parts(), whole.options)
        ours |= await self._ourselves.granted(whole.parts(), whole.options, self._accounts)
        whole = msgspec.structs.replace(whole, parts=without(whole.parts, ours))
        try:
            return {**ours, **await self._judged(job, whole, sides)}
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            near = await self._near(job, sides)
            return {**ours, **await left_unread(whole.parts(), whole.options, self._accounts, near, str(error))}

    async def _near(self, job: Job, sides: Sides) -> frozenset[str]:
        """Return the groups that contain an emergency account, or are to."""
        if not job.scope.covers_type(TEAM):
            return frozenset()
        target, current = await sides()
        edges = await above(self._accounts, target) | await above(self._accounts, current)
        return frozenset(group for group, _one in edges)

    async def _judged(self, job: Job, whole: Plan, sides: Sides) -> dict[str, str]:
        plan, has_members, leaving = await self._relevant(whole)
        if not plan and not has_members and not leaving:
            return {}
        if not self._accounts:
            _raise(await self._last_administrators(whole, plan, leaving))
            return await self._unproven(whole, plan) if plan or has_members else {}
        admins = await administrators_of(self._directory, {*self._accounts, *becoming(plan)})
        if not plan and not has_members and leaving.isdisjoint(admins.people):
            return {}
        plan = joined(plan, await self._people(whole, admins))
        policies = await listed(self._directory, CONDITIONAL_ACCESS_POLICY)
        deleted = await self._deleted(plan)
        named = _named(policies, deleted, plan)
        live, settled = await self._live(job, policies, named, (plan, admins), sides)
        outlook = Outlook(deleted=deleted, settled=settled, is_relinked=live.has_nesting)
        # Without the members that can contain no emergency account: most links of any recovery.
        nodes = {*live.accounts, *live.admins, *(group for group, _member in live.links | settled)}
        links = await members_of(whole, lambda change: change.other_id.lower() in nodes)
        _raise(refusal(live, with_links(plan, links), outlook))
        return {}

    async def _unproven(self, whole: Plan, plan: dict[Wave, list[Change]]) -> dict[str, str]:
        """Return the policies to be left alone where no emergency accounts are configured."""
        policies = await listed(self._directory, CONDITIONAL_ACCESS_POLICY)
        deleted = await self._deleted(plan)
        named = _named(policies, deleted, plan)
        excluded = named["excludeGroups"]
        links = await members_of(whole, lambda change: change.object_id.lower() in excluded)
        existing = await self._existing(named, with_links(plan, links))
        live = State(accounts={}, policies={known: (form,) for known, form in policies.items()})
        return dict.fromkeys(unproven(live, plan, Outlook(deleted=deleted), existing), UNPROVEN)

    async def _last_administrators(
        self, whole: Plan, plan: dict[Wave, list[Change]], leaving: set[str]
    ) -> Refusal | None:
        """Return why too few administrators would be left; None too where roles may not be read, so none is removed."""
        is_about_roles = any(change.type == ASSIGNMENT for changes in plan.values() for change in changes)
        if not is_about_roles and not leaving:
            return None
        try:
            admins = await administrators_of(self._directory, becoming(plan))
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            return None
        people = await self._people(whole, admins)
        roles = {wave: [change for change in changes if change.type == ASSIGNMENT] for wave, changes in plan.items()}
        live = State(
            accounts={},
            groups=admins.groups,
            links=admins.links,
            may=admins.links,
            admins={known: (form,) for known, form in admins.people.items()},
            assigned=admins.assigned,
        )
        links = await members_of(whole, lambda change: change.object_id.lower() in admins.groups)
        return last_administrators(live, with_links(joined(roles, people), links), Outlook())

    async def _people(self, whole: Plan, admins: Administrators) -> dict[Wave, list[Change]]:
        """Return the changes to administrators beside the emergency accounts, which are watched anyway."""
        known = admins.people.keys() - set(self._accounts)
        found: dict[Wave, list[Change]] = {}
        if not known:
            return found
        async for rows in whole.parts():
            some = [row for row in rows if row.type == PERSON and row.object_id.lower() in known]
            found = joined(found, object_changes(some, whole.options))
        return found

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

    async def judge_again(
        self, job: Job, wave: Wave, changes: Sequence[Change], sides: Sides, *, asleep: frozenset[str] = frozenset()
    ) -> dict[str, str]:
        """Return why changes of policies must not be made after all, by change, with what is live now.

        The plan was judged as if every earlier wave would succeed, and as if what came back were known. What failed
        since, an account that did not come back into the excluded group say, and who else is in which group by now,
        shows only here. Policies are judged in order, each beside those that passed; those that count for nobody
        after the change are not asked about. `asleep` are policies to be judged as if they were not in force yet.
        """
        policies = await listed(self._directory, CONDITIONAL_ACCESS_POLICY)
        policies |= {one: {**policies[one], "state": REPORT_ONLY} for one in asleep & policies.keys()}
        deleted = await self._deleted({wave: list(changes)})
        outlook = Outlook(deleted=deleted)
        known = State(accounts={}, policies={one: (form,) for one, form in policies.items()})
        changes = [change for change in changes if counts_after(known, change, outlook)]
        if not changes:
            return {}
        plan: dict[Wave, list[Change]] = {wave: list(changes)}
        named = _named(policies, deleted, plan)
        if not self._accounts:
            left = unproven(known, plan, outlook, await self._existing(named, plan))
            return {change.change_id: UNPROVEN for change in changes if change.object_id.lower() in left}
        try:
            admins = await administrators_of(self._directory, self._accounts)
        except DirectoryError as error:
            if error.status != FORBIDDEN:
                raise
            return {change.change_id: f"lock-out guard: roles may not be read: {error}" for change in changes}
        live, _settled = await self._live(job, policies, named, (plan, admins), sides)
        wanted = await above(self._accounts, (await sides())[0]) if live.has_nesting else frozenset()
        # Groups that came back, and whoever was added since, may contain the accounts as no reading shows.
        wanted |= await above_now(self._accounts, self._directory)
        live = await self._as_linked_now(live, wanted, named["excludeGroups"])
        passed: list[Change] = []
        refused: dict[str, str] = {}
        for change in changes:
            found = refusal(live, {wave: [*passed, change]}, outlook)
            if found is None:
                passed.append(change)
            else:
                refused[change.change_id] = f"lock-out guard, rule {found.finding.rule}: {_said(found)}"
        return refused

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

    async def _live(
        self,
        job: Job,
        policies: dict[str, Json],
        named: dict[str, frozenset[str]],
        planned: tuple[Waves, Administrators],
        sides: Sides,
    ) -> tuple[State, frozenset[Edge]]:
        """Return the state before the plan, and the references that restored objects will have after it."""
        plan, admins = planned
        admin_forms: dict[str, tuple[Json | None, ...]] = {known: (form,) for known, form in admins.people.items()}
        has_nesting = job.scope.covers_type(TEAM)
        if has_nesting:
            target, current = await sides()
            links, settled = await above(self._accounts, current), await above(self._accounts, target)
        else:
            links, settled = await self._direct(named["groups"]), frozenset[Edge]()
        links |= admins.links
        teams = bodies_of(
            await self._directory.find(GROUP, sorted(named["groups"] | {group for group, _one in links | settled}))
        )
        restored = {
            change.object_id.lower()
            for change in (*plan.get(Wave.RESTORE, ()), *plan.get(Wave.RECREATE, ()))
            if change.type in {TEAM, PERSON} and change.action in {Action.RESTORE, Action.RECREATE}
        }
        live = State(
            accounts={known: (admins.people.get(known),) for known in self._accounts},
            admins={**dict.fromkeys(self._accounts, (None,)), **admin_forms},
            assigned=admins.assigned,
            **await self._settings(plan),
            policies={known: (form,) for known, form in policies.items()},
            groups=frozenset(teams),
            dynamic=frozenset(known for known, body in teams.items() if DYNAMIC in (body.get("groupTypes") or ())),
            by_groups=frozenset(pair for known, body in teams.items() for pair in asked_for(known, body)),
            links=links,
            may=links,
            locations=frozenset(await listed(self._directory, NAMED_LOCATION)),
            has_nesting=has_nesting,
        )
        return live, frozenset(edge for edge in settled if restored & set(edge) and job.scope.covers(TEAM, edge[0]))

    async def _settings(self, plan: Waves) -> dict[str, Any]:
        """Return what else policies depend on, where the plan has any of it."""
        about = {change.type for changes in plan.values() for change in changes}
        if about.isdisjoint({POLICY, STRENGTH, DEFAULTS}):
            return {}
        defaults = (await listed(self._directory, SECURITY_DEFAULTS)).values()
        return {
            "strengths": frozenset(await listed(self._directory, AUTHENTICATION_STRENGTH)),
            "has_defaults": any(body.get("isEnabled") is True for body in defaults),
        }

    async def _direct(self, groups: frozenset[str]) -> frozenset[Edge]:
        """Return the direct members among the emergency accounts: all that is known when groups are out of scope."""
        found = await self._directory.find(GROUP, sorted(groups)) if groups else {}
        live = sorted(bodies_of(found))
        members = await self._directory.references(GROUP, "members", live) if live else {}
        return frozenset(
            (group.lower(), other.lower())
            for group, others in members.items()
            for other in others
            if other.lower() in self._accounts
        )

    async def _existing(self, named: dict[str, frozenset[str]], plan: Waves) -> frozenset[str]:
        """Return the excluded users and groups that hold: live users, and groups that have a member."""
        people = bodies_of(await self._directory.find(USER, sorted(named["excludeUsers"])))
        teams = bodies_of(await self._directory.find(GROUP, sorted(named["excludeGroups"])))
        members = await self._directory.references(GROUP, "members", sorted(teams)) if teams else {}
        planned = [change for changes in plan.values() for change in changes]
        back = {
            change.object_id.lower()
            for change in planned
            if change.type == TEAM and change.action in {Action.RESTORE, Action.LINK}
        }
        gone = {change.object_id.lower() for change in planned if change.action is Action.SOFT_DELETE}
        filled = {group.lower() for group, others in members.items() if others}
        return frozenset({*people, *filled, *back} - gone)

    async def _deleted(self, plan: Waves) -> dict[str, Json]:
        """Return the bodies in the recycle bin of what the plan restores, by id."""
        bodies: dict[str, Json] = {}
        for entry in (USER, GROUP, CONDITIONAL_ACCESS_POLICY):
            ids = sorted(
                change.object_id
                for changes in plan.values()
                for change in changes
                if change.type == entry.name and change.action is Action.RESTORE
            )
            found = await self._directory.find(entry, ids) if ids else {}
            bodies |= bodies_of(found, is_deleted=True)
        return bodies


def _raise(refused: Refusal | None) -> None:
    if refused is None:
        return
    found = refused.finding
    raise LockOutError(rule=found.rule, subject=_subject(refused), step=refused.step, fact=found.fact)


def _said(refused: Refusal) -> str:
    return f"{_subject(refused)}, at {refused.step}: {refused.finding.fact}"


def _subject(refused: Refusal) -> str:
    found = refused.finding
    kind = "policy" if found.form is not None else found.name
    return (f"{kind} {found.name!r} ({found.subject})" if kind == "policy" else f"{kind} {found.subject}").strip()


def _named(policies: Mapping[str, Json], deleted: Mapping[str, Json], plan: Waves) -> dict[str, frozenset[str]]:
    """Return what any policy names now or on the way, by member; `groups` are the included and excluded ones."""
    forms = [*policies.values(), *(body for body in deleted.values() if "conditions" in body)]
    forms += [change.target for changes in plan.values() for change in changes if change.type == POLICY]
    found = {
        member: frozenset(one for form in forms for one in named_under(form, member) if GUID.match(one))
        for member in ("includeGroups", "excludeGroups", "excludeUsers")
    }
    return {**found, "groups": found["includeGroups"] | found["excludeGroups"]}
