"""Applications and service principals: secrets, roles, mirroring, and what hangs on them when they go."""

from typing import Any

from tests.unit.simulator.client import Client, a_client, reference

BIN = "/directory/deletedItems"
ROLE = "11111111-0000-4000-8000-000000000001"


def an_application(client: Client, **properties: Any) -> dict[str, Any]:
    reply = client.post("/applications", {"displayName": "Payroll"} | properties)
    assert reply.status == 201, reply.body
    return dict(reply.body)


def a_principal(client: Client, application: dict[str, Any]) -> str:
    reply = client.post("/servicePrincipals", {"appId": application["appId"]})
    assert reply.status == 201, reply.body
    return str(reply.body["id"])


def a_role(**properties: Any) -> dict[str, Any]:
    shown = {"displayName": "Reader", "description": "Reads", "value": "Reader", "allowedMemberTypes": ["User"]}
    return {"id": ROLE, "isEnabled": True} | shown | properties


def assign(client: Client, principal: str, resource: str, role: str = ROLE) -> Any:
    body = {"principalId": principal, "resourceId": resource, "appRoleId": role}
    return client.post(f"/servicePrincipals/{resource}/appRoleAssignedTo", body)


def test_a_secret_is_told_once_and_never_kept() -> None:
    client = a_client()
    made = an_application(client)
    place = f"/applications/{made['id']}"
    told = client.post(f"{place}/addPassword", {"passwordCredential": {"displayName": "deploy"}})
    assert (told.status, told.body["displayName"]) == (200, "deploy")
    kept = client.get(place).body["passwordCredentials"]
    assert [each["keyId"] for each in kept] == [told.body["keyId"]]
    assert "secretText" not in kept[0]
    assert told.body["secretText"] not in str(client.directory.stores["application"].live)
    assert client.patch(place, {"passwordCredentials": [{"displayName": "own", "keyId": ROLE}]}).status == 400
    assert client.post(f"{place}/removePassword", {"keyId": kept[0]["keyId"]}).status == 204
    assert client.get(place).body["passwordCredentials"] == []


def test_a_certificate_is_kept_without_its_bytes() -> None:
    client = a_client()
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "QUJD", "keyId": ROLE, "displayName": "CN=x"}
    made = an_application(client, keyCredentials=[key])
    kept = client.get(f"/applications/{made['id']}").body["keyCredentials"]
    assert (kept[0]["keyId"], "key" in kept[0]) == (ROLE, False)


def test_an_enabled_app_role_is_disabled_before_it_goes() -> None:
    client = a_client()
    made = an_application(client, appRoles=[a_role()])
    place = f"/applications/{made['id']}"
    for wish in ([], [a_role(value="Other")], [a_role(value="Other", isEnabled=False)]):
        refused = client.patch(place, {"appRoles": wish})
        assert (refused.status, refused.code) == (400, "CannotDeleteOrUpdateEnabledEntitlement")
    assert client.patch(place, {"appRoles": [a_role(isEnabled=False)]}).status == 204
    assert client.patch(place, {"appRoles": []}).status == 204


def test_an_enabled_scope_is_disabled_before_it_goes() -> None:
    client = a_client()
    scope = {"id": ROLE, "isEnabled": True, "value": "read", "type": "User"}
    made = an_application(client, api={"oauth2PermissionScopes": [scope]})
    place = f"/applications/{made['id']}"
    assert client.patch(place, {"api": {"oauth2PermissionScopes": []}}).code == "CannotDeleteOrUpdateEnabledEntitlement"
    assert client.patch(place, {"api": {"acceptMappedClaims": True}}).status == 204
    assert client.get(place).body["api"]["oauth2PermissionScopes"] == [scope]


def test_a_service_principal_shows_what_its_application_says() -> None:
    client = a_client()
    made = an_application(client, appRoles=[a_role()])
    principal = a_principal(client, made)
    client.patch(f"/applications/{made['id']}", {"web": {"redirectUris": ["https://app.example/in"]}})
    shown = client.get(f"/servicePrincipals(appId='{made['appId']}')").body
    assert (shown["id"], shown["replyUrls"]) == (principal, ["https://app.example/in"])
    assert shown["appRoles"] == [a_role()]
    assert client.post("/servicePrincipals", {"appId": made["appId"]}).status == 400
    assert client.post("/servicePrincipals", {"appId": ROLE}).code == "NoBackingApplicationObject"


def test_a_restored_application_comes_back_without_its_service_principal() -> None:
    client = a_client()
    made = an_application(client)
    principal = a_principal(client, made)
    before = client.simulator.fingerprint()
    assert client.delete(f"/applications/{made['id']}").status == 204
    assert client.get(f"/servicePrincipals/{principal}").status == 404
    assert client.post(f"{BIN}/{made['id']}/restore").body["@odata.type"] == "#microsoft.graph.application"
    assert client.get(f"/servicePrincipals/{principal}").status == 404
    assert client.get(f"{BIN}/microsoft.graph.servicePrincipal").ids == [principal]
    assert client.post(f"{BIN}/{principal}/restore").status == 200
    assert client.simulator.fingerprint() == before


def test_assignments_are_read_from_both_ends_and_need_a_role_that_is_there() -> None:
    client = a_client()
    resource = a_principal(client, an_application(client, appRoles=[a_role()]))
    user = client.a_user()
    assert assign(client, user, resource, role="22222222-0000-4000-8000-000000000002").status == 400
    made = assign(client, user, resource)
    assert (made.status, made.body["principalType"]) == (201, "User")
    assert assign(client, user, resource).status == 400
    assert client.get(f"/users/{user}/appRoleAssignments").ids == [made.body["id"]]
    assert client.get(f"/servicePrincipals/{resource}/appRoleAssignedTo").ids == [made.body["id"]]
    assert client.get(f"/servicePrincipals/{resource}/appRoleAssignments").ids == []
    assert client.delete(f"/users/{user}/appRoleAssignments/{made.body['id']}").status == 204
    assert client.get(f"/users/{user}/appRoleAssignments").ids == []


def test_grants_and_assignments_hide_with_their_principal_and_go_with_it() -> None:
    client = a_client()
    resource = a_principal(client, an_application(client, appRoles=[a_role()]))
    caller = a_principal(client, an_application(client))
    user = client.a_user()
    assign(client, user, resource)
    grant = {"clientId": caller, "resourceId": resource, "consentType": "Principal", "principalId": user, "scope": "a"}
    made = client.post("/oauth2PermissionGrants", grant)
    assert made.status == 201, made.body
    assert client.post("/oauth2PermissionGrants", grant).status == 400
    before = client.simulator.fingerprint()
    client.delete(f"/users/{user}")
    assert client.get("/oauth2PermissionGrants").ids == []
    assert client.get(f"/oauth2PermissionGrants/{made.body['id']}").status == 404
    assert client.get(f"/servicePrincipals/{resource}/appRoleAssignedTo").ids == []
    client.post(f"{BIN}/{user}/restore")
    assert client.simulator.fingerprint() == before
    client.delete(f"/servicePrincipals/{resource}")
    client.delete(f"{BIN}/{resource}")
    for name in ("oAuth2PermissionGrant", "appRoleAssignment"):
        assert not client.directory.stores[name].live


def test_delta_of_grants_tells_what_went_with_a_principal() -> None:
    client = a_client()
    resource, caller = (a_principal(client, an_application(client)) for _ in range(2))
    link = client.get("/oauth2PermissionGrants/delta?$deltatoken=latest").body["@odata.deltaLink"]
    grant = {"clientId": caller, "resourceId": resource, "consentType": "AllPrincipals", "scope": "a"}
    made = client.post("/oauth2PermissionGrants", grant).body["id"]
    page = client.get(link).body
    assert [(each["id"], each["scope"]) for each in page["value"]] == [(made, "a")]
    client.delete(f"/servicePrincipals/{caller}")
    page = client.get(page["@odata.deltaLink"]).body
    assert page["value"] == [{"id": made, "@removed": {"reason": "deleted"}}]


def test_owners_of_an_application_are_followed_by_delta() -> None:
    client = a_client()
    made, user = an_application(client), client.a_user()
    link = client.get("/applications/delta?$select=displayName,owners&$deltatoken=latest").body["@odata.deltaLink"]
    assert client.post(f"/applications/{made['id']}/owners/$ref", {"@odata.id": reference(user)}).status == 204
    item = client.get(link).body["value"][0]
    assert (item["id"], item["owners@delta"][0]["id"]) == (made["id"], user)


def test_federated_credentials_belong_to_one_application_and_have_names_of_their_own() -> None:
    client = a_client()
    made, other = an_application(client), an_application(client)
    body = {"name": "main", "issuer": "https://issuer.example", "subject": "s", "audiences": ["api://x"]}
    place = f"/applications/{made['id']}/federatedIdentityCredentials"
    credential = client.post(place, body).body["id"]
    assert client.post(place, body).status == 400
    assert client.post(f"/applications/{other['id']}/federatedIdentityCredentials", body).status == 201
    assert client.patch(f"{place}/{credential}", {"subject": "t"}).status == 204
    assert client.get(place).body["value"][0]["subject"] == "t"
    assert client.get(f"/applications/{other['id']}/federatedIdentityCredentials/{credential}").status == 404
    client.delete(f"/applications/{made['id']}")
    client.delete(f"{BIN}/{made['id']}")
    assert credential not in client.directory.stores["federatedIdentityCredential"].live


def test_an_object_is_made_once_by_its_alternate_key() -> None:
    client = a_client()
    body = {"displayName": "Once"}
    assert client.patch("/applications(uniqueName='once')", body).status == 404
    first = client.ask("PATCH", "/applications(uniqueName='once')", body, prefer="create-if-missing")
    again = client.ask("PATCH", "/applications(uniqueName='once')", body, prefer="create-if-missing")
    assert (first.status, again.status, first.body["uniqueName"]) == (201, 204, "once")
    group = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    made = client.ask("PATCH", "/groups(uniqueName='team')", group, prefer="create-if-missing")
    assert (made.status, client.get("/groups(uniqueName='TEAM')").body["id"]) == (201, made.body["id"])
    renamed = client.ask("PATCH", "/groups(uniqueName='team')", {"displayName": "H"}, prefer="create-if-missing")
    assert (renamed.status, client.get("/groups(uniqueName='team')").body["displayName"]) == (204, "H")
    principal = f"/servicePrincipals(appId='{first.body['appId']}')"
    assert client.ask("PATCH", principal, {"notes": "n"}, prefer="create-if-missing").status == 201
    assert client.get(principal).body["notes"] == "n"


def test_an_agent_is_made_of_a_blueprint_with_a_principal() -> None:
    client = a_client()
    blueprint = client.post("/applications/microsoft.graph.agentIdentityBlueprint", {"displayName": "Desk"}).body
    assert blueprint["@odata.type"] == "#microsoft.graph.agentIdentityBlueprint"
    body = {"displayName": "Desk agent", "agentIdentityBlueprintId": blueprint["appId"]}
    place = "/servicePrincipals/microsoft.graph.agentIdentity"
    assert client.post(place, body).status == 400
    principal = a_principal(client, blueprint)
    agent = client.post(place, body)
    assert (agent.status, agent.body["@odata.type"]) == (201, "#microsoft.graph.agentIdentity")
    assert client.get(place).ids == [agent.body["id"]]
    assert {each["id"] for each in client.every("/servicePrincipals")} == {principal, agent.body["id"]}
    user = {"accountEnabled": True, "displayName": "D", "mailNickname": "d", "userPrincipalName": "d@contoso.example"}
    wish = user | {"@odata.type": "#microsoft.graph.agentUser", "identityParentId": agent.body["id"]}
    made = client.post("/users", wish)
    assert (made.status, made.body["@odata.type"]) == (201, "#microsoft.graph.agentUser")
    assert client.post("/users", wish | {"identityParentId": principal}).status == 400
