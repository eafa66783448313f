"""Delta queries of the simulated tenant."""

from collections.abc import Callable
from random import Random

import pytest

from simulator.moments import DAY_SECONDS
from simulator.tenant import DeltaLimits
from tests.unit.simulator.client import Client, a_client, part, reference
from tests.unit.simulator.follower import Follower

SMALL = DeltaLimits(objects_per_page_max=3, links_per_page_max=5)


def latest(client: Client, path: str) -> str:
    """Return the delta link that starts from now."""
    joined = "&" if "?" in path else "?"
    body = client.get(f"{path}{joined}$deltatoken=latest").body
    assert body["value"] == []
    return str(body["@odata.deltaLink"])


@pytest.mark.parametrize("seed", range(12))
def test_a_follower_ends_with_the_tenants_state_whatever_happens_between_its_pages(seed: int) -> None:
    client = a_client(objects=60, seed=seed, delta=SMALL)
    draw = Random(seed)
    follower = Follower(client, between=lambda: write_something(client, draw, times=3))
    for _ in range(3):
        follower.catch_up()
    follower.between = lambda: None
    follower.catch_up()
    assert follower.copy() == follower.truth(), f"seed {seed}"
    assert len(client.simulator.tenant.history) > 30


def write_something(client: Client, draw: Random, *, times: int) -> None:
    """Do a few random writes; a refusal is as good as any other outcome."""
    for _ in range(times):
        draw.choice(possible_writes(client, draw))()


def possible_writes(client: Client, draw: Random) -> list[Callable[[], object]]:
    """Return one write of each kind, on objects drawn from what is there now."""
    directory = client.directory
    users, groups = sorted(directory.stores["user"].live), sorted(directory.stores["group"].live)
    deleted = sorted([*directory.stores["user"].deleted, *directory.stores["group"].deleted])
    user, group = draw.choice(users), draw.choice(groups)
    relation = draw.choice(("members", "owners"))
    linked = sorted(directory.links.targets(group, relation)) or [user]
    gone = draw.choice(deleted) if deleted else user
    return [
        lambda: client.patch(f"/users/{user}", {"department": draw.choice(["Sales", "Legal", None])}),
        lambda: client.patch(f"/groups/{group}", {"displayName": f"Renamed {draw.random()}"}),
        lambda: client.post(f"/groups/{group}/{relation}/$ref", {"@odata.id": reference(user)}),
        lambda: client.delete(f"/groups/{group}/{relation}/{draw.choice(linked)}/$ref"),
        lambda: client.delete(f"/users/{draw.choice(linked)}"),
        lambda: client.delete(f"/groups/{group}") if len(groups) > 2 else None,
        lambda: client.post(f"/directory/deletedItems/{gone}/restore"),
        lambda: client.post(f"/directory/deletedItems/{gone}/restore"),
        lambda: client.delete(f"/directory/deletedItems/{gone}"),
        lambda: client.a_group([user], [user]),
    ]


def test_pages_are_small_and_a_big_group_comes_back_page_after_page() -> None:
    client = a_client(delta=SMALL)
    users = [client.a_user() for _ in range(12)]
    group = client.a_group(users)
    pages = client.pages("/groups/delta?$select=members")
    sizes = [len(page.body["value"][0]["members@delta"]) for page in pages]
    assert sizes == [5, 5, 2]
    assert {page.body["value"][0]["id"] for page in pages} == {group}
    assert "@odata.deltaLink" in pages[-1].body
    assert len(client.pages("/users/delta")) == 4


def test_a_delta_link_without_changes_leads_to_an_empty_page_and_another_link() -> None:
    client = a_client(objects=60)
    body = client.get(latest(client, "/users/delta")).body
    assert body["value"] == []
    assert "@odata.deltaLink" in body


def test_a_change_shows_the_selected_properties_of_the_object() -> None:
    client = a_client()
    user = client.a_user()
    link = latest(client, "/users/delta?$select=displayName,city")
    client.patch(f"/users/{user}", {"city": "Lyon"})
    expected = {"id": user, "displayName": client.directory.stores["user"].live[user]["displayName"], "city": "Lyon"}
    assert client.get(link).body["value"] == [expected]
    assert client.ask("GET", link, Prefer="return=minimal").body["value"] == [{"id": user, "city": "Lyon"}]


def test_only_selected_properties_and_links_are_tracked() -> None:
    client = a_client()
    user, group = client.a_user(), client.a_group()
    users = latest(client, "/users/delta?$select=displayName")
    groups = latest(client, "/groups/delta?$select=displayName,owners")
    client.patch(f"/users/{user}", {"city": "Lyon"})
    client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(user)})
    assert client.get(users).body["value"] == []
    assert client.get(groups).body["value"] == []


def test_links_come_as_added_or_removed_ids() -> None:
    client = a_client()
    one, two = client.a_user(), client.a_user()
    group = client.a_group([one])
    link = latest(client, "/groups/delta?$select=members")
    client.delete(f"/groups/{group}/members/{one}/$ref")
    client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(two)})
    kind = "#microsoft.graph.user"
    assert client.get(link).body["value"][0]["members@delta"] == [
        {"@odata.type": kind, "id": one, "@removed": {"reason": "deleted"}},
        {"@odata.type": kind, "id": two},
    ]


def test_a_soft_deletion_is_a_change_and_a_purge_a_deletion() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user])
    users, groups = latest(client, "/users/delta"), latest(client, "/groups/delta?$select=members")
    client.delete(f"/users/{user}")
    page = client.get(users).body
    assert page["value"] == [{"id": user, "@removed": {"reason": "changed"}}]
    assert client.get(groups).body["value"] == []
    client.delete(f"/directory/deletedItems/{user}")
    assert client.get(page["@odata.deltaLink"]).body["value"] == [{"id": user, "@removed": {"reason": "deleted"}}]
    removed = client.get(groups).body["value"][0]
    assert removed["id"] == group
    assert removed["members@delta"][0]["@removed"] == {"reason": "deleted"}


def test_a_restored_group_comes_back_with_its_properties_and_members() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user], displayName="Back again")
    client.delete(f"/groups/{group}")
    link = latest(client, "/groups/delta?$select=displayName,members")
    client.post(f"/directory/deletedItems/{group}/restore")
    item = client.get(link).body["value"][0]
    assert item["displayName"] == "Back again"
    assert [each["id"] for each in item["members@delta"]] == [user]


def test_a_token_older_than_seven_days_is_gone_and_says_where_to_start_again() -> None:
    client = a_client(objects=30)
    link = latest(client, "/users/delta?$select=city")
    client.clock.seconds += 7 * DAY_SECONDS
    client._tokens.clear()
    assert client.get(link).status == 200
    client.clock.seconds += 1
    reply = client.get(link)
    assert (reply.status, reply.code) == (410, "resyncRequired")
    again = client.get(reply.headers["Location"])
    assert len(again.body["value"]) == len(client.directory.stores["user"].live)
    assert set(again.body["value"][0]) == {"id", "city"}


def test_an_altered_token_is_a_bad_request() -> None:
    client = a_client(objects=30)
    link = latest(client, "/users/delta")
    assert client.get(link.replace("$deltatoken=", "$deltatoken=A")).status == 400
    assert client.get(link.replace("/users/", "/groups/")).status == 400


def test_delta_refuses_what_it_does_not_track() -> None:
    client = a_client()
    assert client.get("/users/delta?$select=memberOf").status == 501
    assert client.get("/users/delta?$filter=displayName eq 'x'").status == 400
    assert client.get("/users/delta?$select=shoeSize").status == 400
    assert client.get("/identity/conditionalAccess/policies/delta").status == 404


@pytest.mark.parametrize("option", ["$expand=members", "$orderby=displayName", "$top=5", "$count=true"])
def test_delta_takes_no_option_beside_select_and_filter(option: str) -> None:
    reply = a_client().get(f"/groups/delta?{option}")
    assert (reply.status, reply.code) == (400, "Request_UnsupportedQuery")


TRACKED = (
    "users groups applications servicePrincipals directory/administrativeUnits directoryRoles oauth2PermissionGrants"
).split()
UNTRACKED = (
    "identity/conditionalAccess/policies identity/conditionalAccess/namedLocations policies/tokenLifetimePolicies "
    "roleManagement/directory/roleAssignments roleManagement/directory/roleDefinitions subscribedSkus organization "
    "groupSettings users/microsoft.graph.agentUser servicePrincipals/microsoft.graph.agentIdentity"
).split()


def test_delta_is_there_for_every_type_that_has_it_and_for_no_other() -> None:
    client = a_client(objects=60)
    for place in TRACKED:
        pages = client.pages(f"/{place}/delta")
        assert {each["id"] for page in pages for each in page.body["value"]} == {
            each["id"] for each in client.every(f"/{place}?$select=id")
        }
        assert client.get(pages[-1].body["@odata.deltaLink"]).body["value"] == []
    assert {client.get(f"/{place}/delta").status for place in UNTRACKED} == {404}


def test_delta_of_directory_roles_follows_who_holds_them() -> None:
    client = a_client(objects=60)
    role = client.directory.stores["directoryRole"].live[client.get("/directoryRoles?$select=id").ids[5]]
    user, other = client.a_user(), client.a_user()
    wish = {"roleDefinitionId": role["roleTemplateId"], "directoryScopeId": "/"}
    place = "/roleManagement/directory/roleAssignments"
    client.post(place, {**wish, "principalId": other})
    found = {each["id"]: each for each in client.every("/directoryRoles/delta?$select=displayName,members")}
    assert {"@odata.type": "#microsoft.graph.user", "id": other} in found[role["id"]]["members@delta"]
    link = latest(client, "/directoryRoles/delta?$select=displayName,members")
    assert client.post(f"/directoryRoles/{role['id']}/members/$ref", {"@odata.id": reference(user)}).status == 204
    narrow = client.post(place, {**wish, "principalId": client.a_user(), "directoryScopeId": f"/{client.a_group()}"})
    assert narrow.status == 201
    assert client.delete(f"/directoryRoles/{role['id']}/members/{other}/$ref").status == 204
    (told,) = client.get(link).body["value"]
    assert (told["id"], told["displayName"]) == (role["id"], role["displayName"])
    assert told["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": user},
        {"@odata.type": "#microsoft.graph.user", "id": other, "@removed": {"reason": "deleted"}},
    ]


def test_delta_works_in_a_batch() -> None:
    client = a_client(objects=30)
    answers = client.batch(part("1", "GET", "/users/delta?$deltatoken=latest"))
    assert answers["1"]["body"]["@odata.deltaLink"].startswith("http://graph.test/v1.0/users/delta?$deltatoken=")
