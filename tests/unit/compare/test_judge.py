"""Every row of Microsoft's state table, the row it leaves out, and promises J1 to J3 of shared/compare/judge.py."""

from __future__ import annotations

import itertools

import pytest

from shared.catalogue.application import APPLICATION
from shared.catalogue.grants import OAUTH2_PERMISSION_GRANT
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.policies_and_sets import GROUP_SETTING
from shared.catalogue.roles import ROLE_DEFINITION
from shared.catalogue.tenant_settings import ORGANIZATION
from shared.catalogue.user import USER
from shared.compare.judge import (
    ABSENT,
    BUILT_IN,
    HARD_DELETED,
    NO_BIN,
    ON_PREMISES,
    READ_ONLY,
    Side,
    creatable,
    is_mastered_on_premises,
    judge,
    writable,
)
from shared.domain.changes import Action, Difference, LinkDifference
from tests.support.builders import a_group_body, a_link, a_user_body, an_id

USER_1 = an_id("user-1")
HERE, ELSEWHERE = Side(a_user_body(city="Oslo")), Side(a_user_body(city="Rome"))
IN_BIN = Side(a_user_body(city="Oslo", deletedDateTime="2026-11-20T22:00:00Z"), is_deleted=True)


def judged(target: Side, current: Side, links: tuple[LinkDifference, ...] = ()) -> Difference | None:
    return judge(USER, USER_1, target, current, links)


def row_of(target: Side, current: Side, links: tuple[LinkDifference, ...] = ()) -> Difference:
    row = judged(target, current, links)
    assert row is not None
    return row


def test_absent_then_existing_now_is_to_be_soft_deleted() -> None:
    row = row_of(ABSENT, HERE)
    assert (row.action, row.target, row.current, row.refusal) == (Action.SOFT_DELETE, {}, {}, "")


def test_existing_then_and_different_now_is_set_back() -> None:
    row = row_of(HERE, ELSEWHERE)
    assert (row.action, row.target, row.current) == (Action.UPDATE, {"city": "Oslo"}, {"city": "Rome"})
    assert (row.type, row.object_id, row.display_name, row.refusal) == ("user", USER_1, "user-1", "")


def test_existing_on_both_sides_with_only_a_link_different_is_an_update() -> None:
    row = row_of(HERE, HERE, (a_link(),))
    assert (row.action, row.target, row.links, row.refusal) == (Action.UPDATE, {}, (a_link(),), "")


def test_existing_then_and_soft_deleted_now_is_restored() -> None:
    row = row_of(HERE, IN_BIN)
    assert (row.action, row.target, row.refusal) == (Action.RESTORE, {"deletedDateTime": None}, "")


def test_a_restore_also_says_which_properties_to_set_back_afterwards() -> None:
    row = row_of(HERE, Side(a_user_body(city="Rome"), is_deleted=True))
    assert (row.action, row.target, row.current) == (
        Action.RESTORE,
        {"city": "Oslo", "deletedDateTime": None},
        {"city": "Rome", "deletedDateTime": None},
    )


def test_soft_deleted_then_and_existing_now_is_soft_deleted_again() -> None:
    assert row_of(IN_BIN, HERE).action is Action.SOFT_DELETE


def test_existing_then_and_hard_deleted_now_is_shown_with_the_reason_it_stays_gone() -> None:
    row = row_of(HERE, ABSENT)
    assert (row.action, row.refusal) == (Action.RECREATE, HARD_DELETED)
    assert row.target == HERE.body


def test_equal_on_both_sides_is_not_listed() -> None:
    assert judged(HERE, HERE) is None


def test_absent_then_and_soft_deleted_now_is_not_listed() -> None:
    assert judged(ABSENT, IN_BIN) is None


def test_soft_deleted_on_both_sides_is_not_listed() -> None:
    assert judged(IN_BIN, IN_BIN) is None


def test_soft_deleted_then_and_gone_for_good_now_is_not_listed() -> None:
    assert judged(IN_BIN, ABSENT) is None


def test_absent_on_both_sides_is_not_listed() -> None:
    assert judged(ABSENT, ABSENT) is None


def test_j1_no_pair_of_states_needs_more_than_a_soft_delete() -> None:
    sides = [ABSENT, HERE, ELSEWHERE, IN_BIN]
    rows = [judged(target, current) for target, current in itertools.product(sides, sides)]
    removing = {row.action for row in rows if row is not None} - {Action.UPDATE, Action.RESTORE, Action.RECREATE}
    assert removing == {Action.SOFT_DELETE}


@pytest.mark.parametrize("side", [ABSENT, HERE, IN_BIN])
def test_j2_what_is_the_same_on_both_sides_gives_no_row(side: Side) -> None:
    assert judged(side, side) is None


def test_j2_a_difference_only_in_what_graph_stamps_gives_no_row() -> None:
    stamped = Side(a_user_body(city="Oslo", createdDateTime="2020-01-01T00:00:00Z"))
    assert judged(HERE, stamped) is None


def test_j3_an_object_mastered_on_premises_is_shown_and_refused() -> None:
    synced = Side(a_user_body(city="Rome", onPremisesSyncEnabled=True))
    assert row_of(HERE, synced).refusal == ON_PREMISES
    assert row_of(ABSENT, synced).refusal == ON_PREMISES


def test_j3_an_object_that_is_synced_no_longer_may_be_set_back() -> None:
    then = Side(a_user_body(city="Oslo", onPremisesSyncEnabled=True))
    assert row_of(then, ELSEWHERE).refusal == ""


def test_an_object_whose_authority_was_moved_to_the_cloud_is_not_mastered_on_premises() -> None:
    moved = a_user_body(onPremisesSyncEnabled=True, onPremisesSyncBehavior={"isCloudManaged": True})
    assert not is_mastered_on_premises(moved)
    assert is_mastered_on_premises({**moved, "onPremisesSyncBehavior": {"isCloudManaged": False}})
    assert not is_mastered_on_premises(None)


def test_j3_only_read_only_properties_differing_is_refused_with_their_names() -> None:
    then = Side({"id": USER_1, "displayName": "hq", "compliantNetworkType": "allTenants"})
    now = Side({"id": USER_1, "displayName": "hq", "compliantNetworkType": "none"})
    row = judge(NAMED_LOCATION, USER_1, then, now)
    assert row is not None
    assert row.refusal == f"{READ_ONLY}: compliantNetworkType"


def test_a_property_that_is_fixed_at_creation_is_shown_but_not_written() -> None:
    then, now = Side(a_group_body(isAssignableToRole=True)), Side(a_group_body(isAssignableToRole=False))
    row = judge(GROUP, an_id("group-1"), then, now)
    assert row is not None
    assert row.target == {"isAssignableToRole": True}
    assert row.refusal.startswith(READ_ONLY)
    assert writable(GROUP, row.target) == {}


def test_a_property_newer_than_the_catalogue_is_shown_but_not_written() -> None:
    row = row_of(Side(a_user_body(newInGraph="a")), Side(a_user_body(newInGraph="b")))
    assert row.target == {"newInGraph": "a"}
    assert row.refusal.startswith(READ_ONLY)


def test_null_is_written_only_where_graph_takes_it() -> None:
    assert writable(USER, {"city": None, "displayName": None}) == {"city": None}


def test_links_of_an_object_that_is_restored_are_read_again_later_and_not_listed() -> None:
    assert row_of(HERE, IN_BIN, (a_link(),)).links == ()


GRANT = {"id": "g", "clientId": an_id("c"), "resourceId": an_id("r"), "principalId": None, "scope": "User.Read"}
ROLE = {"id": an_id("role"), "displayName": "Reader", "isBuiltIn": True, "description": "now"}


def test_a_grant_that_is_gone_may_be_made_again_and_says_all_that_takes() -> None:
    row = judge(OAUTH2_PERMISSION_GRANT, "c/r/*", Side(GRANT), ABSENT)
    assert row is not None
    assert (row.action, row.refusal) == (Action.RECREATE, "")
    assert creatable(OAUTH2_PERMISSION_GRANT, row.target) == {
        name: GRANT[name] for name in ("clientId", "resourceId", "scope")
    }


def test_j1_a_grant_newer_than_the_snapshot_may_be_removed_because_it_can_be_made_again() -> None:
    row = judge(OAUTH2_PERMISSION_GRANT, "c/r/*", ABSENT, Side(GRANT))
    assert row is not None
    assert (row.action, row.refusal) == (Action.SOFT_DELETE, "")


def test_j1_a_setting_newer_than_the_snapshot_is_shown_and_never_deleted() -> None:
    row = judge(GROUP_SETTING, "t", ABSENT, Side({"id": "s", "templateId": "t", "values": []}))
    assert row is not None
    assert (row.action, row.refusal) == (Action.SOFT_DELETE, NO_BIN)


def test_a_grant_under_another_id_is_the_same_grant() -> None:
    assert judge(OAUTH2_PERMISSION_GRANT, "c/r/*", Side(GRANT), Side({**GRANT, "id": "other"})) is None


def test_j3_what_is_built_in_is_shown_and_refused() -> None:
    row = judge(ROLE_DEFINITION, an_id("role"), Side({**ROLE, "description": "then"}), Side(ROLE))
    assert row is not None
    assert row.refusal == BUILT_IN


def test_an_organization_that_syncs_with_active_directory_is_not_mastered_there() -> None:
    then, now = ({"id": an_id("o"), "onPremisesSyncEnabled": True, "preferredLanguage": one} for one in ("nl", "en"))
    row = judge(ORGANIZATION, an_id("o"), Side(then), Side(now))
    assert row is not None
    assert row.refusal == ""


def test_a_credential_that_is_new_is_shown_and_cannot_be_taken_back() -> None:
    now = {"id": an_id("a"), "passwordCredentials": [{"keyId": an_id("k")}]}
    row = judge(APPLICATION, an_id("a"), Side({**now, "passwordCredentials": []}), Side(now))
    assert row is not None
    assert row.refusal.startswith(READ_ONLY)
