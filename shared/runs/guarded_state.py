"""Ask the tenant for what the lock-out guard has to know of it, just before anything is written.

Accounts, policies, locations and groups are asked of Graph once more; who is in which group comes from the job's own
reading, because only links rows tell the parents of an account. Reads only; a crash repeats the questions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import msgspec

from shared.catalogue.authentication import AUTHENTICATION_STRENGTH
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.tenant_settings import SECURITY_DEFAULTS
from shared.catalogue.user import USER
from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Json
from shared.domain.ids import GUID
from shared.domain.jobs import Job
from shared.ports import Directory
from shared.recover.lockout.policies import named_under
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.walk import DEFAULTS, DYNAMIC, PERSON, POLICY, STRENGTH, TEAM, Waves, asked_for
from shared.runs.administrators import Administrators, bodies_of, listed
from shared.runs.layers import Readable
from shared.runs.nesting import above

Named = dict[str, frozenset[str]]  # what policies name, by member of the user conditions
Sides = Callable[[], Awaitable[tuple[Readable, Readable]]]  # opens the target and the job's reading


class Memberships(msgspec.Struct, frozen=True):
    """Which members of groups matter to the accounts: as the job has read them, and as the target has them.

    `has_nesting` is false when only direct members are known.
    """

    now: frozenset[Edge]
    wanted: frozenset[Edge] = frozenset()
    has_nesting: bool = True

    @property
    def groups(self) -> frozenset[str]:
        """The groups that contain an account now, or are to."""
        return frozenset(group for group, _one in self.now | self.wanted)


class GuardedState:
    """What is live, as far as it matters to the emergency accounts (`accounts`, ids in lower case)."""

    def __init__(self, directory: Directory, accounts: tuple[str, ...]) -> None:
        self._directory, self._accounts = directory, accounts

    async def policies(self) -> dict[str, Json]:
        """Return every live policy by id."""
        return await listed(self._directory, CONDITIONAL_ACCESS_POLICY)

    async def memberships(self, job: Job, named: Named, sides: Sides, more: Collection[str] = ()) -> Memberships:
        """Return the memberships that lead upwards from the accounts, and from the groups `more`.

        All that is known when groups are out of scope are the direct members of the groups that policies name.
        """
        if not job.scope.covers_type(TEAM):
            return Memberships(await self._direct(named["groups"]), has_nesting=False)
        target, current = await sides()
        now, wanted = await above([*self._accounts, *more], current, target)
        return Memberships(now, wanted)

    async def live(
        self, policies: dict[str, Json], named: Named, planned: tuple[Waves, Administrators], members: Memberships
    ) -> State:
        """Return the state before the plan."""
        plan, admins = planned
        admin_forms: dict[str, tuple[Json | None, ...]] = {known: (form,) for known, form in admins.people.items()}
        links, wanted = members.now | admins.links, members.wanted
        teams = bodies_of(
            await self._directory.find(GROUP, sorted(named["groups"] | {group for group, _one in links | wanted}))
        )
        return State(
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
            has_nesting=members.has_nesting,
        )

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
        """Return the direct members among the emergency accounts."""
        found = await self._directory.find(GROUP, sorted(groups)) if groups else {}
        live = sorted(bodies_of(found))
        members = await self._directory.references(GROUP, "members", live) if live else {}
        return frozenset(
            (group.lower(), other.lower())
            for group, others in members.items()
            for other in others
            if other.lower() in self._accounts
        )

    async def existing(self, named: Named, plan: Waves) -> frozenset[str]:
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

    async def deleted(self, plan: Waves) -> dict[str, Json]:
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


def settled(wanted: frozenset[Edge], plan: Waves, job: Job) -> frozenset[Edge]:
    """Return those of the memberships that the target wants which restored objects will have after the plan."""
    restored = {
        change.object_id.lower()
        for change in (*plan.get(Wave.RESTORE, ()), *plan.get(Wave.RECREATE, ()))
        if change.type in {TEAM, PERSON} and change.action in {Action.RESTORE, Action.RECREATE}
    }
    return frozenset(edge for edge in wanted if restored & set(edge) and job.scope.covers(TEAM, edge[0]))


def named_in(policies: Mapping[str, Json], deleted: Mapping[str, Json], plan: Waves) -> Named:
    """Return what any policy names now or on the way, by member; `groups` are the included and excluded ones."""
    forms = [*policies.values(), *(body for body in deleted.values() if "conditions" in body)]
    forms += [change.target for changes in plan.values() for change in changes if change.type == POLICY]
    found = {
        member: frozenset(one for form in forms for one in named_under(form, member) if GUID.match(one))
        for member in ("includeGroups", "excludeGroups", "excludeUsers")
    }
    return {**found, "groups": found["includeGroups"] | found["excludeGroups"]}
