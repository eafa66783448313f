"""The search of test_lockout.py in tenants with roles, methods, rules, locations, strengths and purged groups.

What must not happen is that no emergency account can sign in as Global Administrator. The sign-in model
(tests/support/sign_in.py) shares nothing with the guard.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from copy import deepcopy
from functools import cache

import msgspec

from shared.catalogue.entry import Wave
from shared.domain.changes import Action, Change, Difference, LinkDifference
from shared.domain.jobs import Options
from shared.recover.lockout.guard import Refusal, refusal
from shared.recover.lockout.returning import exposed
from shared.recover.lockout.stand_ins import as_if_made, standing_in
from shared.recover.lockout.state import State
from shared.recover.lockout.walk import DYNAMIC, Outlook, asked_for
from shared.recover.plan import link_changes, object_changes
from tests.properties.test_lockout import ACCOUNTS, GROUPS, POLICIES, Draw, Members, memberships, still_to_link
from tests.support.builders import an_id
from tests.support.carrying_out import Carrying
from tests.support.sign_in import ROLE, Entra, Thing

TRIALS, ORDERS = 3_000, 2
ADMINS = an_id("administrators")  # the group that may have the role
OTHER = an_id("another administrator")
OFFICE, BRANCH, OLD_OFFICE = an_id("office"), an_id("branch"), an_id("old office")  # live, soft-deleted, purged
STRENGTH, OLD_STRENGTH = an_id("strength"), an_id("old strength")  # live, purged
PLACE = {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "old", "ipRanges": []}
PLACES = ([OFFICE], [OFFICE], [BRANCH], [OLD_OFFICE])
METHODS = ("Fido2", "X509Certificate")
EVERYTHING = Options(soft_delete_newer=True, remove_newer_grants=True, recreate_deleted=True)


class Administration(Draw):
    """Draws tenants in which the emergency accounts hold the role by themselves or through a group."""

    def policy(self, known: str) -> Thing:
        policy, one = super().policy(known), self.random.choice
        if self.random.random() < 0.15:
            policy["grantControls"] = {
                "operator": "OR",
                "authenticationStrength": {"id": one([STRENGTH, OLD_STRENGTH])},
            }
        places = one(
            [{"includeLocations": one(PLACES)}, {"includeLocations": ["All"], "excludeLocations": one(PLACES)}]
        )
        policy["conditions"] |= one([{}, {}, {"locations": places}])
        return policy

    def tenant(self) -> Entra:
        tenant = super().tenant()
        tenant.groups[ADMINS] = {"id": ADMINS, "groupTypes": [], "isAssignableToRole": True}
        tenant.members[ADMINS] = set(self.random.choice([ACCOUNTS, ACCOUNTS[:1], [GROUPS[0]], []]))
        tenant.admins = {*self.random.choice([ACCOUNTS, ACCOUNTS, ACCOUNTS[:1], []]), OTHER}
        tenant.admins |= self.random.choice([{ADMINS}, {ADMINS}, set()])
        tenant.admins |= set(ACCOUNTS) & tenant.bin.keys()  # taken for granted, as docs/lockout.md says
        tenant.users[OTHER] = {"id": OTHER, "accountEnabled": True, "userPrincipalName": "other@x.onmicrosoft.com"}
        tenant.places, tenant.strengths = {OFFICE}, {STRENGTH}
        for policy in tenant.policies.values():
            _live_only(policy)
        tenant.methods = set(METHODS)
        tenant.way = {known: self.random.choice(METHODS) for known in ACCOUNTS}
        tenant.has_defaults = self.random.random() < 0.03
        for group in GROUPS:
            tenant.rules[group] = set(self.random.choice([ACCOUNTS, ACCOUNTS[:1], []]))
            if group in tenant.groups and self.random.random() < 0.2:
                asked = self.random.choice([*GROUPS, ADMINS])
                rule = self.random.choice(["", f"user.memberof -any (group.objectId -in ['{asked}'])"])
                tenant.groups[group] |= {"groupTypes": [DYNAMIC], "membershipRule": rule}
        if self.random.random() < 0.12:
            self._hide_a_team(tenant)
        if self.random.random() < 0.1:
            self._spare_by_rule(tenant)
        if GROUPS[0] in tenant.bin and self.random.random() < 0.6:
            del tenant.bin[GROUPS[0]]  # purged: it can only be created anew
            for some in tenant.members.values():
                some.discard(GROUPS[0])
            tenant.members[GROUPS[0]] = set()
        return tenant

    def _hide_a_team(self, tenant: Entra) -> None:
        """Bin a group that an enforced policy is for: chance seldom draws what it comes back with."""
        team, policy = GROUPS[2], POLICIES[1]
        tenant.bin[team] = tenant.groups.pop(team, {}) or tenant.bin[team]
        tenant.members[team] = set(self.random.choice([ACCOUNTS, ACCOUNTS[:1], []]))
        tenant.bin.pop(policy, None)
        users = {"includeGroups": [team], "excludeUsers": [], "excludeGroups": []}
        grant = {"operator": "OR", "builtInControls": ["block"]}
        tenant.policies[policy] = {
            "id": policy,
            "state": "enabled",
            "conditions": {"users": users},
            "grantControls": grant,
        }

    def _spare_by_rule(self, tenant: Entra) -> None:
        """Exclude the accounts through a group that a rule fills: what changes an account makes it choose anew."""
        group, policy = GROUPS[0], POLICIES[0]
        tenant.groups[group] = {"id": group, "groupTypes": [DYNAMIC], "membershipRule": ""}
        tenant.members[group] = set(ACCOUNTS)
        tenant.bin.pop(group, None)
        tenant.bin.pop(policy, None)
        tenant.policies[policy] = {
            "id": policy,
            "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": [], "excludeGroups": [group]}},
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }

    def report(self, tenant: Entra) -> tuple[list[Difference], Members]:
        is_purged = GROUPS[0] not in tenant.groups and GROUPS[0] not in tenant.bin
        if is_purged:
            tenant.bin[GROUPS[0]] = {"id": GROUPS[0]}  # only while the rows of the others are drawn
        rows, target = super().report(tenant)
        if is_purged:
            del tenant.bin[GROUPS[0]]
            rows = [row for row in rows if row.object_id != GROUPS[0]]
            if self.random.random() < 0.8:
                body = {"displayName": "excluded", "groupTypes": [], "securityEnabled": True}
                rows.append(_row("group", GROUPS[0], Action.RECREATE, body))
        rows = [row for row in rows if not (row.links and DYNAMIC in _types(tenant, row.object_id))]
        target[ADMINS] = set(tenant.members[ADMINS])
        if self.random.random() < 0.25:
            target[ADMINS] = set(self.random.choice([ACCOUNTS, ACCOUNTS[:1], []]))
            rows += _members_row(tenant, target)
        return rows + self._of_roles(tenant) + self._of_settings(), target

    def _of_roles(self, tenant: Entra) -> list[Difference]:
        rows: list[Difference] = []
        for principal in (*ACCOUNTS, ADMINS, OTHER):
            draw, known = self.random.random(), f"{principal}/{ROLE}/{self.random.choice(['/'] * 5 + ['/elsewhere'])}"
            if principal in tenant.admins and principal not in tenant.bin and draw < 0.06:
                rows.append(_row("unifiedRoleAssignment", known, Action.SOFT_DELETE, {}))
            elif principal not in tenant.admins and draw < 0.4:
                body = {"principalId": principal, "roleDefinitionId": ROLE, "directoryScopeId": "/"}
                rows.append(_row("unifiedRoleAssignment", known, Action.RECREATE, body))
        if self.random.random() < 0.06:
            rows.append(_row("group", ADMINS, Action.SOFT_DELETE, {}))
        return rows

    def _of_settings(self) -> list[Difference]:
        rows: list[Difference] = []
        if self.random.random() < 0.2:
            target = {"state": self.random.choice(["enabled", "disabled"])}
            rows.append(_row("authenticationMethodConfiguration", self.random.choice(METHODS), Action.UPDATE, target))
        if self.random.random() < 0.15:
            on = {"isEnabled": self.random.random() < 0.5}
            rows.append(_row("identitySecurityDefaultsEnforcementPolicy", "defaults", Action.UPDATE, on))
        return rows + self._of_places()

    def _of_places(self) -> list[Difference]:
        """Return what comes of named locations and strengths: those that policies name are renamed, gone and back."""
        place, strength, renamed = "namedLocation", "authenticationStrengthPolicy", {"displayName": "renamed"}
        drawn = [
            (0.1, _row(place, OFFICE, Action.UPDATE, renamed)),
            (0.15, _row(place, OFFICE, Action.SOFT_DELETE, {})),
            (0.6, _row(place, BRANCH, Action.RESTORE, {})),
            (0.6, _row(place, OLD_OFFICE, Action.RECREATE, PLACE)),
            (0.1, _row(strength, STRENGTH, Action.UPDATE, renamed)),
            (
                0.6,
                _row(strength, OLD_STRENGTH, Action.RECREATE, {"displayName": "old", "allowedCombinations": ["fido2"]}),
            ),
        ]
        return [row for chance, row in drawn if self.random.random() < chance]


def _live_only(policy: Thing) -> None:
    """Let a live policy speak of what is there: Graph takes no other."""
    if locations := policy["conditions"].get("locations"):
        policy["conditions"]["locations"] = {name: [OFFICE] for name in locations}
    if policy["grantControls"].get("authenticationStrength"):
        policy["grantControls"]["authenticationStrength"] = {"id": STRENGTH}


def _row(type_name: str, known: str, action: Action, target: Thing) -> Difference:
    return Difference(type=type_name, object_id=known, display_name=known, action=action, target=target)


def _types(tenant: Entra, group: str) -> list[str]:
    return list((tenant.groups.get(group) or {}).get("groupTypes") or [])


def _members_row(tenant: Entra, target: Members) -> list[Difference]:
    """Return the row of the group that has the role, where its members differ."""
    some = [(one, Action.LINK) for one in sorted(target[ADMINS] - tenant.members[ADMINS])]
    some += [(one, Action.UNLINK) for one in sorted(tenant.members[ADMINS] - target[ADMINS])]
    links = tuple(LinkDifference(reference="members", other_id=one, action=action) for one, action in some)
    row = _row("group", ADMINS, Action.UPDATE, {})
    return [msgspec.structs.replace(row, links=links)] if links else []


def seen(tenant: Entra, rows: list[Difference], target: Members, made: Collection[str]) -> tuple[State, Outlook]:
    """Return what the product would read of this tenant and its snapshot; `made` stand for what is created anew."""
    links, wanted = memberships(tenant, target)
    links |= {
        (group, one) for group in tenant.admins & {*tenant.groups} for one in tenant.members[group] - {*tenant.bin}
    }
    people = {known: (deepcopy(tenant.users.get(known)),) for known in ACCOUNTS}
    groups = frozenset(tenant.groups)
    state = State(
        accounts=people,
        admins={**people, OTHER: (deepcopy(tenant.users[OTHER]),)},
        assigned=frozenset(tenant.admins & {*tenant.users, *tenant.groups}),
        policies={known: (deepcopy(body),) for known, body in tenant.policies.items()},
        groups=groups,
        dynamic=frozenset(known for known in groups if DYNAMIC in _types(tenant, known)),
        by_groups=frozenset(pair for known in groups for pair in asked_for(known, tenant.groups[known])),
        links=links,
        may=links,
        locations=frozenset(tenant.places),
        strengths=frozenset(tenant.strengths),
        has_defaults=tenant.has_defaults,
    )
    back = {row.object_id for row in rows if row.action is Action.RESTORE} | {*made}
    settled = frozenset(edge for edge in wanted if back & {*edge})
    return state, Outlook(deleted=deepcopy(tenant.bin), settled=settled)


def planned(rows: list[Difference]) -> tuple[dict[Wave, list[Change]], dict[str, str]]:
    """Return the plan with ids that stand for those to come, and these ids."""
    waves = object_changes(rows, EVERYTHING)
    ids = dict(standing_in(change for changes in waves.values() for change in changes).ids)
    links = [change for row in rows for change in link_changes(row.type, row.object_id, "", row.links)]
    return as_if_made({**waves, Wave.LINKS: links}, ids), ids


def carrying(tenant: Entra, rows: list[Difference], target: Members) -> tuple[Carrying, Refusal | None]:
    """Return how the product would carry the plan out, and why the guard does not let it begin."""
    plan, ids = planned(rows)
    target = {ids.get(group, group): {ids.get(one, one) for one in some} for group, some in target.items()}
    made = {*ids.values()}
    state, outlook = seen(tenant, rows, target, made)

    def by_now(now: Entra) -> State:
        fresh, _outlook = seen(now, [], target, ())
        return msgspec.structs.replace(fresh, may=fresh.may | state.may | memberships(now, target)[1])

    how = Carrying(
        waves=plan,
        exposure=exposed(state, plan, outlook),
        links=lambda now: still_to_link(now, rows, target, made),
        seen=by_now,
        gets_in=lambda now: any(map(now.can_administer, ACCOUNTS)),
    )
    return how, refusal(state, plan, outlook)


def ended(seed: int) -> str:
    """Return what became of the plan of one seed."""
    draw = Administration(seed)
    tenant = draw.tenant()
    if not any(map(tenant.can_administer, ACCOUNTS)):
        return "nobody could sign in before"
    how, refused = carrying(tenant, *draw.report(tenant))
    if refused is not None and not (refused.step and refused.finding.subject and refused.finding.fact):
        return "refused without a name"
    does_lock = any(how.locks_out(tenant, random.Random(f"{seed} {order}")) for order in range(ORDERS))
    return f"{'refused' if refused else 'passed'}, {'locks' if does_lock else 'harmless'}"


@cache
def searched() -> dict[int, str]:
    """Return how every trial ended, by seed."""
    return {seed: ended(seed) for seed in range(TRIALS)}


def test_no_plan_that_the_guard_passes_leaves_no_emergency_account_that_administers() -> None:
    assert not [seed for seed, end in searched().items() if end == "passed, locks"]


def test_every_refusal_names_what_it_is_about_and_the_step() -> None:
    assert not [seed for seed, end in searched().items() if end == "refused without a name"]


def test_the_search_reaches_plans_of_each_kind() -> None:
    found = Counter(searched().values())
    assert found["passed, harmless"] > TRIALS // 50, found
    assert found["refused, locks"] > TRIALS // 50, found
