"""Creating and changing users and groups."""

from typing import Any

import pytest

from tests.unit.simulator.client import Client, a_client, reference


def synced(client: Client, kind: str) -> str:
    """Return the id of an object of a generated tenant that is mastered on premises."""
    live = client.directory.stores[kind].live
    return next(each for each, thing in live.items() if thing.get("onPremisesSyncEnabled"))


def test_a_new_user_is_read_back_without_its_password() -> None:
    client = a_client()
    user = client.a_user(department="Sales")
    body = client.get(f"/users/{user}?$select=department,passwordProfile,accountEnabled,userType").body
    assert body["department"] == "Sales"
    assert body["passwordProfile"] is None
    assert body["userType"] == "Member"


@pytest.mark.parametrize("missing", ["accountEnabled", "displayName", "mailNickname", "passwordProfile"])
def test_a_user_without_a_required_property_is_refused(missing: str) -> None:
    client = a_client()
    body: dict[str, Any] = {"accountEnabled": True, "displayName": "A", "mailNickname": "a"}
    body |= {"userPrincipalName": "a@contoso.example", "passwordProfile": {"password": "x"}}
    del body[missing]
    reply = client.post("/users", body)
    assert reply.status == 400
    assert missing in reply.message


@pytest.mark.parametrize(
    "change",
    [{"shoeSize": 44}, {"createdDateTime": "2026-01-01T00:00:00Z"}, {"accountEnabled": "yes"}, {"displayName": None}],
)
def test_unknown_read_only_misshaped_and_emptied_properties_are_refused(change: dict[str, Any]) -> None:
    client = a_client()
    user = client.a_user()
    before = client.simulator.fingerprint()
    assert client.patch(f"/users/{user}", change).status == 400
    assert client.simulator.fingerprint() == before


def test_a_change_is_answered_with_no_content_and_read_back() -> None:
    client = a_client()
    user = client.a_user(employeeOrgData={"costCenter": "1", "division": "A"})
    reply = client.patch(f"/users/{user}", {"city": "Utrecht", "employeeOrgData": {"division": "B"}})
    assert (reply.status, reply.body) == (204, "")
    body = client.get(f"/users/{user}?$select=city,employeeOrgData").body
    assert body["city"] == "Utrecht"
    assert body["employeeOrgData"] == {"costCenter": "1", "division": "B"}


def test_a_user_principal_name_is_unique_among_the_living() -> None:
    client = a_client()
    user, other = client.a_user(userPrincipalName="Same@contoso.example"), client.a_user()
    taken = client.patch(f"/users/{other}", {"userPrincipalName": "same@contoso.example"})
    assert (taken.status, taken.code) == (400, "Request_BadRequest")
    client.delete(f"/users/{user}")
    assert client.patch(f"/users/{other}", {"userPrincipalName": "same@contoso.example"}).status == 204


def test_objects_mastered_on_premises_refuse_every_write() -> None:
    client = a_client(objects=600)
    user, group = synced(client, "user"), synced(client, "group")
    member = client.a_user()
    tries = [
        client.patch(f"/users/{user}", {"city": "X"}),
        client.delete(f"/users/{user}"),
        client.patch(f"/groups/{group}", {"description": "X"}),
        client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(member)}),
    ]
    assert {reply.status for reply in tries} == {400}
    assert all("on-premises mastered" in reply.message for reply in tries)


def test_a_body_that_is_no_json_object_is_refused() -> None:
    client = a_client()
    user = client.a_user()
    assert client.patch(f"/users/{user}", ["city"]).status == 400


def test_a_microsoft_365_group_gets_an_address_from_its_nickname() -> None:
    client = a_client()
    group = client.a_group(groupTypes=["Unified"], mailEnabled=True, mailNickname="team")
    body = client.get(f"/groups/{group}").body
    assert body["mail"] == "team@contoso.example"
    assert body["proxyAddresses"] == ["SMTP:team@contoso.example"]


def test_distribution_lists_cannot_be_made_through_graph() -> None:
    body = {"displayName": "D", "mailEnabled": True, "mailNickname": "d", "securityEnabled": False}
    assert a_client().post("/groups", body).status == 400


def test_create_only_properties_of_a_group_cannot_be_changed() -> None:
    client = a_client()
    group = client.a_group(uniqueName="one")
    assert client.patch(f"/groups/{group}", {"uniqueName": "two"}).status == 400
    assert client.patch(f"/groups/{group}", {"isAssignableToRole": True}).status == 400


def test_members_of_a_dynamic_group_follow_its_rule_and_cannot_be_written() -> None:
    client = a_client()
    seller, maker = client.a_user(department="Sales"), client.a_user(department="Production")
    rule = 'user.department -eq "Sales"'
    group = client.a_group(groupTypes=["DynamicMembership"], membershipRule=rule)
    assert client.members(group) == {seller}
    client.patch(f"/users/{maker}", {"department": "sales"})
    client.patch(f"/users/{seller}", {"department": None})
    assert client.members(group) == {maker}
    assert client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(seller)}).status == 400
    assert client.delete(f"/groups/{group}/members/{maker}/$ref").status == 400
    assert client.post(f"/groups/{group}/owners/$ref", {"@odata.id": reference(seller)}).status == 204
    client.patch(f"/groups/{group}", {"membershipRule": '(user.department -eq "Legal")'})
    assert client.members(group) == set()


def test_a_membership_rule_that_is_not_understood_is_refused_by_name() -> None:
    client = a_client()
    body = {"displayName": "D", "mailEnabled": False, "mailNickname": "d", "securityEnabled": True}
    rule = {"groupTypes": ["DynamicMembership"], "membershipRule": "device.deviceOSType -eq 'x'"}
    assert client.post("/groups", body | rule).status == 501
