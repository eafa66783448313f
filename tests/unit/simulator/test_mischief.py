"""Mischief while paging: page tokens that get too old, empty pages, objects that move, changes told twice."""

import pytest

from simulator.switches import Paging, Switches
from tests.unit.simulator.client import Client, a_client


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
