"""The directory audit log: every change, who made it, what it was before, after a delay."""

from typing import Any

from simulator.applications import CARELESS_SCRIPT, TIDEMARK
from simulator.switches import Audit, Switches
from simulator.throttle import Limits
from tests.unit.simulator.client import Client, a_client, reference

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
AUDITS = "/auditLogs/directoryAudits"


def records(client: Client, query: str = "") -> list[dict[str, Any]]:
    """Return the log, newest first."""
    return client.every(f"{AUDITS}{query}")


def a_logged(objects: int = 0, delay: float = 0.0) -> Client:
    """Return a client whose audit log shows changes after `delay` seconds, and may be read as often as it likes."""
    limits = Limits(audit_requests_max=1e6, conditional_access_interval_seconds=0.0)
    return a_client(objects=objects, limits=limits, switches=Switches(audit=Audit(delay_seconds=delay)))


def test_a_change_is_told_with_actor_correlation_and_values_before_and_after() -> None:
    client = a_logged()
    user = client.a_user(city="Rome")
    client.ask("PATCH", f"/users/{user}", {"city": "Oslo"}, client_request_id="5e77-mine")
    newest = records(client)[0]
    assert newest["activityDisplayName"] == "Update user"
    assert newest["correlationId"] == "5e77-mine"
    assert newest["initiatedBy"] == {
        "user": None,
        "app": {
            "appId": TIDEMARK.app_id,
            "displayName": "Tidemark",
            "servicePrincipalId": TIDEMARK.object_id,
            "servicePrincipalName": None,
        },
    }
    (target,) = newest["targetResources"]
    assert target["id"] == user
    assert target["modifiedProperties"] == [{"displayName": "city", "oldValue": '"Rome"', "newValue": '"Oslo"'}]


def test_links_deletions_restores_and_purges_have_their_own_activities() -> None:
    client = a_logged()
    user = client.a_user()
    group = client.a_group(members=[user])
    client.delete(f"/groups/{group}/members/{user}/$ref")
    client.delete(f"/users/{user}")
    client.post(f"/directory/deletedItems/{user}/restore")
    client.delete(f"/users/{user}")
    client.delete(f"/directory/deletedItems/{user}")
    told = [each["activityDisplayName"] for each in reversed(records(client))]
    assert told == [
        "Add user",
        "Add group",
        "Add member to group",
        "Remove member from group",
        "Delete user",
        "Restore user",
        "Delete user",
        "Hard Delete user",
    ]


def test_changes_of_other_types_are_told_in_their_own_words_and_category() -> None:
    client = a_logged(objects=60)
    user = client.a_user()
    before = len(records(client))
    made = client.post("/applications", {"displayName": "Shop"}).body
    principal = client.post("/servicePrincipals", {"appId": made["appId"]}).body["id"]
    client.post(f"/applications/{made['id']}/owners/$ref", {"@odata.id": reference(user)})
    app_role = {"principalId": user, "resourceId": principal, "appRoleId": "00000000-0000-0000-0000-000000000000"}
    held = client.post(f"/users/{user}/appRoleAssignments", app_role).body["id"]
    client.delete(f"/users/{user}/appRoleAssignments/{held}")
    ends = {"clientId": principal, "resourceId": principal, "consentType": "AllPrincipals", "scope": "User.Read"}
    client.post("/oauth2PermissionGrants", ends)
    wish = {"principalId": user, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    role = client.post("/roleManagement/directory/roleAssignments", wish).body["id"]
    client.delete(f"/roleManagement/directory/roleAssignments/{role}")
    policy = client.get("/identity/conditionalAccess/policies").ids[0]
    client.patch(f"/identity/conditionalAccess/policies/{policy}", {"displayName": "x"})
    client.patch("/policies/authorizationPolicy", {"displayName": "x"})
    client.delete(f"/policies/tokenLifetimePolicies/{client.get('/policies/tokenLifetimePolicies').ids[0]}")
    told = [(each["category"], each["activityDisplayName"]) for each in reversed(records(client))][before:]
    assert told == [
        ("ApplicationManagement", "Add application"),
        ("ApplicationManagement", "Add service principal"),
        ("ApplicationManagement", "Add owner to application"),
        ("UserManagement", "Add app role assignment grant to user"),
        ("UserManagement", "Remove app role assignment from user"),
        ("ApplicationManagement", "Add delegated permission grant"),
        ("RoleManagement", "Add member to role"),
        ("RoleManagement", "Remove member from role"),
        ("Policy", "Update conditional access policy"),
        ("AuthorizationPolicy", "Update authorization policy"),
        ("Policy", "Delete token lifetime policy"),
    ]


def test_what_a_signed_in_user_does_is_told_of_the_user_and_what_is_gone_keeps_its_name() -> None:
    client = a_logged()
    boss = client.a_user(displayName="Boss")
    user = client.a_user(displayName="Gone for good")
    signed = {"app": TIDEMARK.app_id, "scopes": ["User.ReadWrite.All", "User.DeleteRestore.All"], "user": boss}
    token = client.sim("POST", "/tokens", signed)["access_token"]
    bearer = f"Bearer {token}"
    assert client.ask("DELETE", f"/users/{user}", Authorization=bearer).status == 204
    newest = records(client)[0]
    assert newest["initiatedBy"]["app"] is None
    assert newest["initiatedBy"]["user"]["id"] == boss
    assert newest["initiatedBy"]["user"]["displayName"] == "Boss"
    client.delete(f"/directory/deletedItems/{user}")
    (target,) = records(client)[0]["targetResources"]
    assert (target["displayName"], target["type"]) == ("Gone for good", "User")
    assert records(client)[0]["initiatedBy"]["user"] is None


def test_an_application_with_a_service_principal_here_is_told_by_it() -> None:
    client = a_logged()
    principal = client.post("/servicePrincipals", {"appId": TIDEMARK.app_id}).body["id"]
    client.a_user()
    assert records(client)[0]["initiatedBy"]["app"]["servicePrincipalId"] == principal


def test_a_change_shows_after_the_delay_of_the_log() -> None:
    client = a_logged(delay=120.0)
    client.a_user()
    assert records(client) == []
    client.clock.seconds += 121.0
    assert len(records(client)) == 1


def test_the_log_is_filtered_by_time_actor_and_target_and_comes_in_pages() -> None:
    client = a_logged()
    users = [client.a_user() for _ in range(6)]
    client.clock.seconds += 60.0
    client.app = CARELESS_SCRIPT
    client.patch(f"/users/{users[0]}", {"city": "Lima"})
    late = "2026-01-01T00:00:30Z"
    assert len(records(client, f"?$filter=activityDateTime ge {late}")) == 1
    assert len(records(client, f"?$filter=activityDateTime le {late}&$top=4")) == 6
    mine = f"initiatedBy/app/appId eq '{CARELESS_SCRIPT.app_id}'"
    assert [each["activityDisplayName"] for each in records(client, f"?$filter={mine}")] == ["Update user"]
    about = f"targetResources/any(t:t/id eq '{users[0]}')"
    assert len(records(client, f"?$filter={about}&$top=1")) == 2


def test_new_records_do_not_shift_the_pages_being_read() -> None:
    client = a_logged()
    users = [client.a_user() for _ in range(5)]
    first = client.get(f"{AUDITS}?$top=2")
    client.patch(f"/users/{users[0]}", {"city": "Lima"})
    rest = client.every(first.body["@odata.nextLink"])
    assert [each["targetResources"][0]["id"] for each in first.body["value"] + rest] == users[::-1]


def test_one_record_is_read_by_its_id_and_an_incident_is_told_under_its_own_name() -> None:
    client = a_logged(objects=200)
    client.sim("POST", "/incidents/careless-script", {"seed": 1, "scale": 0.5})
    newest = records(client)[0]
    assert client.get(f"{AUDITS}/{newest['id']}").body["correlationId"] == newest["correlationId"]
    assert {each["initiatedBy"]["app"]["displayName"] for each in records(client)} == {"Careless script"}
    assert len(records(client)) >= len(client.sim("GET", "/writes"))


def test_the_log_has_a_quota_of_its_own() -> None:
    client = a_client(objects=3)
    statuses = [client.get(AUDITS).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert client.get("/users").status == 200
    client.clock.seconds += float(client.get(AUDITS).headers["Retry-After"])
    assert client.get(AUDITS).status == 200


def test_switched_off_it_is_refused_by_name() -> None:
    client = a_client(switches=Switches(audit=Audit(is_on=False)))
    assert client.get(AUDITS).status == 501
