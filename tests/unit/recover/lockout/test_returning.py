"""What groups that come back could be to policies, and which of them broke rule 2 by what they came back into."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Json
from shared.domain.exposures import Exposure
from shared.recover.lockout.returning import exposed, harm
from shared.recover.lockout.state import Edge
from shared.recover.lockout.walk import Outlook
from tests.support.builders import a_group_body, an_id
from tests.unit.recover.lockout.worlds import EXCLUDED, NOTHING, ONE, TWO, a_group_change, a_policy, a_state

TEAM, INNER, OTHER = an_id("team"), an_id("inner"), an_id("other")
RESTORES = {Wave.RESTORE: [a_group_change("inner", action=Action.RESTORE)]}


def for_the_team(*controls: str, **users: Any) -> Json:
    """Return an enforced policy for the team that excludes nobody unless told."""
    return a_policy(controls=controls or ("block",), users={"includeGroups": [TEAM], **users})


def exposure(
    policy: Json, waves: dict[Wave, list[Change]] = RESTORES, outlook: Outlook = NOTHING, **members: Any
) -> Exposure | None:
    return exposed(a_state(policy, **members), waves, outlook)


def harmful(found: Exposure | None, edges: set[Edge], *restored: str) -> list[str]:
    assert found is not None
    return sorted(harm(found, edges, restored))


def test_nothing_is_exposed_where_no_restore_could_make_a_policy_reach_one_more_account() -> None:
    """B1."""
    assert exposure(a_policy()) is None
    assert exposure(for_the_team(excludeUsers=[ONE, TWO])) is None
    assert exposure(for_the_team(excludeGroups=[EXCLUDED])) is None
    assert exposure(not_enforced(for_the_team())) is None
    assert exposure(for_the_team(), {Wave.UPDATE: [a_group_change("inner", target={"description": "x"})]}) is None
    assert exposure(for_the_team()) is not None


def not_enforced(policy: Json) -> Json:
    return {**policy, "state": "enabledForReportingButNotEnforced"}


def test_a_group_that_leads_from_an_account_to_a_policy_is_the_one_that_is_named() -> None:
    """B2."""
    found = exposure(for_the_team())
    assert harmful(found, {(INNER, ONE), (TEAM, INNER), (OTHER, TWO)}, INNER, OTHER) == [INNER]
    assert not harmful(found, {(INNER, ONE), (OTHER, INNER)}, INNER, OTHER)
    assert harmful(found, {(TEAM, ONE)}, TEAM, OTHER) == [TEAM]


def test_of_two_that_lead_there_together_only_the_second_is_named() -> None:
    edges = {(INNER, ONE), (OTHER, INNER), (TEAM, OTHER)}
    assert harmful(exposure(for_the_team()), edges, INNER, OTHER) == [OTHER]
    assert harmful(exposure(for_the_team()), edges, OTHER, INNER) == [INNER]


def test_what_was_wrong_before_is_not_the_doing_of_a_group() -> None:
    """B3."""
    found = exposure(for_the_team())
    assert not harmful(found, {(TEAM, ONE), (TEAM, TWO), (INNER, ONE), (TEAM, INNER)}, INNER)
    assert harmful(found, {(TEAM, ONE), (INNER, TWO), (TEAM, INNER)}, INNER) == [INNER]


def test_a_second_factor_may_be_asked_of_one_account_but_not_of_both() -> None:
    found = exposure(for_the_team("mfa"))
    assert not harmful(found, {(INNER, ONE), (TEAM, INNER)}, INNER)
    assert harmful(found, {(INNER, ONE), (INNER, TWO), (TEAM, INNER)}, INNER) == [INNER]


def test_an_exclusion_that_the_plan_takes_away_later_does_not_count() -> None:
    unlinks = [a_group_change("excluded", action=Action.UNLINK, reference="members", other_id=ONE)]
    found = exposure(for_the_team(excludeGroups=[EXCLUDED]), {**RESTORES, Wave.LINKS: unlinks})
    assert harmful(found, {(INNER, ONE), (TEAM, INNER)}, INNER) == [INNER]
    assert not harmful(found, {(INNER, TWO), (TEAM, INNER)}, INNER)


def test_a_group_that_the_snapshot_fills_with_an_account_leads_from_it_before_it_does() -> None:
    outlook = Outlook(settled=frozenset({(INNER, ONE)}))
    assert harmful(exposure(for_the_team(), outlook=outlook), {(TEAM, INNER)}, INNER) == [INNER]
    assert not harmful(exposure(for_the_team()), {(TEAM, INNER)}, INNER)


def test_a_rule_that_is_yet_to_choose_may_choose_an_account() -> None:
    body = a_group_body("inner", groupTypes=["DynamicMembership"])
    found = exposure(for_the_team(), outlook=Outlook(deleted={INNER: body}))
    assert harmful(found, {(TEAM, INNER)}, INNER) == [INNER]


def test_what_is_said_names_the_policy_and_whom_it_reaches() -> None:
    found = exposure(for_the_team())
    assert found is not None
    finding = harm(found, {(INNER, ONE), (TEAM, INNER)}, [INNER])[INNER]
    assert (finding.rule, finding.subject, finding.endangered) == (2, an_id("policy-1"), frozenset({ONE}))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Exposure) == found
