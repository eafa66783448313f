"""Writing members and owners of groups."""

from tests.unit.simulator.client import a_client, reference

EXIST = "One or more added object references already exist for the following modified properties: 'members'."
ABSENT = "does not exist or one of its queried reference-property objects are not present"


def test_twenty_links_are_bound_in_one_change_and_twenty_one_are_refused() -> None:
    client = a_client()
    users = [client.a_user() for _ in range(21)]
    group = client.a_group()
    links = [reference(each) for each in users]
    too_many = {"members@odata.bind": links[:20], "owners@odata.bind": links[20:]}
    assert client.patch(f"/groups/{group}", too_many).status == 400
    assert client.members(group) == set()
    assert client.patch(f"/groups/{group}", {"members@odata.bind": links[:20]}).status == 204
    assert client.members(group) == set(users[:20])


def test_one_link_that_is_there_already_fails_the_whole_change() -> None:
    client = a_client()
    one, two = client.a_user(), client.a_user()
    group = client.a_group([one])
    change = {"description": "new", "members@odata.bind": [reference(two), reference(one)]}
    reply = client.patch(f"/groups/{group}", change)
    assert (reply.status, reply.code, reply.message) == (400, "Request_BadRequest", EXIST)
    assert client.members(group) == {one}
    assert client.get(f"/groups/{group}").body["description"] is None


def test_a_link_to_nothing_fails_the_whole_change() -> None:
    client = a_client()
    one, gone = client.a_user(), client.a_user()
    client.delete(f"/users/{gone}")
    group = client.a_group()
    reply = client.patch(f"/groups/{group}", {"members@odata.bind": [reference(one), reference(gone)]})
    assert reply.status == 404
    assert client.members(group) == set()


def test_members_and_owners_are_added_and_removed_one_by_one() -> None:
    client = a_client()
    user, group = client.a_user(), client.a_group()
    for relation in ("members", "owners"):
        place = f"/groups/{group}/{relation}"
        assert client.post(f"{place}/$ref", {"@odata.id": reference(user)}).status == 204
        again = client.post(f"{place}/$ref", {"@odata.id": reference(user)})
        assert again.status == 400
        assert "added object references already exist" in again.message
        assert client.get(place).ids == [user]
        assert client.delete(f"{place}/{user}/$ref").status == 204
        absent = client.delete(f"{place}/{user}/$ref")
        assert (absent.status, absent.code) == (404, "Request_ResourceNotFound")
        assert ABSENT in absent.message


def test_a_new_group_comes_with_its_links() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user], [user])
    assert client.members(group) == {user}
    assert client.get(f"/groups/{group}/owners?$select=id").ids == [user]


def test_a_group_owns_nothing_and_is_no_member_of_a_microsoft_365_group_or_of_itself() -> None:
    client = a_client()
    nested, group = client.a_group(), client.a_group()
    unified = client.a_group(groupTypes=["Unified"], mailEnabled=True)
    assert client.post(f"/groups/{group}/owners/$ref", {"@odata.id": reference(nested)}).status == 400
    assert client.post(f"/groups/{unified}/members/$ref", {"@odata.id": reference(nested)}).status == 400
    assert client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(group)}).status == 400
    assert client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(nested)}).status == 204


def test_a_reference_without_an_address_is_refused() -> None:
    client = a_client()
    group = client.a_group()
    assert client.post(f"/groups/{group}/members/$ref", {"@odata.id": 5}).status == 400
    assert client.post(f"/groups/{group}/members/$ref", {}).status == 400


def test_members_at_any_depth_are_listed_once_and_counted_only_near() -> None:
    client = a_client()
    one, two, three = (client.a_user() for _ in range(3))
    inner = client.a_group([one, two])
    middle = client.a_group([inner, two])
    outer = client.a_group([middle, three])
    below = client.pages(f"/groups/{outer}/transitiveMembers?$select=id&$top=2")
    assert [len(page.body["value"]) for page in below] == [2, 2, 1]
    found = [item for page in below for item in page.body["value"]]
    assert [each["id"] for each in found] == [middle, three, inner, two, one]
    assert found[0]["@odata.type"] == "#microsoft.graph.group"
    assert [each["id"] for each in client.every(f"/users/{one}/transitiveMemberOf?$select=id")] == [
        inner,
        middle,
        outer,
    ]
    assert client.get(f"/groups/{outer}/members/$count").status == 400
    assert client.get(f"/groups/{outer}/members/$count", ConsistencyLevel="eventual").body == "2"
    client.delete(f"/groups/{middle}")
    assert client.get(f"/groups/{outer}/transitiveMembers?$select=id").ids == [three]
