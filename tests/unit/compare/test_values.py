"""Two values are the same when they mean the same, whatever their JSON looks like."""

from __future__ import annotations

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.compare.values import differing, is_annotation, same, stated, unordered
from tests.support.builders import a_group_body, a_policy_body, a_user_body

STRENGTH = {"id": "strength-1", "displayName": "MFA", "allowedCombinations": ["password,sms"]}


def policy_with_users(*names: str) -> dict[str, object]:
    return a_policy_body(conditions={"users": {"includeUsers": list(names)}})


def test_a_collection_without_order_may_come_in_any_order() -> None:
    target = a_group_body(groupTypes=["Unified", "DynamicMembership"])
    current = a_group_body(groupTypes=["DynamicMembership", "Unified"])
    assert differing(GROUP, target, current) == ({}, {})


def test_collections_deep_inside_a_policy_may_come_in_any_order() -> None:
    assert differing(CONDITIONAL_ACCESS_POLICY, policy_with_users("a", "b"), policy_with_users("b", "a")) == ({}, {})


def test_another_member_of_a_collection_is_a_difference() -> None:
    wanted, present = differing(CONDITIONAL_ACCESS_POLICY, policy_with_users("a", "b"), policy_with_users("a"))
    assert set(wanted) == set(present) == {"conditions"}


def test_a_member_that_occurs_twice_is_a_difference() -> None:
    assert not same(["a", "a"], ["a"], is_set=True)


def test_order_counts_where_a_collection_carries_one() -> None:
    assert not same(["a", "b"], ["b", "a"], is_set=False)


def test_annotations_are_no_difference_at_any_depth() -> None:
    target = policy_with_users("a")
    current = {
        **target,
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata",
        "grantControls@odata.nextLink": "https://graph.microsoft.com/",
        "#microsoft.graph.restore": {},
        "conditions": {"users": {"includeUsers": ["a"], "includeUsers@odata.type": "#Collection(String)"}},
    }
    assert differing(CONDITIONAL_ACCESS_POLICY, target, current) == ({}, {})


def test_the_type_annotation_states_what_an_object_is() -> None:
    assert not is_annotation("@odata.type")
    target, current = {"@odata.type": "#microsoft.graph.ipRange"}, {"@odata.type": "#microsoft.graph.iPv6CidrRange"}
    assert not same(target, current, is_set=True)


def test_an_authentication_strength_is_compared_by_its_id() -> None:
    grant = {"operator": "OR", "authenticationStrength": STRENGTH}
    renamed = {"operator": "OR", "authenticationStrength": {**STRENGTH, "displayName": "renamed"}}
    another = {"operator": "OR", "authenticationStrength": {**STRENGTH, "id": "strength-2"}}
    assert same(grant, renamed, is_set=True)
    assert not same(grant, another, is_set=True)


def test_a_write_names_an_authentication_strength_and_carries_no_annotation() -> None:
    value = {"authenticationStrength": STRENGTH, "x@odata.context": "x", "operator": "OR"}
    assert stated([value]) == [{"authenticationStrength": {"id": "strength-1"}, "operator": "OR"}]
    assert stated({"authenticationStrength": None}) == {"authenticationStrength": None}


def test_null_and_absent_are_the_same_property() -> None:
    assert differing(USER, a_user_body(city=None), a_user_body()) == ({}, {})


def test_a_value_against_nothing_is_a_difference_with_null_on_the_other_side() -> None:
    assert differing(USER, a_user_body(), a_user_body(city="Rome")) == ({"city": None}, {"city": "Rome"})
    assert differing(USER, a_user_body(city="Rome"), a_user_body()) == ({"city": "Rome"}, {"city": None})


def test_an_empty_text_is_not_null() -> None:
    assert differing(USER, a_user_body(city=""), a_user_body(city=None)) == ({"city": ""}, {"city": None})


def test_what_graph_computes_is_not_compared() -> None:
    assert differing(USER, a_user_body(proxyAddresses=["a"]), a_user_body(proxyAddresses=["b"])) == ({}, {})


def test_a_property_newer_than_the_catalogue_is_compared() -> None:
    assert differing(USER, a_user_body(newInGraph=[1, 2]), a_user_body(newInGraph=[2, 1])) == ({}, {})
    assert differing(USER, a_user_body(newInGraph=1), a_user_body(newInGraph=2)) == (
        {"newInGraph": 1},
        {"newInGraph": 2},
    )


def test_sorting_collections_of_mixed_values_is_always_possible() -> None:
    mixed = [None, True, 2, "two", {"b": [3, 1]}, ["x"]]
    assert unordered(mixed) == unordered(mixed[::-1])
