"""Mischief while paging: page tokens that get too old, empty pages, objects that move, changes told twice."""

from random import Random

import pytest

from simulator.moments import DAY_SECONDS
from simulator.switches import Paging, Switches
from simulator.tenant import DeltaLimits
from simulator.types.group import is_dynamic
from simulator.types.schema import JsonObject
from tests.unit.simulator.client import Client, a_client, reference
from tests.unit.simulator.follower import Follower


def is_writable(group: JsonObject) -> bool:
    """Tell whether a client may change a group and its members."""
    return not is_dynamic(group) and not group.get("onPremisesSyncEnabled")


def a_mischievous(objects: int = 300, **paging: object) -> Client:
    """Return a client of a tenant that plays these tricks."""
    return a_client(objects=objects, switches=Switches(paging=Paging(**paging)))  # type: ignore[arg-type]


def test_a_page_token_gets_too_old() -> None:
    client = a_mischievous(token_life_seconds=60.0)
    link = client.get("/users?$top=50&$select=id").body["@odata.nextLink"]
    assert client.get(link).status == 200
    client.clock.seconds += 61.0
    reply = client.get(link)
    assert (reply.status, reply.code) == (400, "Directory_ExpiredPageToken")
    assert client.sim("GET", "/counters")["behaviours"]["expired_pages"] == 1


@pytest.mark.parametrize("seed", range(5))
def test_an_empty_page_leads_on_and_nothing_is_lost(seed: int) -> None:
    plain = {each["id"] for each in a_client(objects=300, seed=3).every("/users?$top=20&$select=id")}
    client = a_mischievous(empty_share=0.5, seed=seed)
    pages = client.pages("/users?$top=20&$select=id")
    assert any(not page.body["value"] for page in pages)
    assert {each["id"] for page in pages for each in page.body["value"]} == plain
    links = [page.body.get("@odata.nextLink") for page in pages]
    assert len(links) == len(set(links))


@pytest.mark.parametrize("seed", range(5))
def test_objects_that_move_are_seen_twice_and_none_is_missed(seed: int) -> None:
    plain = sorted(each["id"] for each in a_client(objects=300, seed=3).every("/users?$top=20&$select=id"))
    client = a_mischievous(moving_share=0.7, seed=seed)
    seen = [each["id"] for each in client.every("/users?$top=20&$select=id")]
    assert len(seen) > len(plain)
    assert sorted(set(seen)) == plain


@pytest.mark.parametrize("seed", range(4))
def test_empty_delta_pages_and_objects_told_twice_lose_nothing(seed: int) -> None:
    client = a_mischievous(objects=250, empty_share=0.4, moving_share=0.6, seed=seed)
    client.simulator.tenant.delta = DeltaLimits(objects_per_page_max=20, links_per_page_max=30)
    draw = Random(seed)
    groups = [each for each in client.directory.stores["group"].live.values() if is_writable(each)]

    def others_write() -> None:
        group = draw.choice(groups)["id"]
        client.patch(f"/groups/{group}", {"displayName": f"Renamed {draw.random()}"})
        client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(client.a_user())})

    follower = Follower(client, between=others_write)
    follower.catch_up()
    follower.between = lambda: None
    follower.catch_up()
    assert follower.copy() == follower.truth()
    behaved = client.sim("GET", "/counters")["behaviours"]
    assert behaved["empty_delta_pages"] > 5
    assert behaved["moved_delta_objects"] > 5


def test_an_empty_delta_page_leads_on_by_a_link_of_its_own_and_keeps_the_rules_of_delta() -> None:
    client = a_mischievous(objects=0, empty_share=1.0)
    client.a_user()
    first = client.get("/users/delta?$select=displayName")
    again = client.get(first.body["@odata.nextLink"])
    assert (first.body["value"], again.body["value"]) == ([], [])
    assert again.body["@odata.nextLink"] != first.body["@odata.nextLink"]
    client.sim("POST", "/switches", {})
    assert len(client.get(again.body["@odata.nextLink"]).body["value"]) == 1
    client.sim("POST", "/switches", {"paging": {"empty_share": 1.0}})
    client.clock.seconds += 8 * DAY_SECONDS
    client = Client(client.simulator, client.clock)
    assert client.get(again.body["@odata.nextLink"]).status == 410


def test_a_delta_round_replays_what_was_told_before() -> None:
    client = a_mischievous(objects=0, replay_entries=2)
    link = client.get("/users/delta?$deltatoken=latest&$select=id").body["@odata.deltaLink"]
    users = [client.a_user() for _ in range(3)]
    first = client.get(link)
    assert first.ids == users
    again = client.get(first.body["@odata.deltaLink"])
    assert again.ids == users[1:]


def test_delta_takes_a_filter_of_up_to_fifty_ids() -> None:
    client = a_client(objects=0)
    users = [client.a_user() for _ in range(3)]
    wish = " or ".join(f"id eq '{user}'" for user in users[:2])
    reply = client.get(f"/users/delta?$select=city&$filter={wish}")
    assert reply.ids == users[:2]
    for user in users:
        client.patch(f"/users/{user}", {"city": "Oslo"})
    assert client.get(reply.body["@odata.deltaLink"]).ids == users[:2]
    many = " or ".join(f"id eq '{number}'" for number in range(51))
    assert client.get(f"/users/delta?$filter={many}").status == 400
