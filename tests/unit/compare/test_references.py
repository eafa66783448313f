"""Links that something else computes are neither shown nor written."""

from __future__ import annotations

import pytest

from shared.catalogue.administrative_unit import ADMINISTRATIVE_UNIT
from shared.catalogue.grants import OAUTH2_PERMISSION_GRANT
from shared.catalogue.group import GROUP
from shared.catalogue.roles import ROLE_ASSIGNMENT
from shared.catalogue.user import USER
from shared.compare.references import hangs_on_hidden, kept_links, writable_references
from shared.domain.ids import object_key
from tests.support.builders import a_group_body, a_link, a_user_body, an_id

STATIC, DYNAMIC = a_group_body(), a_group_body(groupTypes=["Unified", "DynamicMembership"])
SYNCED = a_group_body(onPremisesSyncEnabled=True)
LINKS = (a_link(reference="members"), a_link(reference="owners"))


def test_members_and_owners_of_a_static_group_are_links() -> None:
    assert writable_references(GROUP, STATIC) == {"members", "owners"}
    assert kept_links(GROUP, LINKS, STATIC, STATIC) == LINKS


def test_the_members_of_a_dynamic_group_follow_its_rule_its_owners_are_still_links() -> None:
    assert kept_links(GROUP, LINKS, DYNAMIC, DYNAMIC) == (a_link(reference="owners"),)


def test_a_group_that_is_dynamic_on_one_side_has_no_member_links() -> None:
    assert kept_links(GROUP, LINKS, STATIC, DYNAMIC) == (a_link(reference="owners"),)
    assert kept_links(GROUP, LINKS, DYNAMIC, STATIC) == (a_link(reference="owners"),)


def test_a_group_mastered_on_premises_has_no_links_of_its_own() -> None:
    assert kept_links(GROUP, LINKS, STATIC, SYNCED) == ()


def test_an_absent_side_says_nothing_about_links() -> None:
    assert kept_links(GROUP, LINKS, None, STATIC) == LINKS


def test_a_body_without_group_types_is_of_a_static_group() -> None:
    assert writable_references(GROUP, a_group_body(groupTypes=None)) == {"members", "owners"}


def test_manager_and_sponsors_of_a_user_are_links_unless_active_directory_has_the_user() -> None:
    assert writable_references(USER, a_user_body()) == {"manager", "sponsors"}
    assert writable_references(USER, a_user_body(onPremisesSyncEnabled=True)) == frozenset()


def test_members_of_a_dynamic_administrative_unit_follow_from_its_rule() -> None:
    assert writable_references(ADMINISTRATIVE_UNIT, {"membershipType": "Dynamic"}) == frozenset()
    assert writable_references(ADMINISTRATIVE_UNIT, {"membershipType": None}) == {"members"}


@pytest.mark.parametrize("place", [0, 1])
def test_a_grant_is_hidden_with_either_of_its_ends_on_either_side(place: int) -> None:
    deleted = object_key(an_id("sp-1"))
    hidden = ({deleted}, set[bytes]()) if place == 0 else (set[bytes](), {deleted})
    grant = {"clientId": an_id("sp-2"), "resourceId": an_id("sp-1"), "principalId": None}
    assert hangs_on_hidden(OAUTH2_PERMISSION_GRANT, grant, None, hidden)
    assert hangs_on_hidden(OAUTH2_PERMISSION_GRANT, None, grant, hidden)
    assert not hangs_on_hidden(OAUTH2_PERMISSION_GRANT, {**grant, "resourceId": an_id("sp-3")}, None, hidden)


def test_a_role_over_a_deleted_administrative_unit_is_hidden_with_it() -> None:
    hidden = ({object_key(an_id("unit-1"))}, set[bytes]())
    scope = {"principalId": an_id("user-1"), "directoryScopeId": f"/administrativeUnits/{an_id('unit-1')}"}
    assert hangs_on_hidden(ROLE_ASSIGNMENT, scope, None, hidden)
    assert not hangs_on_hidden(ROLE_ASSIGNMENT, {**scope, "directoryScopeId": "/"}, None, hidden)
