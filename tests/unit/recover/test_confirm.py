"""How a change stands when its object is read again."""

from __future__ import annotations

import pytest

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.domain.changes import Action, Change, Json, Result
from shared.domain.confirmations import Standing
from shared.recover.confirm import confirmation
from shared.recover.decide import Look, outcome
from tests.support.builders import a_change, a_group_body, a_link_change, a_user_body, an_id

CITY = a_change(target={"city": "Oslo"})
LIVE, BINNED, MISSING = Look(a_user_body()), Look(a_user_body(), is_deleted=True), Look(None)
LINKED = Look(a_group_body(), links={"members": frozenset({an_id("u")})})
UNLINKED = Look(a_group_body(), links={"members": frozenset()})


def stands(change: Change, before: Json, look: Look) -> Standing:
    entry = GROUP if change.type == "group" else USER
    found = confirmation(outcome(change, Result.APPLIED, before=before), look, entry)
    return Standing.CONFIRMED if found is None else found.standing


@pytest.mark.parametrize(
    ("change", "before", "look", "standing"),
    [
        (CITY, {"city": "Rome"}, Look(a_user_body(city="Oslo", jobTitle="new")), Standing.CONFIRMED),
        (CITY, {"city": "Rome"}, Look(a_user_body(city="Rome")), Standing.PENDING),
        (CITY, {"city": "Rome"}, Look(a_user_body(city="Paris")), Standing.OVERWRITTEN),
        (CITY, {"city": "Rome"}, BINNED, Standing.OVERWRITTEN),
        (a_change(action=Action.RESTORE), {"isDeleted": True}, LIVE, Standing.CONFIRMED),
        (a_change(action=Action.RESTORE), {"isDeleted": True}, BINNED, Standing.PENDING),
        (a_change(action=Action.SOFT_DELETE), {"isDeleted": False}, BINNED, Standing.CONFIRMED),
        (a_change(action=Action.SOFT_DELETE), {"isDeleted": False}, MISSING, Standing.CONFIRMED),
        (a_change(action=Action.SOFT_DELETE), {"isDeleted": False}, LIVE, Standing.PENDING),
        (a_link_change("u"), {"members": False}, LINKED, Standing.CONFIRMED),
        (a_link_change("u"), {"members": False}, UNLINKED, Standing.PENDING),
        (a_link_change("u"), {"members": True}, UNLINKED, Standing.OVERWRITTEN),
        (a_link_change("u", action=Action.UNLINK), {"members": True}, UNLINKED, Standing.CONFIRMED),
    ],
)
def test_c1_c2_a_second_look_tells_what_is_confirmed_pending_or_somebody_elses(
    change: Change, before: Json, look: Look, standing: Standing
) -> None:
    assert stands(change, before, look) is standing


def test_a_policy_that_a_later_stage_switched_on_confirms_the_stage_before() -> None:
    landed = a_change(type="conditionalAccessPolicy", target={"state": "enabledForReportingButNotEnforced"})
    one = outcome(landed, Result.APPLIED, before={"state": "disabled"})
    assert confirmation(one, Look({"id": landed.object_id, "state": "enabled"}), CONDITIONAL_ACCESS_POLICY) is None
    found = confirmation(one, Look({"id": landed.object_id, "state": "disabled"}), CONDITIONAL_ACCESS_POLICY)
    assert found is not None
    assert found.standing is Standing.PENDING
