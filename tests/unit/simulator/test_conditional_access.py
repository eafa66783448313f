"""Conditional Access policies and named locations."""

from typing import Any

import pytest

from tests.unit.simulator.client import a_client

PLACE = "/identity/conditionalAccess"
POLICY: dict[str, Any] = {
    "displayName": "Require MFA",
    "state": "enabled",
    "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
}
COUNTRY: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.countryNamedLocation",
    "displayName": "Benelux",
    "countriesAndRegions": ["BE", "NL", "LU"],
    "includeUnknownCountriesAndRegions": False,
}


def test_a_policy_is_made_with_every_part_the_service_sends() -> None:
    client = a_client()
    reply = client.post(f"{PLACE}/policies", POLICY)
    assert reply.status == 201
    read = client.get(f"{PLACE}/policies/{reply.body['id']}").body
    assert read["conditions"]["users"]["includeUsers"] == ["All"]
    assert read["conditions"]["users"]["excludeGroups"] == []
    assert read["conditions"]["platforms"] is None
    assert read["sessionControls"] is None
    assert client.get(f"{PLACE}/policies").ids == [reply.body["id"]]


def test_a_change_merges_complex_values_and_replaces_collections() -> None:
    client = a_client()
    policy = client.post(f"{PLACE}/policies", POLICY).body["id"]
    change = {"state": "disabled", "conditions": {"users": {"excludeUsers": ["u1"], "includeUsers": ["u2"]}}}
    assert client.patch(f"{PLACE}/policies/{policy}", change).status == 204
    read = client.get(f"{PLACE}/policies/{policy}").body
    assert read["state"] == "disabled"
    assert read["conditions"]["users"]["includeUsers"] == ["u2"]
    assert read["conditions"]["users"]["excludeUsers"] == ["u1"]
    assert read["conditions"]["applications"]["includeApplications"] == ["All"]
    assert read["modifiedDateTime"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "change", [{"state": "maybe"}, {"colour": "red"}, {"displayName": ""}, {"id": "x"}, {"conditions": "all"}]
)
def test_a_change_the_service_would_refuse_is_refused(change: dict[str, Any]) -> None:
    client = a_client()
    policy = client.post(f"{PLACE}/policies", POLICY).body["id"]
    assert client.patch(f"{PLACE}/policies/{policy}", change).status == 400
    assert client.post(f"{PLACE}/policies", POLICY | change).status == 400


@pytest.mark.parametrize(("kind", "body"), [("policies", POLICY), ("namedLocations", COUNTRY)])
def test_a_deleted_policy_or_location_is_restored_as_it_was(kind: str, body: dict[str, Any]) -> None:
    client = a_client()
    made = client.post(f"{PLACE}/{kind}", body).body["id"]
    before = client.simulator.fingerprint()
    assert client.delete(f"{PLACE}/{kind}/{made}").status == 204
    assert client.get(f"{PLACE}/{kind}/{made}").status == 404
    assert client.get(f"{PLACE}/{kind}").ids == []
    assert client.get(f"{PLACE}/deletedItems/{kind}").ids == [made]
    assert client.get(f"{PLACE}/deletedItems/{kind}/{made}").body["deletedDateTime"] == "2026-01-01T00:00:00Z"
    reply = client.post(f"{PLACE}/deletedItems/{kind}/{made}/restore")
    assert (reply.status, reply.body["id"], reply.body["deletedDateTime"]) == (200, made, None)
    assert client.simulator.fingerprint() == before
    assert client.post(f"{PLACE}/deletedItems/{kind}/{made}/restore").status == 404


def test_a_purged_policy_is_gone_and_counted() -> None:
    client = a_client()
    policy = client.post(f"{PLACE}/policies", POLICY).body["id"]
    client.delete(f"{PLACE}/policies/{policy}")
    assert client.delete(f"{PLACE}/deletedItems/policies/{policy}").status == 204
    assert client.post(f"{PLACE}/deletedItems/policies/{policy}/restore").status == 404
    assert client.sim("GET", "/counters")["hard_deletes"] == 1


def test_locations_carry_their_kind_and_never_change_it() -> None:
    client = a_client()
    made = client.post(f"{PLACE}/namedLocations", COUNTRY).body["id"]
    assert client.get(f"{PLACE}/namedLocations").body["value"][0]["@odata.type"] == COUNTRY["@odata.type"]
    selected = client.get(f"{PLACE}/namedLocations?$select=displayName").body["value"][0]
    assert selected == {"@odata.type": COUNTRY["@odata.type"], "id": made, "displayName": "Benelux"}
    other = {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "X"}
    assert client.patch(f"{PLACE}/namedLocations/{made}", other).status == 400
    same = {"@odata.type": COUNTRY["@odata.type"], "countriesAndRegions": ["BE"]}
    assert client.patch(f"{PLACE}/namedLocations/{made}", same).status == 204
    assert client.get(f"{PLACE}/namedLocations/{made}").body["countriesAndRegions"] == ["BE"]


@pytest.mark.parametrize("kind", [None, "#microsoft.graph.compliantNetworkNamedLocation", "#microsoft.graph.user"])
def test_only_address_and_country_locations_can_be_made(kind: str | None) -> None:
    body = {name: value for name, value in COUNTRY.items() if name != "@odata.type"}
    if kind:
        body["@odata.type"] = kind
    assert a_client().post(f"{PLACE}/namedLocations", body).status == 400


def test_a_policy_keeps_naming_what_is_gone() -> None:
    client = a_client()
    group = client.a_group()
    body = POLICY | {"conditions": POLICY["conditions"] | {"users": {"includeGroups": [group, "never-existed"]}}}
    policy = client.post(f"{PLACE}/policies", body).body["id"]
    client.delete(f"/groups/{group}")
    client.delete(f"/directory/deletedItems/{group}")
    users = client.get(f"{PLACE}/policies/{policy}").body["conditions"]["users"]
    assert users["includeGroups"] == [group, "never-existed"]


def test_filters_and_pages_of_policies_are_not_simulated() -> None:
    client = a_client()
    assert client.get(f"{PLACE}/policies?$filter=state eq 'enabled'").status == 501
    assert client.get(f"{PLACE}/policies?$top=5").status == 501
