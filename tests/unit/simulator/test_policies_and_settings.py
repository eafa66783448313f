"""Policies, settings and singletons: read, changed, made, deleted, by their own small rules."""

from typing import Any

import pytest

from tests.unit.simulator.client import a_client

STRENGTHS = "/policies/authenticationStrengthPolicies"
PARTNERS = "/policies/crossTenantAccessPolicy/partners"
PARTNER = "00000000-0000-4000-8000-00000000000a"
CONDITION = {"permissionType": "delegated", "permissions": ["all"]}
SINGLES: list[tuple[str, dict[str, Any]]] = [
    ("/policies/authenticationMethodsPolicy", {"reconfirmationInDays": 30}),
    ("/policies/authorizationPolicy", {"allowInvitesFrom": "everyone"}),
    ("/policies/identitySecurityDefaultsEnforcementPolicy", {"isEnabled": True}),
    ("/policies/adminConsentRequestPolicy", {"isEnabled": False}),
    ("/policies/crossTenantAccessPolicy", {"displayName": "Ours"}),
    ("/policies/crossTenantAccessPolicy/default", {"inboundTrust": {"isMfaAccepted": True}}),
]
SEVERAL: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/policies/claimsMappingPolicies", {"definition": ["{}"], "displayName": "C"}, {"displayName": "D"}),
    ("/policies/tokenLifetimePolicies", {"definition": ["{}"], "displayName": "C"}, {"definition": ["{1}"]}),
    (STRENGTHS, {"displayName": "Keys", "allowedCombinations": ["fido2"]}, {"displayName": "Only keys"}),
    (
        "/identity/conditionalAccess/authenticationContextClassReferences",
        {"id": "c9", "displayName": "Nine", "isAvailable": True},
        {"isAvailable": False},
    ),
    ("/policies/permissionGrantPolicies", {"id": "ours", "displayName": "Ours"}, {"description": "x"}),
    ("/groupSettings", {"templateId": PARTNER, "values": [{"name": "a", "value": "b"}]}, {"values": []}),
]


@pytest.mark.parametrize(("path", "change"), SINGLES)
def test_a_singleton_is_changed_where_it_is_and_never_deleted(path: str, change: dict[str, Any]) -> None:
    client = a_client()
    before = client.get(path).body
    assert client.patch(path, change).status == 204
    after = client.get(path).body
    name, value = next(iter(change.items()))
    if isinstance(value, dict):
        value = {**before[name], **value}
    assert after == before | {name: value} | {key: after[key] for key in after if key == "lastModifiedDateTime"}
    assert client.delete(path).status in (404, 501)


@pytest.mark.parametrize(("path", "body", "change"), SEVERAL)
def test_a_policy_is_made_changed_and_deleted_for_good(path: str, body: dict[str, Any], change: dict[str, Any]) -> None:
    client = a_client()
    known = set(client.get(path).ids)
    made = client.post(path, body)
    assert made.status == 201, made.body
    place = f"{path}/{made.body['id']}"
    assert client.patch(place, change).status == 204
    assert client.get(place).body.items() >= change.items()
    assert set(client.get(path).ids) == known | {made.body["id"]}
    assert client.delete(place).status == 204
    assert set(client.get(path).ids) == known
    assert client.get(place).status == 404


def test_an_authentication_method_is_found_in_any_case_and_keeps_what_is_not_its_own() -> None:
    client = a_client()
    place = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
    shown = client.get(f"{place}/fido2").body
    assert (shown["id"], shown["@odata.type"]) == ("Fido2", "#microsoft.graph.fido2AuthenticationMethodConfiguration")
    assert client.patch(f"{place}/FIDO2", {"state": "disabled"}).status == 204
    assert client.get(f"{place}/Fido2").body == shown | {"state": "disabled"}
    assert client.patch(f"{place}/Fido2", {"colour": "red"}).status == 400


def test_a_built_in_strength_cannot_be_changed_and_one_in_use_not_deleted() -> None:
    client = a_client()
    built_in = f"{STRENGTHS}/00000000-0000-0000-0000-000000000002"
    assert client.patch(built_in, {"displayName": "x"}).status == 400
    assert client.delete(built_in).status == 400
    body = {"displayName": "Keys", "allowedCombinations": ["fido2"]}
    made = client.post(STRENGTHS, body).body["id"]
    grant = {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": made}}
    policy = {"displayName": "P", "state": "enabled", "conditions": {}, "grantControls": grant}
    named = client.post("/identity/conditionalAccess/policies", policy).body["id"]
    assert client.delete(f"{STRENGTHS}/{made}").status == 400
    wish = {"allowedCombinations": ["fido2", "windowsHelloForBusiness"]}
    told = client.post(f"{STRENGTHS}/{made}/updateAllowedCombinations", wish).body
    assert (told["previousCombinations"], told["currentCombinations"]) == (["fido2"], wish["allowedCombinations"])
    client.delete(f"/identity/conditionalAccess/policies/{named}")
    assert client.delete(f"{STRENGTHS}/{made}").status == 204


def test_a_partner_is_known_by_its_tenant_and_comes_back_from_the_recycle_bin() -> None:
    client = a_client()
    assert client.post(PARTNERS, {"tenantId": PARTNER, "inboundTrust": {"isMfaAccepted": True}}).status == 201
    assert client.post(PARTNERS, {"tenantId": PARTNER}).status == 400
    assert client.post(PARTNERS, {"inboundTrust": {"isMfaAccepted": True}}).status == 400
    before = client.get(f"{PARTNERS}/{PARTNER}").body
    assert "id" not in before
    assert client.delete(f"{PARTNERS}/{PARTNER}").status == 204
    bin_place = "/policies/deletedItems/crossTenantPartners"
    assert client.get(bin_place).status == client.post(f"{bin_place}/{PARTNER}/restore").status == 400
    client.root = "/beta"
    assert [each["tenantId"] for each in client.get(bin_place).body["value"]] == [PARTNER]
    assert client.post(f"{bin_place}/{PARTNER}/restore").status == 200
    client.root = "/v1.0"
    assert client.get(f"{PARTNERS}/{PARTNER}").body == before


@pytest.mark.parametrize(
    ("place", "body", "missing"),
    [
        ("/identity/conditionalAccess/authenticationContextClassReferences", {"displayName": "x"}, "id"),
        ("/policies/permissionGrantPolicies", {"displayName": "x"}, "id"),
        ("/policies/authenticationStrengthPolicies", {"displayName": "x"}, "allowedCombinations"),
        ("/policies/tokenLifetimePolicies", {"displayName": "x"}, "definition"),
        ("/policies/crossTenantAccessPolicy/partners", {}, "tenantId"),
    ],
)
def test_what_a_type_needs_at_its_making_is_named_when_it_is_missing(
    place: str, body: dict[str, str], missing: str
) -> None:
    refused = a_client().post(place, body)
    assert (refused.status, f"'{missing}'" in refused.message) == (400, True)


def test_conditions_of_a_grant_policy_and_values_of_an_attribute_have_paths_of_their_own() -> None:
    client = a_client()
    place = "/policies/permissionGrantPolicies/contoso-partners/includes"
    made = client.post(place, CONDITION).body["id"]
    assert len(client.get(place).ids) == 2
    assert client.patch(f"{place}/{made}", {"permissionClassification": "low"}).status == 204
    assert client.get(f"{place}/{made}").body["permissionClassification"] == "low"
    assert client.delete(f"{place}/{made}").status == 204
    attribute = "/directory/customSecurityAttributeDefinitions/Engineering_Project"
    assert "allowedValues" not in client.get(attribute).body
    assert client.post(f"{attribute}/allowedValues", {"id": "Delta", "isActive": True}).status == 201
    values = client.get(f"{attribute}?$expand=allowedValues").body["allowedValues"]
    assert [each["id"] for each in values] == ["Alpine", "Baker", "Cascade", "Delta"]
    assert client.delete("/policies/permissionGrantPolicies/microsoft-user-default-low").status == 400


def test_a_context_has_one_of_ninety_nine_ids_and_a_setting_one_object_a_template() -> None:
    client = a_client()
    place = "/identity/conditionalAccess/authenticationContextClassReferences"
    assert client.post(place, {"id": "c100", "displayName": "x"}).status == 400
    assert client.post(place, {"id": "c1", "displayName": "x"}).status == 400
    setting = client.get("/groupSettings").body["value"][0]
    again = {"templateId": setting["templateId"], "values": setting["values"]}
    assert client.post("/groupSettings", again).status == 400


def test_token_policies_are_linked_to_the_principals_they_apply_to() -> None:
    client = a_client()
    app = client.post("/applications", {"displayName": "A"}).body
    principal = client.post("/servicePrincipals", {"appId": app["appId"]}).body["id"]
    policy = client.get("/policies/claimsMappingPolicies").body["value"][0]
    place = f"/servicePrincipals/{principal}/claimsMappingPolicies"
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/claimsMappingPolicies/{policy['id']}"}
    assert client.post(f"{place}/$ref", link).status == 204
    assert client.get(place).body["value"] == [policy]
    assert client.delete(f"/policies/claimsMappingPolicies/{policy['id']}").status == 204
    assert client.get(place).body["value"] == []


def test_the_organization_is_one_and_says_its_domains() -> None:
    client = a_client()
    organization = client.get("/organization").body["value"][0]
    assert organization["verifiedDomains"][0]["name"] == "contoso.example"
    place = f"/organization/{organization['id']}"
    assert client.patch(place, {"technicalNotificationMails": ["a@b.example"]}).status == 204
    assert client.patch(place, {"city": "Elsewhere"}).status == 400
    assert client.get(place).body["technicalNotificationMails"] == ["a@b.example"]
