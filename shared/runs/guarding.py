"""Ask the lock-out guard about a recovery's plan, with what the tenant is like just before anything is written.

Accounts, policies, locations and groups are asked of Graph once more; who is in which group comes from the job's own
reading, because only links rows tell the parents of an account. A crash repeats the questions; nothing is stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence

import msgspec

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType, Wave
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.user import USER
from shared.domain.changes import Action, Change, Difference, Json
from shared.domain.errors import LockOutError
from shared.domain.ids import GUID, KEY_BYTES, key_guid, object_key
from shared.domain.jobs import Job, Options
from shared.domain.renewals import IdMap
from shared.ports import Directory, Found
from shared.recover.lockout.guard import refusal
from shared.recover.lockout.policies import named_under
from shared.recover.lockout.stand_ins import as_if_made
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.unguarded import UNPROVEN, unproven
from shared.recover.lockout.walk import DYNAMIC, PERSON, POLICY, TEAM, Outlook, Waves
from shared.recover.plan import left_alone, link_changes, object_changes
from shared.runs.layers import Readable
from shared.runs.ourselves import Ourselves

WATCHED = frozenset({POLICY, TEAM, NAMED_LOCATION.name})
MEMBERS = GROUP.reference("members").code
Sides = Callable[[], Awaitable[tuple[Readable, Readable]]]
Parts = Callable[[], AsyncIterator[list[Difference]]]
NESTING_MAX = 20  # levels of groups in groups; each is one more pass over the links


class Plan(msgspec.Struct, frozen=True):
    """What a recovery is to do: differences of which `options` allow some, and ids for what is to be created anew.

    `parts` begins to read the differences from the first, as often as it is called: most links of a recovery concern
    nobody who is guarded, so which do is found out before any are kept.
    """

    options: Options
    parts: Parts
    made: IdMap = IdMap()


def at_once(rows: Sequence[Difference]) -> Parts:
    """Return a reading of differences that are there already."""

    async def parts() -> AsyncIterator[list[Difference]]:
        yield list(rows)

    return parts


class Guarding:
    """Judges the plan of a recovery for a deployment with the given emergency accounts, none included."""

    def __init__(
        self, directory: Directory, emergency_accounts: Sequence[str], own_applications: Sequence[str] = ()
    ) -> None:
        self._directory, self._ourselves = directory, Ourselves(directory, own_applications)
        self._accounts = tuple(sorted({account.lower() for account in emergency_accounts}))

    async def judge(self, job: Job, whole: Plan, sides: Sides) -> dict[str, str]:
        """Return why objects are to be left alone, by id; `sides` opens the target and the job's reading.

        Those are policies that nothing proves harmless, and the identities that we run as. Raises LockOutError, naming
        rule, subject and step, when the plan could lock the emergency accounts out.
        """
        ours = await self._ourselves.among(whole.parts(), whole.options)
        return {**ours, **await self._judged(job, whole, sides)}

    async def _judged(self, job: Job, whole: Plan, sides: Sides) -> dict[str, str]:
        plan, has_members = await self._relevant(whole)
        if not plan and not has_members:
            return {}
        policies = await self._listed(CONDITIONAL_ACCESS_POLICY)
        deleted = await self._deleted(plan)
        named = _named(policies, deleted, plan)
        if not self._accounts:
            excluded = named["excludeGroups"]
            links = await _members(whole, lambda change: change.object_id.lower() in excluded)
            existing = await self._existing(named, _with(plan, links))
            live = State(accounts={}, policies={known: (form,) for known, form in policies.items()})
            left = unproven(live, plan, Outlook(deleted=deleted), existing)
            return dict.fromkeys(left, UNPROVEN)
        live, settled = await self._live(job, policies, named, plan, sides)
        outlook = Outlook(deleted=deleted, settled=settled, is_relinked=live.has_nesting)
        # Without the members that can contain no emergency account: most links of any recovery.
        nodes = {*live.accounts, *(group for group, _member in live.links | settled)}
        links = await _members(whole, lambda change: change.other_id.lower() in nodes)
        refused = refusal(live, _with(plan, links), outlook)
        if refused is not None:
            found = refused.finding
            kind = "policy" if found.form is not None else found.name
            subject = f"{kind} {found.name!r} ({found.subject})" if kind == "policy" else f"{kind} {found.subject}"
            raise LockOutError(rule=found.rule, subject=subject.strip(), step=refused.step, fact=found.fact)
        return {}

    async def _relevant(self, whole: Plan) -> tuple[dict[Wave, list[Change]], bool]:
        """Return the plan as far as it could matter, without links, and whether any group's members change."""
        plan: dict[Wave, list[Change]] = {}
        has_members = False
        async for rows in whole.parts():
            for wave, changes in as_if_made(object_changes(rows, whole.options), whole.made.ids).items():
                some = [change for change in changes if _is_watched(change, self._accounts)]
                if some:
                    plan.setdefault(wave, []).extend(some)
            has_members = has_members or any(
                row.type == TEAM and any(link.reference == "members" for link in row.links)
                for row in rows
                if row.links and not left_alone(row, whole.options)
            )
        return plan, has_members

    async def judge_again(self, job: Job, changes: Sequence[Change], sides: Sides) -> dict[str, str]:
        """Return why policies must not be switched on after all, by change, with what is live now.

        The plan was judged as if every earlier wave would succeed. What failed since, an account that did not come back
        into the excluded group say, shows only now. Policies are judged in order, each beside those that passed.
        """
        policies = await self._listed(CONDITIONAL_ACCESS_POLICY)
        plan: dict[Wave, list[Change]] = {Wave.POLICY_ENABLE: list(changes)}
        named = _named(policies, {}, plan)
        if not self._accounts:
            existing = await self._existing(named, plan)
            live = State(accounts={}, policies={known: (form,) for known, form in policies.items()})
            left = unproven(live, plan, Outlook(), existing)
            return {change.change_id: UNPROVEN for change in changes if change.object_id.lower() in left}
        live, _settled = await self._live(job, policies, named, plan, sides)
        wanted = await _above(self._accounts, (await sides())[0]) if live.has_nesting else frozenset()
        live = await self._as_linked_now(live, wanted, named["excludeGroups"])
        passed: list[Change] = []
        refused: dict[str, str] = {}
        for change in changes:
            found = refusal(live, {Wave.POLICY_ENABLE: [*passed, change]}, Outlook())
            if found is None:
                passed.append(change)
            else:
                finding = found.finding
                refused[change.change_id] = f"lock-out guard, rule {finding.rule}: {finding.subject}: {finding.fact}"
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
        plan: Waves,
        sides: Sides,
    ) -> tuple[State, frozenset[Edge]]:
        """Return the state before the plan, and the references that restored objects will have after it."""
        people = await self._directory.find(USER, self._accounts)
        has_nesting = job.scope.covers_type(TEAM)
        if has_nesting:
            target, current = await sides()
            links, settled = await _above(self._accounts, current), await _above(self._accounts, target)
        else:
            links, settled = await self._direct(named["groups"]), frozenset[Edge]()
        teams = _bodies(
            await self._directory.find(GROUP, sorted(named["groups"] | {group for group, _one in links | settled}))
        )
        restored = {
            change.object_id.lower()
            for change in (*plan.get(Wave.RESTORE, ()), *plan.get(Wave.RECREATE, ()))
            if change.type in {TEAM, PERSON} and change.action in {Action.RESTORE, Action.RECREATE}
        }
        live = State(
            accounts={known: (_bodies({known: people[known]}).get(known),) for known in self._accounts},
            policies={known: (form,) for known, form in policies.items()},
            groups=frozenset(teams),
            dynamic=frozenset(known for known, body in teams.items() if DYNAMIC in (body.get("groupTypes") or ())),
            links=links,
            may=links,
            locations=frozenset(await self._listed(NAMED_LOCATION)),
            has_nesting=has_nesting,
        )
        return live, frozenset(edge for edge in settled if restored & set(edge) and job.scope.covers(TEAM, edge[0]))

    async def _direct(self, groups: frozenset[str]) -> frozenset[Edge]:
        """Return the direct members among the emergency accounts: all that is known when groups are out of scope."""
        found = await self._directory.find(GROUP, sorted(groups)) if groups else {}
        live = sorted(_bodies(found))
        members = await self._directory.references(GROUP, "members", live) if live else {}
        return frozenset(
            (group.lower(), other.lower())
            for group, others in members.items()
            for other in others
            if other.lower() in self._accounts
        )

    async def _existing(self, named: dict[str, frozenset[str]], plan: Waves) -> frozenset[str]:
        """Return the excluded users and groups that hold: live users, and groups that have a member."""
        people = _bodies(await self._directory.find(USER, sorted(named["excludeUsers"])))
        teams = _bodies(await self._directory.find(GROUP, sorted(named["excludeGroups"])))
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
            bodies |= _bodies(found, is_deleted=True)
        return bodies

    async def _listed(self, entry: ObjectType) -> dict[str, Json]:
        """Return every live object of a type that is read as one list."""
        bodies: dict[str, Json] = {}
        cursor: str | None = ""
        while cursor is not None:
            page = await self._directory.page(entry.listings()[0], cursor)
            for body in page.bodies:
                decoded: Json = msgspec.json.decode(body)
                bodies[str(decoded["id"]).lower()] = decoded
            cursor = page.cursor
        return bodies


def _is_watched(change: Change, accounts: Collection[str]) -> bool:
    """Tell whether a change could matter: policies, locations, groups, and emergency accounts do."""
    return change.type in WATCHED or (change.type == PERSON and change.object_id.lower() in accounts)


async def _members(whole: Plan, test: Callable[[Change], bool]) -> list[Change]:
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


def _with(plan: Waves, links: Sequence[Change]) -> Waves:
    return {**plan, Wave.LINKS: links} if links else plan


def _named(policies: Mapping[str, Json], deleted: Mapping[str, Json], plan: Waves) -> dict[str, frozenset[str]]:
    """Return what any policy names now or on the way, by member; `groups` are the included and excluded ones."""
    forms = [*policies.values(), *(body for body in deleted.values() if "conditions" in body)]
    forms += [change.target for changes in plan.values() for change in changes if change.type == POLICY]
    found = {
        member: frozenset(one for form in forms for one in named_under(form, member) if GUID.match(one))
        for member in ("includeGroups", "excludeGroups", "excludeUsers")
    }
    return {**found, "groups": found["includeGroups"] | found["excludeGroups"]}


async def _above(accounts: Sequence[str], side: Readable) -> frozenset[Edge]:
    """Return the links that lead from the accounts up to every group that contains them, level by level."""
    edges: set[Edge] = set()
    level, seen = {object_key(account) for account in accounts}, set[bytes]()
    shard_count = side.manifest.shard_count
    for _level in range(NESTING_MAX):
        if not level:
            break
        seen |= level
        found = [
            row
            for shard in range(shard_count)
            for row in await side.links(shard, shard_count)
            if row[0] == MEMBERS and row[1 + KEY_BYTES :] in level
        ]
        edges |= {(key_guid(row[1 : 1 + KEY_BYTES]), key_guid(row[1 + KEY_BYTES :])) for row in found}
        level = {row[1 : 1 + KEY_BYTES] for row in found} - seen
    return frozenset(edges)


def _bodies(found: Mapping[str, Found], *, is_deleted: bool = False) -> dict[str, Json]:
    """Return the decoded bodies of what is live (or in the recycle bin), by id in lower case."""
    return {
        known.lower(): msgspec.json.decode(state.body)
        for known, state in found.items()
        if state.body is not None and state.is_deleted == is_deleted
    }
