"""Listing and reading objects of the simulated tenant."""

import gzip

import msgspec
import pytest

from tests.unit.simulator.client import HOST, a_client, reference


def test_a_listing_is_read_page_by_page_until_there_is_no_next_link() -> None:
    client = a_client(objects=150)
    pages = client.pages("/users?$select=id&$top=40")
    ids = [item["id"] for page in pages for item in page.body["value"]]
    assert [len(page.body["value"]) for page in pages] == [40, 40, len(ids) - 80]
    assert sorted(ids) == sorted(client.directory.stores["user"].live)


def test_a_page_holds_a_hundred_objects_unless_asked_otherwise() -> None:
    assert len(a_client(objects=300).get("/users").body["value"]) == 100


def test_next_links_lead_to_the_host_the_client_used() -> None:
    link = a_client(objects=60).get("/users?$top=5&$select=id").body["@odata.nextLink"]
    assert link.startswith(f"http://{HOST}/v1.0/users?$top=5&$select=id&$skiptoken=")


@pytest.mark.parametrize("top", ["0", "1000", "-1", "many", "1.5"])
def test_a_page_size_out_of_range_is_a_bad_request(top: str) -> None:
    assert a_client(objects=20).get(f"/users?$top={top}").status == 400


def test_a_skip_token_of_another_listing_is_a_bad_request() -> None:
    client = a_client(objects=150)
    link = client.get("/users?$top=5").body["@odata.nextLink"]
    assert client.get(link.replace("/users", "/groups")).status == 400
    assert client.get("/users?$skiptoken=invented").status == 400


def test_an_object_that_stays_is_seen_once_while_others_come_and_go_between_pages() -> None:
    client = a_client(objects=150)
    first = client.get("/users?$top=50&$select=id")
    seen = first.ids
    for gone in seen[5:10]:
        client.delete(f"/users/{gone}")
    client.a_user()
    rest = client.pages(first.body["@odata.nextLink"])
    seen += [each for page in rest for each in page.ids]
    assert len(seen) == len(set(seen))
    assert set(client.directory.stores["user"].live) <= set(seen)


def test_users_come_with_eleven_properties_unless_others_are_selected() -> None:
    client = a_client(objects=60)
    assert len(client.get("/users?$top=1").body["value"][0]) == 11
    chosen = client.get("/users?$top=1&$select=department,otherMails,ageGroup").body["value"][0]
    assert set(chosen) == {"id", "department", "otherMails", "ageGroup"}
    assert chosen["otherMails"] == []
    assert chosen["ageGroup"] is None


def test_an_unknown_property_is_a_bad_request_and_one_kept_elsewhere_is_not_implemented() -> None:
    client = a_client(objects=20)
    assert client.get("/users?$select=shoeSize").status == 400
    reply = client.get("/users?$select=mySite")
    assert reply.status == 501
    assert "mySite" in reply.message


@pytest.mark.parametrize(
    "query",
    [
        "$search=x",
        "$skip=5",
        "$expand=messages",
        "$apply=x",
    ],
)
def test_what_is_not_simulated_is_refused_by_name(query: str) -> None:
    reply = a_client(objects=20).get(f"/users?{query}")
    assert reply.status == 501
    assert reply.code == "NotImplemented"
    assert reply.message.startswith("the simulated tenant does not answer GET /v1.0/users: ")
    assert query.split("=", maxsplit=1)[0] in reply.message


@pytest.mark.parametrize("path", ["/devices", "/users/x/messages", "/", ""])
def test_other_paths_are_not_implemented(path: str) -> None:
    assert a_client().get(path).status == 501


def test_filters_by_id_name_and_start_of_name() -> None:
    client = a_client()
    one, two = client.a_user(displayName="Ada O'Neil"), client.a_user(displayName="Ada Bakker")
    upn = client.get(f"/users/{two}").body["userPrincipalName"]
    assert client.get(f"/users?$filter=id eq '{one}'").ids == [one]
    assert client.get(f"/users?$filter=id in ('{two}','{one}')").ids == [two, one]
    assert client.get("/users?$filter=displayName eq 'ada o''neil'").ids == [one]
    assert client.get(f"/users?$filter=userPrincipalName eq '{upn}'").ids == [two]
    assert client.get("/users?$filter=startsWith(displayName,'Ada')").ids == [one, two]


def test_a_filter_names_at_most_fifteen_ids() -> None:
    client = a_client()
    ids = [client.a_user() for _ in range(16)]
    assert client.get(f"/users?$filter=id in ({','.join(repr(each) for each in ids[:15])})").ids == ids[:15]
    assert client.get(f"/users?$filter=id in ({','.join(repr(each) for each in ids)})").status == 400


def test_objects_are_counted_only_for_those_who_accept_the_lagging_index() -> None:
    client = a_client(objects=60)
    assert client.get("/users/$count").status == 400
    reply = client.get("/users/$count", ConsistencyLevel="eventual")
    assert reply.headers["Content-Type"] == "text/plain"
    assert int(reply.body) == len(client.directory.stores["user"].live)
    counted = client.get("/groups?$count=true&$top=1", ConsistencyLevel="eventual").body
    assert counted["@odata.count"] == len(client.directory.stores["group"].live)


def test_an_expanded_relation_stops_at_twenty_without_a_next_link() -> None:
    client = a_client()
    users = [client.a_user() for _ in range(25)]
    group = client.a_group(users[:20])
    client.patch(f"/groups/{group}", {"members@odata.bind": [reference(each) for each in users[20:]]})
    found = client.get("/groups?$select=id&$expand=members($select=id)").body["value"][0]
    assert [each["id"] for each in found["members"]] == users[:20]
    assert set(found["members"][0]) == {"@odata.type", "id"}
    assert not [name for name in found if "nextLink" in name]


def test_only_one_relation_can_be_expanded() -> None:
    client = a_client()
    assert client.get("/groups?$expand=members,owners").status == 400
    assert client.get("/groups?$expand=members($select=id,displayName),owners($select=id)").status == 400
    assert client.get("/groups?$expand=members($select=id,displayName)").status == 200
    assert client.get("/groups?$expand=members($expand=owners)").status == 501


def test_a_directory_object_is_read_by_its_id_alone() -> None:
    client = a_client(objects=30)
    group = client.a_group()
    body = client.get(f"/directoryObjects/{group}?$select=id,displayName").body
    assert (body["@odata.type"], body["id"]) == ("#microsoft.graph.group", group)
    client.delete(f"/groups/{group}")
    assert client.get(f"/directoryObjects/{group}").status == 404


def test_members_are_listed_in_pages_each_with_its_type() -> None:
    client = a_client()
    users = [client.a_user(jobTitle="Tester") for _ in range(4)]
    nested = client.a_group()
    group = client.a_group([*users, nested])
    items = client.every(f"/groups/{group}/members?$select=id,jobTitle&$top=2")
    assert [each["id"] for each in items] == [*users, nested]
    assert {each["@odata.type"] for each in items[:4]} == {"#microsoft.graph.user"}
    assert items[4] == {"@odata.type": "#microsoft.graph.group", "id": nested}
    assert items[0]["jobTitle"] == "Tester"


def test_a_user_is_found_by_id_in_any_case_and_by_user_principal_name() -> None:
    client = a_client()
    user = client.a_user(userPrincipalName="g_partner.example#EXT#@contoso.example")
    assert client.get(f"/users/{user.upper()}").body["id"] == user
    assert client.get("/users/g_partner.example%23EXT%23@contoso.example").body["id"] == user
    assert client.get(f"/users('{user}')").body["id"] == user


def test_paths_ignore_case_and_beta_and_myorganization_answer_too() -> None:
    client = a_client(objects=20)
    assert client.get("/USERS").status == 200
    client.root = "/BETA/myorganization"
    assert client.get("/Groups/DELTA()").status == 200


def test_a_missing_object_is_a_resource_not_found() -> None:
    reply = a_client().get("/users/00000000-0000-0000-0000-000000000001")
    assert (reply.status, reply.code) == (404, "Request_ResourceNotFound")


def test_objects_by_ids_leaves_out_what_is_not_there() -> None:
    client = a_client()
    user, group = client.a_user(), client.a_group()
    asked = {"ids": [user, group, "00000000-0000-0000-0000-000000000001"]}
    assert client.post("/directoryObjects/getByIds", asked).ids == [user, group]
    assert client.post("/directoryObjects/getByIds", asked | {"types": ["group"]}).ids == [group]
    assert client.post("/directoryObjects/getByIds", {"ids": ["x"] * 1001}).status == 400


def test_large_answers_are_compressed_for_those_who_ask() -> None:
    client = a_client(objects=120)
    plain = client.raw("GET", "/users")
    packed = client.raw("GET", "/users", Accept_Encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert msgspec.json.decode(gzip.decompress(packed.body))["value"] == msgspec.json.decode(plain.body)["value"]
    assert "Content-Encoding" not in client.raw("GET", "/users?$top=1&$select=id", Accept_Encoding="gzip").headers


def test_every_answer_names_the_request_and_the_time() -> None:
    reply = a_client().get("/users/x", client_request_id="mine")
    assert reply.headers["client-request-id"] == "mine"
    assert reply.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    inner = reply.body["error"]["innerError"]
    assert inner["request-id"] == reply.headers["request-id"]
    assert inner["client-request-id"] == "mine"
    assert inner["date"] == "2026-01-01T00:00:00"
