"""Rows of Microsoft's tables of links and of source of authority; those of the state table are in test_judge.py."""

from __future__ import annotations

import pytest

from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.compare.judge import ABSENT, ON_PREMISES, Side, judge, writable
from shared.compare.recreation import NEW_ID, recreation
from shared.compare.references import kept_links
from shared.compare.rows import not_written
from shared.domain.changes import Action, Difference, Json, LinkDifference
from tests.support.builders import a_difference, a_group_body, a_link, a_user_body, an_id

DYNAMIC = ["DynamicMembership"]


def group_row(then: Json, now: Json, *links: LinkDifference) -> Difference | None:
    return judge(GROUP, an_id("group-1"), Side(then), Side(now), kept_links(GROUP, links, then, now))


def user_row(then: Json, now: Json) -> Difference:
    row = judge(USER, an_id("user-1"), Side(then), Side(now))
    assert row is not None
    return row


def test_static_group_membership_is_recovered() -> None:
    row = group_row(a_group_body(), a_group_body(), a_link())
    assert row is not None
    assert (row.action, row.links, row.refusal) == (Action.UPDATE, (a_link(),), "")


def test_group_owners_which_native_leaves_out_are_recovered_too() -> None:
    owner = a_link(reference="owners")
    row = group_row(a_group_body(), a_group_body(), owner)
    assert row is not None
    assert row.links == (owner,)
    assert not GROUP.reference("owners").is_native


def test_dynamic_membership_is_not_compared_as_links() -> None:
    assert group_row(a_group_body(groupTypes=DYNAMIC), a_group_body(groupTypes=DYNAMIC), a_link()) is None


def test_a_group_that_became_dynamic_shows_its_kind_and_no_links() -> None:
    row = group_row(a_group_body(), a_group_body(groupTypes=DYNAMIC), a_link())
    assert row is not None
    assert (row.target, row.links) == ({"groupTypes": []}, ())


@pytest.mark.parametrize("then_deleted", [True, False])
def test_a_dynamic_group_itself_is_restored_or_soft_deleted(then_deleted: bool) -> None:
    body = a_group_body(groupTypes=DYNAMIC)
    sides = (Side(body, is_deleted=then_deleted), Side(body, is_deleted=not then_deleted))
    row = judge(GROUP, an_id("group-1"), *sides)
    assert row is not None
    assert row.action is (Action.SOFT_DELETE if then_deleted else Action.RESTORE)
    assert row.refusal == ""


def test_the_membership_of_an_on_premises_group_is_not_even_shown() -> None:
    synced = a_group_body(onPremisesSyncEnabled=True)
    assert group_row(synced, synced, a_link()) is None


def test_an_object_mastered_on_premises_shows_its_properties_and_is_skipped() -> None:
    row = user_row(
        a_user_body(city="Oslo", onPremisesSyncEnabled=True), a_user_body(city="Rome", onPremisesSyncEnabled=True)
    )
    assert (row.target, row.refusal) == ({"city": "Oslo"}, ON_PREMISES)


def test_an_object_whose_authority_was_moved_to_the_cloud_is_recovered_in_full() -> None:
    moved: Json = {"onPremisesSyncEnabled": True, "onPremisesSyncBehavior": {"isCloudManaged": True}}
    row = group_row(a_group_body(**moved), a_group_body(description="harmed", **moved), a_link())
    assert row is not None
    assert (row.target, row.links, row.refusal) == ({"description": None}, (a_link(),), "")


def test_authority_moved_after_the_snapshot_is_shown_other_properties_go_back_and_authority_does_not() -> None:
    then = a_user_body(city="Oslo", onPremisesSyncEnabled=True, onPremisesSyncBehavior={"isCloudManaged": False})
    now = a_user_body(city="Rome", onPremisesSyncEnabled=True, onPremisesSyncBehavior={"isCloudManaged": True})
    row = user_row(then, now)
    assert row.target["city"] == "Oslo"
    assert row.target["onPremisesSyncBehavior"] == {"isCloudManaged": False}
    assert row.refusal == ""
    assert writable(USER, row.target) == {"city": "Oslo"}
    assert list(not_written(row)) == ["onPremisesSyncBehavior"]


def test_a_hard_deleted_object_says_what_re_creation_would_need() -> None:
    body = a_user_body(city="Oslo", jobTitle=None, createdDateTime="2020-01-01T00:00:00Z", newInGraph="x")
    row = judge(USER, an_id("user-1"), Side(body), ABSENT)
    assert row is not None
    needed = recreation(USER, row.target)
    assert needed.properties == ("accountEnabled", "city", "displayName")
    assert needed.lost == ("createdDateTime", "id", "newInGraph")
    assert NEW_ID in needed.needs
    assert any("password" in need for need in needed.needs)


def test_every_property_that_is_not_written_has_its_own_reason() -> None:
    row = a_difference(
        "group-1", type="group", target={"displayName": None, "isAssignableToRole": True, "mail": "a@b", "x": 1}
    )
    assert not_written(row) == {
        "displayName": "Graph does not let it be cleared",
        "isAssignableToRole": "Graph takes it only when the object is created",
        "mail": "Graph computes it",
        "x": "this version of Tidemark does not know it",
    }
    assert not_written(a_difference(action=Action.SOFT_DELETE, target={"x": 1})) == {}
