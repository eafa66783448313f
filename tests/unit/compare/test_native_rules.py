"""Rows of Microsoft's tables of links and of source of authority; those of the state table are in test_judge.py."""

from __future__ import annotations

import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.grants import APP_ROLE_ASSIGNMENT, OAUTH2_PERMISSION_GRANT
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.catalogue.waves import Wave
from shared.compare.judge import ABSENT, ON_PREMISES, Side, judge, writable
from shared.compare.recreation import NEW_ID, recreation
from shared.compare.references import hangs_on_hidden, kept_links
from shared.compare.rows import not_written
from shared.domain.changes import Action, Difference, Json, LinkDifference
from shared.domain.ids import object_key
from shared.domain.jobs import Options
from shared.domain.writes import Answer
from shared.recover.answers import Verdict, verdict
from shared.recover.plan import object_changes
from tests.support.builders import a_difference, a_group_body, a_link, a_user_body, an_id

DYNAMIC = ["DynamicMembership"]
ADMIN_CONSENT: Json = {
    "id": "grant-1",
    "clientId": an_id("app-1"),
    "consentType": "AllPrincipals",
    "principalId": None,
    "resourceId": an_id("graph"),
    "scope": "User.Read",
}
USER_CONSENT: Json = {**ADMIN_CONSENT, "consentType": "Principal", "principalId": an_id("user-1")}
ASSIGNMENT: Json = {
    "id": "assignment-1",
    "appRoleId": an_id("role"),
    "principalId": an_id("group-1"),
    "resourceId": an_id("app-1"),
}
CONSENTS = pytest.mark.parametrize(
    ("entry", "body"),
    [
        pytest.param(OAUTH2_PERMISSION_GRANT, ADMIN_CONSENT, id="a grant an administrator consented to"),
        pytest.param(OAUTH2_PERMISSION_GRANT, USER_CONSENT, id="a grant a user consented to"),
        pytest.param(APP_ROLE_ASSIGNMENT, ASSIGNMENT, id="an app role assignment"),
    ],
)


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


@pytest.mark.parametrize("reference", ["manager", "sponsors"])
def test_the_manager_and_sponsors_which_native_leaves_out_are_recovered_too(reference: str) -> None:
    link = a_link("user-2", reference=reference)
    body = a_user_body()
    row = judge(USER, an_id("user-1"), Side(body), Side(body), kept_links(USER, (link,), body, body))
    assert row is not None
    assert (row.action, row.links, row.refusal) == (Action.UPDATE, (link,), "")
    assert not USER.reference(reference).is_native


@CONSENTS
def test_grants_and_assignments_that_are_gone_are_made_again_those_of_users_too(entry: ObjectType, body: Json) -> None:
    row = judge(entry, "known by what it says", Side(body), ABSENT)
    assert row is not None
    assert (row.action, row.refusal) == (Action.RECREATE, "")
    (change,) = object_changes([row], Options())[Wave.LOCATIONS]
    assert change.target == {name: value for name, value in body.items() if name != "id" and value is not None}


@CONSENTS
@pytest.mark.parametrize("side", [0, 1])
def test_grants_and_assignments_come_and_go_with_the_service_principal_at_their_end(
    entry: ObjectType, body: Json, side: int
) -> None:
    bins: tuple[set[bytes], set[bytes]] = (set(), set())
    bins[side].add(object_key(an_id("app-1")))
    assert hangs_on_hidden(entry, body, None, bins)
    assert not hangs_on_hidden(entry, body, None, (set(), {object_key(an_id("another"))}))


def test_a_grant_with_another_scope_is_set_back() -> None:
    row = judge(OAUTH2_PERMISSION_GRANT, "x", Side(ADMIN_CONSENT), Side({**ADMIN_CONSENT, "scope": "Mail.ReadWrite"}))
    assert row is not None
    assert (row.action, row.target, row.refusal) == (Action.UPDATE, {"scope": "User.Read"}, "")


def test_a_link_to_an_object_that_no_longer_exists_fails_and_is_reported_as_failed() -> None:
    gone = Answer(write_id="w", status=404, code="Request_ResourceNotFound", message="Resource does not exist")
    assert verdict(gone, Action.LINK, links=1) is Verdict.FAILED
    assert verdict(gone, Action.LINK, links=20) is Verdict.SPLIT


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
    secret = a_difference("app-1", type="application", target={"passwordCredentials": [{"keyId": "1"}]})
    assert not_written(secret) == {"passwordCredentials": "nobody can give a secret back"}
