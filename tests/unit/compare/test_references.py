"""Links that something else computes are neither shown nor written."""

from __future__ import annotations

from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.compare.references import kept_links, writable_references
from tests.support.builders import a_group_body, a_link, a_user_body

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


def test_a_user_has_no_references() -> None:
    assert writable_references(USER, a_user_body()) == frozenset()
