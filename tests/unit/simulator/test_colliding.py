"""Writes of different requests that meet on one object."""

from simulator.applications import BUSY_OFFICE
from tests.unit.simulator.client import Client, a_client, part, reference


def test_a_write_that_meets_another_applications_write_is_refused_until_that_one_has_spread() -> None:
    client = a_client()
    other = Client(client.simulator, client.clock, BUSY_OFFICE)
    user, group = client.a_user(), client.a_group()
    client.clock.seconds += 10.0
    client.sim("POST", "/switches", {"collisions": {"within_seconds": 2.0}})
    assert other.patch(f"/users/{user}", {"city": "Lyon"}).status == 204
    refused = client.patch(f"/users/{user.upper()}", {"city": "Rome"})
    assert (refused.status, refused.code) == (409, "Directory_ConcurrencyViolation")
    assert client.get(f"/users/{user}?$select=city").body["city"] == "Lyon"
    # A member is a write to the group, and none to the user.
    assert client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(user)}).status == 204
    assert other.delete(f"/groups/{group}/members/{user}/$ref").status == 409
    client.clock.seconds += 2.0
    assert client.patch(f"/users/{user}", {"city": "Rome"}).status == 204
    assert client.sim("GET", "/counters")["behaviours"]["collisions"] == 2


def test_parts_of_one_batch_that_wait_for_each_other_do_not_meet() -> None:
    client = a_client()
    user = client.a_user()
    client.sim("POST", "/switches", {"collisions": {"within_seconds": 2.0}})
    first = part("1", "PATCH", f"/users/{user}", {"city": "Lyon"})
    second = part("2", "PATCH", f"/users/{user}", {"city": "Rome"}, dependsOn=["1"])
    answers = client.batch(first, second)
    assert [answers[key]["status"] for key in "12"] == [204, 204]
    assert client.patch(f"/users/{user}", {"city": "Oslo"}).status == 409


def test_the_seed_decides_which_of_many_meet() -> None:
    told = []
    for seed in (1, 1, 2):
        client = a_client()
        user = client.a_user()
        client.sim("POST", "/switches", {"collisions": {"within_seconds": 9.0, "share": 0.5, "seed": seed}})
        told.append([client.patch(f"/users/{user}", {"city": "Lyon"}).status for _ in range(20)])
    assert told[0] == told[1] != told[2]
    assert {*told[0]} == {204, 409}
    plain = a_client()
    user = plain.a_user()
    assert {plain.patch(f"/users/{user}", {"city": "Lyon"}).status for _ in range(5)} == {204}
