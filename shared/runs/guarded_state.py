"""Ask the tenant for what the lock-out guard has to know of it, just before anything is written.

Accounts, policies, locations and groups are asked of Graph once more; who is in which group comes from the job's own
reading, because only links rows tell the parents of an account. Reads only; a crash repeats the questions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from shared.catalogue.authentication import AUTHENTICATION_STRENGTH
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import Wave
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.tenant_settings import SECURITY_DEFAULTS
from shared.catalogue.user import USER
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


class GuardedState:
    """What is live, as far as it matters to the emergency accounts (`accounts`, ids in lower case)."""

    def __init__(self, directory: Directory, accounts: tuple[str, ...]) -> None:
        self._directory, self._accounts = directory, accounts

    async def policies(self) -> dict[str, Json]:
        """Return every live policy by id."""
        return await listed(self._directory, CONDITIONAL_ACCESS_POLICY)

    async def live(
        self,
        job: Job,
        policies: dict[str, Json],
        named: Named,
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


def named_in(policies: Mapping[str, Json], deleted: Mapping[str, Json], plan: Waves) -> Named:
    """Return what any policy names now or on the way, by member; `groups` are the included and excluded ones."""
    forms = [*policies.values(), *(body for body in deleted.values() if "conditions" in body)]
    forms += [change.target for changes in plan.values() for change in changes if change.type == POLICY]
    found = {
        member: frozenset(one for form in forms for one in named_under(form, member) if GUID.match(one))
        for member in ("includeGroups", "excludeGroups", "excludeUsers")
    }
    return {**found, "groups": found["includeGroups"] | found["excludeGroups"]}
