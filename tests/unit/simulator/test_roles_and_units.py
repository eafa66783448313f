"""Directory roles, administrative units, managers, licences, group rules and quotas."""

from typing import Any

import pytest

from simulator.generate.roles import GLOBAL_ADMINISTRATOR
from tests.unit.simulator.client import Client, a_client, reference

BIN = "/directory/deletedItems"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
DEFINITIONS = "/roleManagement/directory/roleDefinitions"
UNITS = "/directory/administrativeUnits"


def assign(client: Client, principal: str, *, role: str = GLOBAL_ADMINISTRATOR, scope: str = "/") -> Any:
    body = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": scope}
    return client.post(ASSIGNMENTS, body)


def a_role_id(client: Client) -> str:
    roles = client.get("/directoryRoles").body["value"]
    return next(str(role["id"]) for role in roles if role["roleTemplateId"] == GLOBAL_ADMINISTRATOR)


def test_members_of_a_directory_role_and_its_assignments_are_the_same_thing() -> None:
    client = a_client()
    user, other = client.a_user(), client.a_user()
    role = a_role_id(client)
    made = assign(client, user)
    assert made.status == 201, made.body
    assert assign(client, user).status == 400
    assert client.post(f"/directoryRoles/{role}/members/$ref", {"@odata.id": reference(other)}).status == 204
    assert set(client.get(f"/directoryRoles/{role}/members").ids) == {user, other}
    assert len(client.get(ASSIGNMENTS).ids) == 2
    assert client.delete(f"{ASSIGNMENTS}/{made.body['id']}").status == 204
    assert client.get(f"/directoryRoles/{role}/members").ids == [other]
    assert client.delete(f"/directoryRoles/{role}/members/{other}/$ref").status == 204
    assert client.get(ASSIGNMENTS).ids == []


def test_whoever_holds_a_role_is_a_member_of_it_and_of_its_units_and_groups() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user])
    role = next(each for each in client.every("/directoryRoles") if each["roleTemplateId"] == GLOBAL_ADMINISTRATOR)
    unit = client.post("/directory/administrativeUnits", {"displayName": "Here"}).body["id"]
    client.post(f"/directory/administrativeUnits/{unit}/members/$ref", {"@odata.id": reference(user)})
    assert set(client.get(f"/users/{user}/memberOf").ids) == {group, unit}
    made = assign(client, user).body["id"]
    for name in ("memberOf", "transitiveMemberOf"):
        assert set(client.get(f"/users/{user}/{name}").ids) == {group, unit, role["id"]}
    client.delete(f"{ASSIGNMENTS}/{made}")
    assert role["id"] not in client.get(f"/users/{user}/memberOf").ids


def test_a_role_goes_to_a_group_only_when_the_group_was_made_for_it() -> None:
    client = a_client()
    assert assign(client, client.a_group()).status == 400
    group = client.a_group(isAssignableToRole=True)
    assert assign(client, group).status == 201
    nested = {"@odata.id": reference(client.a_group())}
    assert client.post(f"/groups/{group}/members/$ref", nested).status == 400
    assert client.patch(f"/groups/{group}", {"isAssignableToRole": False}).status == 400


def test_roles_hide_with_a_deleted_user_and_go_with_a_purged_one() -> None:
    client = a_client()
    user = client.a_user()
    assign(client, user)
    client.delete(f"/users/{user}")
    assert client.get(ASSIGNMENTS).ids == []
    client.post(f"{BIN}/{user}/restore")
    assert len(client.get(ASSIGNMENTS).ids) == 1
    client.delete(f"/users/{user}")
    client.delete(f"{BIN}/{user}")
    assert not client.directory.stores["unifiedRoleAssignment"].live


def test_a_custom_role_is_deleted_softly_when_nobody_holds_it_and_a_built_in_one_never() -> None:
    client = a_client()
    body = {"displayName": "Keeper", "rolePermissions": [{"allowedResourceActions": ["microsoft.directory/x/read"]}]}
    role = client.post(DEFINITIONS, body).body["id"]
    user = client.a_user()
    made = assign(client, user, role=role).body["id"]
    assert client.delete(f"{DEFINITIONS}/{role}").status == 400
    client.delete(f"{ASSIGNMENTS}/{made}")
    assert client.delete(f"{DEFINITIONS}/{role}").status == 204
    bin_place = "/roleManagement/directory/deletedItems/roleDefinitions"
    assert (client.get(bin_place).status, client.get(bin_place).code) == (400, "BadRequest")
    client.root = "/beta"
    assert client.get(bin_place).ids == [role]
    assert client.post(f"{bin_place}/{role}/restore").status == 200
    client.root = "/v1.0"
    assert client.get(f"{DEFINITIONS}/{role}").body["displayName"] == "Keeper"
    assert client.delete(f"{DEFINITIONS}/{GLOBAL_ADMINISTRATOR}").status == 403
    assert client.patch(f"{DEFINITIONS}/{GLOBAL_ADMINISTRATOR}", {"displayName": "x"}).status == 403


def test_the_rules_of_a_role_are_shown_when_asked_for_and_changed_one_by_one() -> None:
    client = a_client()
    policy = client.get("/policies/roleManagementPolicies").body["value"][0]
    assert "rules" not in policy
    place = f"/policies/roleManagementPolicies/{policy['id']}"
    rules = client.get(f"{place}?$expand=rules").body["rules"]
    rule = next(each for each in rules if "maximumDuration" in each)
    change = {"@odata.type": rule["@odata.type"], "maximumDuration": "PT1H"}
    assert client.patch(f"{place}/rules/{rule['id']}", change).status == 204
    assert client.get(f"{place}/rules/{rule['id']}").body["maximumDuration"] == "PT1H"


@pytest.mark.parametrize("kind", ["Eligibility", "Assignment"])
def test_a_schedule_is_made_and_ended_by_request(kind: str) -> None:
    client = a_client()
    place = f"/roleManagement/directory/role{kind}Schedule"
    body = {"principalId": client.a_user(), "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    made = client.post(f"{place}Requests", body | {"action": "adminAssign", "scheduleInfo": {"startDateTime": None}})
    assert made.status == 201, made.body
    assert client.get(f"{place}s").ids == [made.body["targetScheduleId"]]
    assert len(client.get(ASSIGNMENTS).ids) == (kind == "Assignment")
    assert client.post(f"{place}Requests", body | {"action": "adminAssign"}).code == "RoleAssignmentExists"
    assert client.post(f"{place}Requests", body | {"action": "adminRemove"}).status == 201
    assert client.get(f"{place}s").ids == client.get(ASSIGNMENTS).ids == []
    assert client.post(f"{place}Requests", body | {"action": "selfActivate"}).status == 501


def test_instances_of_schedules_are_those_in_force_and_assignments_have_one_each() -> None:
    client = a_client()
    user, other = client.a_user(), client.a_user()
    place = "/roleManagement/directory/role"
    body = {"roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/", "action": "adminAssign"}
    ends = {"type": "afterDateTime", "endDateTime": "2026-01-03T00:00:00Z", "duration": None}
    when = {"startDateTime": "2026-01-02T00:00:00Z", "expiration": ends}
    schedule = client.post(
        f"{place}EligibilityScheduleRequests", {**body, "principalId": user, "scheduleInfo": when}
    ).body["targetScheduleId"]
    wrong = {"startDateTime": "soon"}
    refused = client.post(f"{place}EligibilityScheduleRequests", {**body, "principalId": other, "scheduleInfo": wrong})
    assert refused.status == 400
    seen = []
    for _ in range(4):
        client = Client(client.simulator, client.clock)
        seen.append(len(client.get(f"{place}EligibilityScheduleInstances").ids))
        if seen[-1]:
            (item,) = client.get(f"{place}EligibilityScheduleInstances").body["value"]
            assert (item["principalId"], item["roleEligibilityScheduleId"]) == (user, schedule)
            assert client.get(f"{place}EligibilityScheduleInstances/{item['id']}").body["endDateTime"]
        client.clock.seconds += 43_200.0 * 1.5
    assert seen == [0, 0, 1, 0]
    client = Client(client.simulator, client.clock)
    direct = assign(client, other).body["id"]
    client.post(f"{place}AssignmentScheduleRequests", {**body, "principalId": user})
    found = client.get(f"{place}AssignmentScheduleInstances?$select=principalId,roleAssignmentOriginId").body["value"]
    assert {each["principalId"] for each in found} == {user, other}
    assert direct in {each["roleAssignmentOriginId"] for each in found}
    mine = client.get(f"{place}AssignmentScheduleInstances?$filter=principalId eq '{user}'").body["value"]
    assert [each["assignmentType"] for each in mine] == ["Assigned"]
    assert client.get(f"{place}AssignmentScheduleInstances?$select=shoeSize").status == 400


def test_scoped_members_of_a_unit_are_assignments_over_that_unit() -> None:
    client = a_client()
    user, helper = client.a_user(), client.a_user()
    unit = client.post(UNITS, {"displayName": "Utrecht"}).body["id"]
    assert client.post(f"{UNITS}/{unit}/members/$ref", {"@odata.id": reference(user)}).status == 204
    body = {"roleId": a_role_id(client), "roleMemberInfo": {"id": helper}}
    made = client.post(f"{UNITS}/{unit}/scopedRoleMembers", body)
    assert (made.status, made.body["roleMemberInfo"]["id"]) == (201, helper)
    assert client.get(ASSIGNMENTS).body["value"][0]["directoryScopeId"] == f"/administrativeUnits/{unit}"
    assert client.get(f"/users/{user}/memberOf").ids == [unit]
    client.delete(f"{UNITS}/{unit}")
    assert client.get(ASSIGNMENTS).ids == []
    assert client.delete(f"{BIN}/{unit}").status == 400
    client.post(f"{BIN}/{unit}/restore")
    assert client.get(f"{UNITS}/{unit}/members").ids == [user]
    assert client.delete(f"{UNITS}/{unit}/scopedRoleMembers/{made.body['id']}").status == 204


def test_members_of_a_restricted_unit_are_changed_only_with_a_role_over_it() -> None:
    client = a_client()
    client.sim("POST", "/switches", {"restricted_units": True})
    user = client.a_user()
    unit = client.post(UNITS, {"displayName": "Board", "isMemberManagementRestricted": True}).body["id"]
    client.post(f"{UNITS}/{unit}/members/$ref", {"@odata.id": reference(user)})
    assert client.get(f"/users/{user}?$select=isManagementRestricted").body["isManagementRestricted"] is True
    assert client.patch(f"/users/{user}", {"city": "Delft"}).status == 403
    assert client.delete(f"/users/{user}").status == 403
    assert client.sim("GET", "/counters")["behaviours"]["restricted unit"] == 2
    client.simulator.tenant.published[client.app.app_id] = {"appDisplayName": client.app.name}
    principal = client.post("/servicePrincipals", {"appId": client.app.app_id}).body["id"]
    assert assign(client, principal, scope=f"/administrativeUnits/{unit}").status == 201
    assert client.patch(f"/users/{user}", {"city": "Delft"}).status == 204
    assert client.delete(f"{UNITS}/{unit}/members/{user}/$ref").status == 204
    assert client.get(f"/users/{user}?$select=isManagementRestricted").body["isManagementRestricted"] is None


def test_units_are_followed_by_delta_with_their_members() -> None:
    client = a_client()
    user = client.a_user()
    unit = client.post(UNITS, {"displayName": "Utrecht"}).body["id"]
    link = client.get(f"{UNITS}/delta?$select=displayName,members&$deltatoken=latest").body["@odata.deltaLink"]
    client.post(f"{UNITS}/{unit}/members/$ref", {"@odata.id": reference(user)})
    item = client.get(link).body["value"][0]
    assert (item["id"], item["members@delta"][0]["id"]) == (unit, user)


def test_a_manager_is_one_and_its_reports_are_seen_from_the_other_end() -> None:
    client = a_client()
    user, first, second = (client.a_user() for _ in range(3))
    place = f"/users/{user}/manager"
    assert client.get(place).status == 404
    link = client.get("/users/delta?$select=displayName,manager&$deltatoken=latest").body["@odata.deltaLink"]
    for manager in (first, second):
        assert client.ask("PUT", f"{place}/$ref", {"@odata.id": reference(manager)}).status == 204
    assert client.get(place).body["id"] == second
    assert client.get(f"/users/{second}/directReports").ids == [user]
    told = {each["id"]: "@removed" in each for each in client.get(link).body["value"][0]["manager@delta"]}
    assert told == {first: True, second: False}
    client.delete(f"/users/{second}")
    client.delete(f"{BIN}/{second}")
    assert client.get(place).status == 404


def test_a_group_never_contains_itself_at_any_depth() -> None:
    client = a_client()
    top, middle, bottom = (client.a_group() for _ in range(3))
    for outer, inner in ((top, middle), (middle, bottom)):
        assert client.post(f"/groups/{outer}/members/$ref", {"@odata.id": reference(inner)}).status == 204
    for inner in (top, middle, bottom):
        assert client.post(f"/groups/{bottom}/members/$ref", {"@odata.id": reference(inner)}).status == 400
    assert client.sim("GET", "/counters")["behaviours"]["nesting cycle"] == 2


@pytest.mark.parametrize(
    ("quota", "path", "body"),
    [
        ({"role_groups_max": 0}, "/groups", {"isAssignableToRole": True}),
        ({"objects_max": 30}, "/groups", {}),
        ({"policies_max": 0}, "/identity/conditionalAccess/policies", {"state": "disabled", "conditions": {}}),
        ({"custom_roles_max": 3}, DEFINITIONS, {"rolePermissions": [{"allowedResourceActions": ["x"]}]}),
    ],
)
def test_a_quota_that_is_reached_refuses_one_more(quota: dict[str, int], path: str, body: dict[str, Any]) -> None:
    client = a_client()
    group = {"mailEnabled": False, "mailNickname": "g", "securityEnabled": True} if path == "/groups" else {}
    assert client.post(path, {"displayName": "One"} | group | body).status == 201
    client.sim("POST", "/switches", {"quotas": quota})
    refused = client.post(path, {"displayName": "More"} | group | body)
    assert (refused.status, refused.code) == (403, "Directory_QuotaExceeded")


def test_owners_beyond_the_quota_are_refused_all_together() -> None:
    client = a_client()
    client.sim("POST", "/switches", {"quotas": {"owners_max": 1}})
    people = [client.a_user() for _ in range(2)]
    group = client.a_group()
    links = {"owners@odata.bind": [reference(each) for each in people]}
    assert client.patch(f"/groups/{group}", links).code == "Directory_QuotaExceeded"
    assert client.get(f"/groups/{group}/owners").ids == []


def test_a_licence_needs_a_place_and_one_that_is_free() -> None:
    client = a_client()
    sku = client.get("/subscribedSkus").body["value"][0]
    user = client.a_user()
    wish = {"addLicenses": [{"skuId": sku["skuId"], "disabledPlans": []}], "removeLicenses": []}
    assert client.post(f"/users/{user}/assignLicense", wish).status == 400
    client.patch(f"/users/{user}", {"usageLocation": "NL"})
    assert client.post(f"/users/{user}/assignLicense", wish).status == 200
    assert client.get("/subscribedSkus").body["value"][0]["consumedUnits"] == sku["consumedUnits"] + 1
    held = client.get(f"/users/{user}?$select=assignedLicenses").body["assignedLicenses"]
    assert [each["skuId"] for each in held] == [sku["skuId"]]
    taken = {"addLicenses": [], "removeLicenses": [sku["skuId"]]}
    assert client.post(f"/users/{user}/assignLicense", taken).status == 200
    assert client.post(f"/users/{user}/assignLicense", taken).status == 400
    strange = {"addLicenses": [{"skuId": user}], "removeLicenses": []}
    assert client.post(f"/users/{user}/assignLicense", strange).status == 400
