"""Each rule of the lock-out guard refuses what it is about, and nothing beside it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Json
from shared.recover.lockout.guard import last_administrators
from shared.recover.lockout.returning import exposed
from shared.recover.lockout.state import State, administrators
from shared.recover.lockout.walk import EVERYWHERE, GLOBAL_ADMINISTRATOR, Outlook
from tests.support.builders import a_change, a_link_change, an_id
from tests.unit.recover.lockout.worlds import (
    EXCLUDED,
    ONE,
    TWO,
    a_binned_group,
    a_group_change,
    a_policy,
    a_policy_change,
    a_state,
    an_account,
    refused,
    rule_of,
)

EVERYBODY = {"includeUsers": ["All"]}
RESTORE = {Wave.POLICY_RESTORE: [a_policy_change(action=Action.RESTORE)]}
DELETE = {Wave.POLICY_DELETE: [a_policy_change(action=Action.SOFT_DELETE)]}


def enabling(**target: Any) -> dict[Wave, list[Any]]:
    return {Wave.POLICY_ENABLE: [a_policy_change(target={"state": "enabled", **target})]}


def a_sleeping_policy(**members: Any) -> Json:
    return a_policy(**{"state": "disabled", **members})


@pytest.mark.parametrize(
    "account",
    [None, an_account(accountEnabled=False), an_account(onPremisesSyncEnabled=True)],
    ids=["gone", "disabled", "on premises"],
)
def test_rule_1_needs_two_emergency_accounts_that_exist_are_enabled_and_cloud_only(account: Json | None) -> None:
    live = a_state(accounts={ONE: (account,), TWO: (an_account("emergency-2"),)})
    assert rule_of(live, {}) == 1


def test_rule_1_is_kept_by_two_good_accounts() -> None:
    assert rule_of(a_state(), {}) == 0


def test_rule_1_is_not_kept_by_a_single_account() -> None:
    found = refused(a_state(accounts={ONE: (an_account(),)}), {})
    assert found is not None
    assert (found.finding.rule, found.finding.name) == (1, "TIDEMARK_EMERGENCY_ACCOUNTS")


@pytest.mark.parametrize(
    ("wave", "change"),
    [
        (Wave.UPDATE, a_change("emergency-1", target={"accountEnabled": False})),
        (Wave.SOFT_DELETE, a_change("emergency-1", action=Action.SOFT_DELETE)),
    ],
    ids=["disable", "soft-delete"],
)
def test_rule_1_refuses_to_take_an_emergency_account_away(wave: Wave, change: Any) -> None:
    found = refused(a_state(), {wave: [change]})
    assert found is not None
    assert found.finding.rule == 1
    assert change.change_id in found.step


def test_rule_1_lets_a_recovery_bring_an_emergency_account_back() -> None:
    live = a_state(accounts={ONE: (an_account(accountEnabled=False),), TWO: (an_account("emergency-2"),)})
    assert rule_of(live, {Wave.UPDATE: [a_change("emergency-1", target={"accountEnabled": True})]}) == 0
    gone = a_state(accounts={ONE: (None,), TWO: (an_account("emergency-2"),)})
    outlook = Outlook(deleted={ONE: an_account()}, settled=frozenset({(EXCLUDED, ONE)}))
    assert rule_of(gone, {Wave.RESTORE: [a_change("emergency-1", action=Action.RESTORE)]}, outlook) == 0


def test_rule_2_passes_a_policy_that_excludes_a_group_of_emergency_accounts() -> None:
    assert rule_of(a_state(a_sleeping_policy()), enabling()) == 0


def test_rule_2_names_the_policy_and_the_step() -> None:
    found = refused(a_state(a_sleeping_policy(users=EVERYBODY)), enabling())
    assert found is not None
    assert (found.finding.rule, found.finding.subject, found.finding.name) == (2, an_id("policy-1"), "policy-1")
    assert found.step == f"wave policy_enable, {a_policy_change().change_id}"


@pytest.mark.parametrize("users", [EVERYBODY, {"includeRoles": ["any"]}, {"includeGroups": [EXCLUDED]}])
def test_rule_2_refuses_a_policy_for_emergency_accounts_that_spares_none(users: Json) -> None:
    assert rule_of(a_state(a_sleeping_policy(users=users)), enabling()) == 2


@pytest.mark.parametrize("users", [{"includeUsers": [an_id("u")]}, {"includeGroups": [an_id("g")]}, {}])
def test_rule_2_passes_a_policy_for_others(users: Json) -> None:
    assert rule_of(a_state(a_sleeping_policy(users=users, controls=("block",))), enabling()) == 0


@pytest.mark.parametrize(("controls", "rule"), [(("mfa",), 0), (("block",), 2), (("compliantDevice",), 2)])
def test_rule_2_lets_a_second_factor_spare_one_account_and_anything_harder_none(
    controls: tuple[str, ...], rule: int
) -> None:
    policy = a_sleeping_policy(users={**EVERYBODY, "excludeUsers": [ONE]}, controls=controls)
    assert rule_of(a_state(policy), enabling()) == rule


def test_rule_2_needs_one_account_that_all_policies_spare() -> None:
    others = a_policy("policy-2", users={**EVERYBODY, "excludeUsers": [TWO]})
    policy = a_sleeping_policy(users={**EVERYBODY, "excludeUsers": [ONE]})
    assert rule_of(a_state(policy, others), enabling()) == 2
    assert rule_of(a_state(policy), enabling()) == 0


def test_rule_2_believes_in_nested_groups_only_while_every_link_holds() -> None:
    outer = an_id("outer")
    links = frozenset({(outer, EXCLUDED), (EXCLUDED, ONE), (EXCLUDED, TWO)})
    policy = a_policy(users={**EVERYBODY, "excludeGroups": [outer]})
    live = a_state(policy, groups=frozenset({outer, EXCLUDED}), links=links)
    assert rule_of(live, {}) == 0
    assert rule_of(live, {Wave.LINKS: [a_link_change("excluded", "outer", Action.UNLINK)]}) == 3


@pytest.mark.parametrize(("asked", "rule"), [("team", 3), ("another team", 0)])
def test_rule_3_believes_no_rule_that_asks_for_a_group_once_that_group_changes(asked: str, rule: int) -> None:
    policy = a_policy(state="enabled")
    live = a_state(policy, dynamic=frozenset({EXCLUDED}), by_groups=frozenset({(EXCLUDED, an_id(asked))}))
    assert rule_of(live, {Wave.LINKS: [a_link_change("somebody", "team")]}) == rule
    another_rule = {"membershipRule": "user.city -eq 'Oslo'", "groupTypes": ["DynamicMembership"]}
    assert rule_of(live, {Wave.UPDATE: [a_group_change("team", target=another_rule)]}) == rule
    assert rule_of(live, {Wave.UPDATE: [a_group_change("team", target={"description": "x"})]}) == 0


def test_rule_2_sees_the_moment_between_leaving_one_excluded_group_and_joining_another() -> None:
    """Links of one wave are written in no promised order."""
    other = an_id("other")
    policy = a_policy(users={**EVERYBODY, "excludeGroups": [EXCLUDED, other]})
    links = frozenset({(EXCLUDED, ONE), (EXCLUDED, TWO)})
    live = a_state(policy, groups=frozenset({other, EXCLUDED}), links=links)
    moves = [a_link_change(label, "other") for label in ("emergency-1", "emergency-2")]
    moves += [a_link_change(label, "excluded", Action.UNLINK) for label in ("emergency-1", "emergency-2")]
    assert rule_of(live, {Wave.LINKS: moves}) in {2, 3}
    one_left = [change for change in moves if not (change.action is Action.UNLINK and change.other_id == TWO)]
    assert rule_of(live, {Wave.LINKS: one_left}) == 0


def test_rule_2_judges_a_restored_policy_by_what_lies_in_the_recycle_bin() -> None:
    careless = a_policy(users=EVERYBODY)
    outlook = Outlook(deleted={an_id("policy-1"): careless})
    mended = {**RESTORE, Wave.POLICY_UPDATE: [a_policy_change(target={"conditions": a_policy()["conditions"]})]}
    found = refused(a_state(), mended, outlook)
    assert found is not None
    assert (found.finding.rule, found.step.split(",")[0]) == (2, "wave policy_restore")
    assert rule_of(a_state(), RESTORE, Outlook(deleted={an_id("policy-1"): a_policy()})) == 0


def test_rule_2_counts_on_a_restored_group_once_its_members_were_read_again() -> None:
    live = a_state(a_sleeping_policy(), groups=frozenset(), links=frozenset())
    members = frozenset({(EXCLUDED, ONE), (EXCLUDED, TWO)})
    plan = {Wave.RESTORE: [a_group_change(action=Action.RESTORE)], **enabling()}
    assert rule_of(live, plan, Outlook(deleted=a_binned_group(), settled=members)) == 0
    assert rule_of(live, plan, Outlook(deleted=a_binned_group())) == 2
    dynamic = a_binned_group(groupTypes=["DynamicMembership"])
    assert rule_of(live, plan, Outlook(deleted=dynamic, settled=members)) == 2


def test_rule_2_does_not_blame_a_plan_for_what_is_wrong_already() -> None:
    live = a_state(a_policy(users=EVERYBODY))
    assert rule_of(live, {Wave.UPDATE: [a_group_change("other", target={"description": "x"})]}) == 0
    repair = a_policy_change(target={"conditions": a_policy()["conditions"]})
    assert rule_of(live, {Wave.POLICY_UPDATE: [repair]}) == 0
    harder = a_policy_change(target={"grantControls": {"operator": "OR", "builtInControls": ["block"]}})
    assert rule_of(live, {Wave.POLICY_UPDATE: [harder]}) == 2


@pytest.mark.parametrize(
    ("wave", "change"),
    [
        (Wave.SOFT_DELETE, a_group_change(action=Action.SOFT_DELETE)),
        (Wave.UPDATE, a_group_change(target={"groupTypes": ["DynamicMembership"]})),
    ],
    ids=["delete", "make dynamic"],
)
def test_rule_3_protects_the_excluded_group(wave: Wave, change: Any) -> None:
    assert rule_of(a_state(a_policy(state="disabled")), {wave: [change]}) == 3
    assert rule_of(a_state(a_policy(state="disabled", users=EVERYBODY)), {wave: [change]}) == 0


def test_rule_3_refuses_to_empty_the_excluded_group_and_not_to_change_it_otherwise() -> None:
    live = a_state(a_policy(state="disabled"))
    leaving = [a_link_change(label, "excluded", Action.UNLINK) for label in ("emergency-1", "emergency-2")]
    assert rule_of(live, {Wave.LINKS: leaving}) == 3
    assert rule_of(live, {Wave.LINKS: leaving[:1]}) == 0
    assert rule_of(live, {Wave.UPDATE: [a_group_change(target={"description": "x"})]}) == 0


def test_rule_4_needs_the_named_locations_of_an_enforced_policy() -> None:
    office = an_id("office")
    places = {"locations": {"includeLocations": ["All"], "excludeLocations": [office, "AllTrusted"]}}
    policy = a_sleeping_policy(conditions=places)
    assert rule_of(a_state(policy), enabling()) == 4
    there = a_state(policy, locations=frozenset({office}))
    assert rule_of(there, enabling()) == 0
    back = {Wave.RESTORE: [a_change("office", type="namedLocation", action=Action.RESTORE)], **enabling()}
    assert rule_of(a_state(policy), back) == 0
    taken = [a_change("office", type="namedLocation", action=Action.SOFT_DELETE)]
    assert rule_of(there, {Wave.SOFT_DELETE: taken, **enabling()}) == 4
    enforced = a_state(a_policy(conditions=places), locations=frozenset({office}))
    assert rule_of(enforced, {Wave.SOFT_DELETE: taken}) == 4
    assert rule_of(enforced, {**DELETE, Wave.SOFT_DELETE: taken}) == 0, "policies are deleted before what they name"


def test_rule_7_lets_a_policy_be_switched_on_in_the_last_stage_only() -> None:
    switched = a_policy_change(target={"state": "enabled"})
    assert rule_of(a_state(a_sleeping_policy()), {Wave.POLICY_UPDATE: [switched]}) == 7
    assert rule_of(a_state(a_sleeping_policy()), {Wave.POLICY_ENABLE: [switched]}) == 0
    assert rule_of(a_state(a_policy()), {Wave.POLICY_UPDATE: [switched]}) == 0


@pytest.mark.parametrize("type_name", ["group", "namedLocation"])
def test_rule_7_wants_what_policies_name_before_the_policies(type_name: str) -> None:
    late = a_change("other", type=type_name, target={"displayName": "x"})
    assert rule_of(a_state(), {Wave.POLICY_ENABLE: [late]}) == 7
    assert rule_of(a_state(), {Wave.LOCATIONS: [late]}) == 0


def test_a_guard_that_knows_direct_members_only_fears_every_included_group() -> None:
    policy = a_sleeping_policy(users={"includeGroups": [an_id("g")]})
    live: State = a_state(policy, has_nesting=False)
    assert rule_of(live, enabling()) == 2
    spared = a_sleeping_policy(users={"includeGroups": [an_id("g")], "excludeGroups": [EXCLUDED]})
    assert rule_of(a_state(spared, has_nesting=False), enabling()) == 0


def an_assignment(label: str, action: Action, *, scope: str = EVERYWHERE) -> Change:
    known = f"{an_id(label)}/{GLOBAL_ADMINISTRATOR}/{scope}"
    return msgspec.structs.replace(a_change(label, type="unifiedRoleAssignment", action=action), object_id=known)


def a_state_with_roles(*assigned: str, **members: Any) -> State:
    """Return a tenant whose administrators are known: the emergency accounts, and whoever is assigned."""
    people = {ONE: an_account(), TWO: an_account("emergency-2"), **members.pop("people", {})}
    state = a_state(**{"admins": {known: (form,) for known, form in people.items()}, **members})
    return msgspec.structs.replace(state, assigned=frozenset(assigned))


def test_rule_1_needs_names_of_the_tenants_own_first_domain() -> None:
    elsewhere = an_account(userPrincipalName="break-glass@contoso.com")
    live = a_state(accounts={ONE: (elsewhere,), TWO: (an_account("emergency-2"),)})
    found = refused(live, {})
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (1, ONE)
    assert "break-glass@contoso.com" in found.finding.fact
    renamed = a_change("emergency-1", target={"userPrincipalName": "break-glass@contoso.com"})
    assert rule_of(a_state(), {Wave.UPDATE: [renamed]}) == 1
    back = a_change("emergency-1", target={"userPrincipalName": "break-glass@contoso.onmicrosoft.com"})
    assert rule_of(live, {Wave.UPDATE: [back]}) == 0


def test_rule_1_needs_both_accounts_to_be_active_global_administrators() -> None:
    assert rule_of(a_state_with_roles(ONE, TWO), {}) == 0
    found = refused(a_state_with_roles(ONE), {})
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (1, TWO)
    assert "Global Administrator" in found.finding.fact
    granted = {Wave.LOCATIONS: [an_assignment("emergency-2", Action.RECREATE)]}
    assert rule_of(a_state_with_roles(ONE), granted) == 0
    narrow = {Wave.LOCATIONS: [an_assignment("emergency-2", Action.RECREATE, scope="/administrativeUnits/x")]}
    assert rule_of(a_state_with_roles(ONE), narrow) == 1


def test_rule_1_refuses_to_take_the_role_from_an_emergency_account_and_names_the_assignment() -> None:
    found = refused(a_state_with_roles(ONE, TWO), {Wave.SOFT_DELETE: [an_assignment("emergency-1", Action.REMOVE)]})
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (1, ONE)
    assert found.step == f"wave soft_delete, remove:unifiedRoleAssignment:{an_id('emergency-1')}"


def test_rule_2_judges_a_group_that_comes_back_by_whom_the_snapshot_has_in_it() -> None:
    staff = an_id("staff")
    policy = a_policy(users={"includeGroups": [staff]}, controls=("block",))
    plan = {Wave.RESTORE: [a_group_change("staff", action=Action.RESTORE)]}
    filled = Outlook(deleted={staff: {"id": staff, "groupTypes": []}}, settled=frozenset({(staff, ONE)}))
    found = refused(a_state(policy), plan, filled)
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (2, policy["id"])
    assert found.step.startswith("wave restore, restore:group:")
    sparing = a_policy(users={"includeGroups": [staff], "excludeGroups": [EXCLUDED]}, controls=("block",))
    assert rule_of(a_state(sparing), plan, filled) == 0
    empty = msgspec.structs.replace(filled, settled=frozenset())
    assert rule_of(a_state(policy), plan, empty) == 0
    assert exposed(a_state(policy), plan, empty) is not None  # who else is in it is asked once it is back


def test_rule_2_fears_that_the_rule_of_a_group_that_comes_back_chooses_anybody() -> None:
    staff = an_id("staff")
    policy = a_policy(users={"includeGroups": [staff]}, controls=("block",))
    plan = {Wave.RESTORE: [a_group_change("staff", action=Action.RESTORE)]}
    ruled = Outlook(deleted={staff: {"id": staff, "groupTypes": ["DynamicMembership"]}})
    assert rule_of(a_state(policy), plan, ruled) == 2


def test_rule_4_needs_the_authentication_strength_of_an_enforced_policy() -> None:
    strong = an_id("strong")
    grant = {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": strong}}
    policy = a_sleeping_policy(grantControls=grant, users={**EVERYBODY, "excludeUsers": [ONE, TWO]})
    found = refused(a_state(policy, strengths=frozenset()), enabling())
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (4, policy["id"])
    assert strong in found.finding.fact
    assert rule_of(a_state(policy, strengths=frozenset({strong})), enabling()) == 0
    anew = a_change("strong", type="authenticationStrengthPolicy", action=Action.RECREATE)
    assert rule_of(a_state(policy, strengths=frozenset()), {Wave.RECREATE: [anew], **enabling()}) == 0


ADMIN = an_id("admin")
ADMIN_FORM = {"id": ADMIN, "accountEnabled": True}


@pytest.mark.parametrize(
    ("wave", "change"),
    [
        (Wave.SOFT_DELETE, an_assignment("admin", Action.REMOVE)),
        (Wave.UPDATE, a_change("admin", target={"accountEnabled": False})),
        (Wave.SOFT_DELETE, a_change("admin", action=Action.SOFT_DELETE)),
    ],
    ids=["role", "disabled", "deleted"],
)
def test_rule_5_refuses_to_leave_fewer_than_two_global_administrators(wave: Wave, change: Change) -> None:
    """Without emergency accounts among them; where rule 1 holds as well, it is named first."""
    other = {"id": an_id("other"), "accountEnabled": True}
    live = State(
        accounts={},
        admins={ADMIN: (ADMIN_FORM,), an_id("other"): (other,)},
        assigned=frozenset({ADMIN, an_id("other")}),
    )
    found = last_administrators(live, {wave: [change]}, Outlook())
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (5, ADMIN)
    assert found.step == f"wave {wave.name.lower()}, {change.change_id}"
    three = frozenset({ADMIN, an_id("other"), an_id("third")})
    third = msgspec.structs.replace(live, admins={**live.admins, an_id("third"): (other,)}, assigned=three)
    assert last_administrators(third, {wave: [change]}, Outlook()) is None
    alone = msgspec.structs.replace(live, assigned=frozenset({an_id("other")}))
    assert last_administrators(alone, {wave: [change]}, Outlook()) is None, "what is wrong already is not its doing"


def test_rule_5_counts_the_members_of_a_group_that_has_the_role() -> None:
    team = an_id("admins")
    live = State(
        accounts={},
        groups=frozenset({team}),
        links=frozenset({(team, ADMIN)}),
        may=frozenset({(team, ADMIN)}),
        admins={ADMIN: (ADMIN_FORM,), an_id("other"): ({"accountEnabled": True},)},
        assigned=frozenset({team, an_id("other")}),
    )
    leaving = {Wave.LINKS: [a_link_change("admin", "admins", Action.UNLINK)]}
    found = last_administrators(live, leaving, Outlook())
    assert found is not None
    assert (found.finding.rule, found.finding.endangered) == (5, frozenset({ADMIN}))
    other_group = {Wave.LINKS: [a_link_change("admin", "elsewhere", Action.UNLINK)]}
    assert last_administrators(live, other_group, Outlook()) is None


def test_rule_5_takes_no_member_of_a_group_within_it_for_an_administrator() -> None:
    team, inner = an_id("admins"), an_id("inner")
    links = frozenset({(team, inner), (inner, ADMIN)})
    state = State(
        accounts={},
        groups=frozenset({team, inner}),
        links=links,
        may=links,
        admins={ADMIN: (ADMIN_FORM,)},
        assigned=frozenset({team}),
    )
    assert administrators(state) == frozenset()
    direct = msgspec.structs.replace(state, links=links | {(team, ADMIN)})
    assert administrators(direct) == frozenset({ADMIN})


def test_rule_6_never_has_security_defaults_and_an_enforced_policy_together() -> None:
    policy = a_sleeping_policy()
    on = a_state(policy, has_defaults=True)
    found = refused(on, enabling())
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (6, policy["id"])
    assert found.step.startswith("wave policy_enable, ")
    off = a_change("defaults", type="identitySecurityDefaultsEnforcementPolicy", target={"isEnabled": False})
    assert rule_of(on, {Wave.LOCATIONS: [off], **enabling()}) == 0
    assert rule_of(a_state(policy), enabling()) == 0
    late = {Wave.POLICY_ENABLE: [*enabling()[Wave.POLICY_ENABLE], off]}
    assert rule_of(on, late) == 6, "within a wave nobody promises an order"
