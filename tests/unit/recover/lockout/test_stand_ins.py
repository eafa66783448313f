"""The guard never takes the new object for the one that is gone: promise S1, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Json
from shared.recover.lockout.guard import Refusal, refusal
from shared.recover.lockout.stand_ins import as_if_made, standing_in
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.walk import Outlook
from tests.support.builders import a_change, an_id
from tests.unit.recover.lockout.worlds import an_account

ANN, BEN = an_id("ann"), an_id("ben")
GONE = an_id("emergency group")


def a_blocking_policy(*excluded: str, state: str = "enabled") -> Json:
    users = {"includeUsers": ["All"], "excludeGroups": list(excluded)}
    return {
        "id": an_id("policy"),
        "displayName": "block",
        "state": state,
        "conditions": {"users": users, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }


def a_tenant(policy: Json | None = None) -> State:
    return State(
        accounts={ANN: (an_account("ann"),), BEN: (an_account("ben"),)},
        policies={policy["id"]: (policy,)} if policy else {},
    )


def a_group_made_anew() -> Change:
    target = {"displayName": "emergency group", "groupTypes": [], "securityEnabled": True}
    return a_change("emergency group", type="group", action=Action.RECREATE, target=target)


def a_policy_change(**members: Any) -> Change:
    return a_change("policy", type="conditionalAccessPolicy", **members)


def judged(live: State, waves: dict[Wave, list[Change]], members: tuple[str, ...] = (ANN, BEN)) -> Refusal | None:
    """Judge the plan as planning does; the snapshot has `members` in the group that is gone."""
    known = standing_in(change for changes in waves.values() for change in changes)
    settled = frozenset[Edge]((known.ids.get(GONE, GONE), one) for one in members)
    return refusal(live, as_if_made(waves, known.ids), Outlook(settled=settled))


def switched_on(policy: Json) -> dict[Wave, list[Change]]:
    """Return the plan that creates the group anew, and switches the policy on once it names the new group."""
    staged = {**policy, "state": "enabledForReportingButNotEnforced"}
    return {
        Wave.RECREATE: [a_group_made_anew()],
        Wave.POLICY_UPDATE: [a_policy_change(target=staged)],
        Wave.POLICY_ENABLE: [a_policy_change(target=policy)],
    }


def test_a_policy_that_excludes_a_group_made_anew_may_be_switched_on_once_its_members_are_back() -> None:
    policy = a_blocking_policy(GONE)
    live = a_tenant({**policy, "state": "disabled"})
    assert judged(live, switched_on(policy)) is None


@pytest.mark.parametrize("members", [(), (ANN,)])
def test_it_may_not_while_an_emergency_account_is_not_in_the_new_group(members: tuple[str, ...]) -> None:
    policy = a_blocking_policy(GONE)
    live = a_tenant({**policy, "state": "disabled"})
    found = judged(live, switched_on(policy), members)
    assert found is not None
    assert found.finding.rule == 2


def test_s1_a_policy_that_names_the_purged_group_spares_nobody_until_it_is_rewritten() -> None:
    policy = a_blocking_policy(GONE)
    live = a_tenant({**policy, "state": "disabled"})
    # The same plan, but the policy is switched on with the old id in it: the catalogue did not say it holds one.
    waves = switched_on(policy)
    known = standing_in(change for changes in waves.values() for change in changes)
    judged_waves = as_if_made(waves, known.ids)
    judged_waves[Wave.POLICY_UPDATE] = waves[Wave.POLICY_UPDATE]
    judged_waves[Wave.POLICY_ENABLE] = waves[Wave.POLICY_ENABLE]
    settled = frozenset({(known.ids[GONE], ANN), (known.ids[GONE], BEN)})
    found = refusal(live, judged_waves, Outlook(settled=settled))
    assert found is not None
    assert found.finding.rule == 2


def test_an_emergency_account_that_is_created_anew_is_none() -> None:
    live = State(accounts={ANN: (an_account("ann"),), BEN: (None,)}, policies={})
    anew = a_change("ben", action=Action.RECREATE, target=an_account("ben"))
    found = judged(live, {Wave.RECREATE: [anew]})
    assert found is not None
    assert (found.finding.rule, found.finding.subject) == (1, BEN)


def test_a_policy_created_anew_is_judged_like_any_other() -> None:
    policy = a_blocking_policy()
    anew = a_policy_change(action=Action.RECREATE, target={**policy, "state": "enabledForReportingButNotEnforced"})
    waves = {Wave.POLICY_RESTORE: [anew], Wave.POLICY_ENABLE: [a_policy_change(target=policy)]}
    found = judged(a_tenant(), waves)
    assert found is not None
    assert found.finding.rule == 2
    spared = a_blocking_policy(GONE)
    waves = {Wave.RECREATE: [a_group_made_anew()], Wave.POLICY_RESTORE: [anew]}
    waves[Wave.POLICY_ENABLE] = [a_policy_change(target=spared)]
    assert judged(a_tenant(), waves) is None


def test_a_plan_that_creates_nothing_anew_is_judged_as_it_is() -> None:
    waves = {Wave.UPDATE: [a_change("ann")]}
    known = standing_in(waves[Wave.UPDATE])
    assert not known
    assert as_if_made(waves, known.ids) == waves
