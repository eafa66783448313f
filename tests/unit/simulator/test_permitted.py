"""Permissions by path and method, from the published lists; and what they do not open of administrators."""

import dataclasses

import pytest

from simulator.applications import AUDITOR, BYSTANDER, GRAPH, TIDEMARK, Application
from simulator.permitted.derive import table
from simulator.protection import PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR
from simulator.switches import Administrators, Switches
from tests.unit.simulator.client import Client, a_client, reference

DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


def holding(*roles: str) -> Application:
    """Return an application with these permissions alone."""
    return dataclasses.replace(BYSTANDER, roles={GRAPH: roles})


@pytest.mark.parametrize(
    ("role", "path", "allowed"),
    [
        ("User.Read.All", "/users", True),
        ("User.Read.All", "/groups", False),
        ("Group.Read.All", "/groups", True),
        ("Group.Read.All", "/users", False),
        ("GroupMember.Read.All", "/groups/{group}/members", True),
        ("User.Read.All", "/groups/{group}/members", False),
        ("Policy.Read.All", "/identity/conditionalAccess/policies", True),
        ("Directory.Read.All", "/identity/conditionalAccess/policies", False),
        ("AuditLog.Read.All", "/auditLogs/directoryAudits", True),
        ("User.Read.All", "/auditLogs/directoryAudits", False),
        ("EntraBackup.Read.All", "/directory/recovery/snapshots", True),
        ("Directory.Read.All", "/directory/recovery/snapshots", False),
    ],
)
def test_a_permission_opens_the_paths_its_list_names(role: str, path: str, allowed: bool) -> None:
    client = a_client(objects=60)
    group = client.get("/groups?$select=id").ids[0]
    client.app = holding(role)
    client._tokens.clear()
    reply = client.get(path.replace("{group}", group))
    assert reply.status == (200 if allowed else 403)
    if not allowed:
        assert (reply.code, reply.message) == (
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )


@pytest.mark.parametrize(
    ("role", "method", "status"),
    [
        ("User.ReadWrite.All", "PATCH", 204),
        ("User.Read.All", "PATCH", 403),
        ("Directory.Read.All", "DELETE", 403),
        ("User.DeleteRestore.All", "DELETE", 204),
        ("User.DeleteRestore.All", "PATCH", 403),
    ],
)
def test_a_permission_to_read_opens_no_write(role: str, method: str, status: int) -> None:
    client = a_client()
    user = client.a_user()
    client.app = holding(role)
    client._tokens.clear()
    body = {"city": "Rome"} if method == "PATCH" else None
    assert client.ask(method, f"/users/{user}", body).status == status


def test_the_readers_of_policies_cannot_write_them_although_the_lists_name_both() -> None:
    client = a_client(objects=60, app=AUDITOR)
    policy = client.get("/identity/conditionalAccess/policies").ids[0]
    assert client.delete(f"/identity/conditionalAccess/policies/{policy}").status == 403


def test_the_table_keeps_names_once_and_leaves_other_parts_of_graph_out() -> None:
    published = {
        "source": {"repo": "r"},
        "paths": {
            "/users": {"GET": {"least": ["User.Read.All"], "other": ["DeviceManagementApps.Read.All"]}},
            "/users/{}": {"GET": {"least": ["User.Read.All"]}},
            "/me/messages": {"GET": {"least": ["Mail.Read"]}},
        },
    }
    made = table(published)
    assert made["names"] == ["User.Read.All"]
    assert made["paths"] == {"/users": {"GET": [0]}, "/users/{}": {"GET": [0]}}


def an_administrator(client: Client) -> str:
    """Make a user that is in a group roles may be assigned to; return its id."""
    user = client.a_user()
    client.a_group(members=[user], isAssignableToRole=True)
    return user


def test_sensitive_properties_of_an_administrator_need_a_directory_role() -> None:
    client = a_client(switches=Switches(administrators=Administrators(is_on=True)))
    boss, other = an_administrator(client), client.a_user()
    for path, body in ((f"/users/{boss}", {"accountEnabled": False}), (f"/users/{boss}", {"mobilePhone": "1"})):
        assert client.patch(path, body).status == 403
    name = client.get(f"/users/{boss}").body["userPrincipalName"]
    assert client.patch(f"/users/{name.upper()}", {"accountEnabled": False}).status == 403
    assert client.delete(f"/users/{boss}").status == 403
    assert client.patch(f"/users/{boss}", {"city": "Rome"}).status == 204
    assert client.patch(f"/users/{other}", {"accountEnabled": False}).status == 204
    assert client.sim("GET", "/counters")["behaviours"]["protected"] == 4


def test_an_application_with_the_directory_role_may_and_without_the_switch_everybody_may() -> None:
    privileged = Administrators(is_on=True, privileged_apps=[TIDEMARK.app_id])
    for switches in (Switches(administrators=privileged), Switches()):
        client = a_client(switches=switches)
        assert client.patch(f"/users/{an_administrator(client)}", {"accountEnabled": False}).status == 204


def test_a_group_roles_may_be_assigned_to_needs_the_permission_over_roles_as_well() -> None:
    client = a_client()
    user, other = client.a_user(), client.a_user()
    group, plain = client.a_group(isAssignableToRole=True), client.a_group()
    body = {"displayName": "R", "mailEnabled": False, "mailNickname": "r", "securityEnabled": True}
    writer = dataclasses.replace(
        BYSTANDER, roles={GRAPH: ("Group.ReadWrite.All", "GroupMember.ReadWrite.All", "User.ReadWrite.All")}
    )
    limited = Client(client.simulator, client.clock, writer)
    for who, status in ((limited, 403), (client, 204)):
        member = {"@odata.id": reference(user if who is limited else other)}
        assert who.post(f"/groups/{group}/members/$ref", member).status == status
        assert who.patch(f"/groups/{group}", {"description": "x"}).status == status
        assert who.patch(f"/groups/{plain}", {"description": "x"}).status == 204
        assert who.post("/groups", {**body, "isAssignableToRole": True}).status == (403 if status == 403 else 201)
        assert who.post("/groups", {**body, "displayName": "P"}).status == 201
        assert who.delete(f"/groups/{group}").status == status
    assert limited.post(f"/directory/deletedItems/{group}/restore").status == 403
    assert client.sim("GET", "/counters")["behaviours"]["role-assignable group"] == 5


@pytest.mark.parametrize(
    ("held", "by_administrator", "is_allowed"),
    [
        (USER_ADMINISTRATOR, DIRECTORY_READERS, True),
        (USER_ADMINISTRATOR, GLOBAL_READER, False),
        (PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, GLOBAL_READER, True),
        (GLOBAL_READER, DIRECTORY_READERS, False),
    ],
)
def test_what_counts_is_the_role_that_the_applications_principal_holds(
    held: str, by_administrator: str, is_allowed: bool
) -> None:
    client = a_client(switches=Switches(administrators=Administrators(is_on=True)))
    boss = client.a_user()
    principal = client.post("/servicePrincipals", {"appId": TIDEMARK.app_id}).body["id"]
    place = "/roleManagement/directory/roleAssignments"
    assigned = {"principalId": boss, "roleDefinitionId": by_administrator, "directoryScopeId": "/"}
    assert client.post(place, assigned).status == 201
    assert client.patch(f"/users/{boss}", {"mobilePhone": "1"}).status == 403
    made = client.post(place, {**assigned, "principalId": principal, "roleDefinitionId": held})
    assert made.status == 201
    assert client.patch(f"/users/{boss}", {"mobilePhone": "2"}).status == (204 if is_allowed else 403)
    assert client.patch(f"/users/{an_administrator(client)}", {"mobilePhone": "2"}).status == (
        204 if held == PRIVILEGED_AUTHENTICATION_ADMINISTRATOR else 403
    )
    client.delete(f"{place}/{made.body['id']}")
    assert client.patch(f"/users/{boss}", {"mobilePhone": "3"}).status == 403


def test_a_deleted_administrator_is_not_restored_without_the_role() -> None:
    client = a_client()
    boss = an_administrator(client)
    client.delete(f"/users/{boss}")
    client.sim("POST", "/switches", {"administrators": {"is_on": True}})
    assert client.post(f"/directory/deletedItems/{boss}/restore").status == 403
