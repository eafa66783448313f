"""Replication lag: what a client reads may be the tenant of some seconds ago, and comes right in the end."""

import pytest

from simulator.switches import Lag, Switches
from tests.unit.simulator.client import Client, a_client, reference
from tests.unit.simulator.follower import Follower


def a_lagging(*, objects: int = 60, **lag: object) -> Client:
    """Return a client of a tenant whose replicas lag so."""
    return a_client(objects=objects, switches=Switches(lag=Lag(**lag)))  # type: ignore[arg-type]


def test_a_new_object_is_unknown_until_the_replica_caught_up() -> None:
    client = a_lagging(replicas=[20.0])
    user = client.a_user()
    assert client.get(f"/users/{user}").status == 404
    assert user not in {each["id"] for each in client.every("/users?$select=id")}
    client.clock.seconds += 21.0
    assert client.get(f"/users/{user}").status == 200
    assert client.sim("GET", "/counters")["behaviours"]["stale_reads"] == 2


def test_a_change_a_deletion_and_a_link_show_late_and_then_whole() -> None:
    client = a_lagging(objects=0)
    user, other = client.a_user(city="Old"), client.a_user()
    group = client.a_group(members=[user])
    client.clock.seconds += 100.0
    client.sim("POST", "/switches", {"lag": {"replicas": [30.0]}})
    client.patch(f"/users/{user}", {"city": "New"})
    client.delete(f"/users/{other}")
    client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(user)})
    client.delete(f"/groups/{group}/members/{user}/$ref")
    assert client.get(f"/users/{user}?$select=city").body["city"] == "Old"
    assert client.get(f"/users/{other}").status == 200
    assert client.members(group) == {user}
    client.clock.seconds += 31.0
    assert client.get(f"/users/{user}?$select=city").body["city"] == "New"
    assert client.get(f"/users/{other}").status == 404
    assert client.members(group) == set()


def test_a_user_is_found_by_the_name_the_replica_knows() -> None:
    client = a_lagging(objects=0)
    first, domain = client.a_user(), client.simulator.tenant.domain
    old, new = client.directory.stores["user"].live[first]["userPrincipalName"], f"new.name@{domain}"
    client.clock.seconds += 100.0
    client.sim("POST", "/switches", {"lag": {"replicas": [30.0]}})
    client.patch(f"/users/{first}", {"userPrincipalName": new})
    second = client.a_user(userPrincipalName=old)
    assert client.get(f"/users/{new}").status == 404
    assert client.get(f"/users/{old}").body["id"] == first
    client.clock.seconds += 31.0
    assert client.get(f"/users/{new}").body["id"] == first
    assert client.get(f"/users/{old}").body["id"] == second


@pytest.mark.parametrize("seed", range(20))
def test_looking_back_leaves_the_tenant_as_it_was(seed: int) -> None:
    client = a_client(objects=120, seed=seed)
    client.sim("POST", "/switches", {"background": {"changes_per_hour": 3600.0, "seed": seed}})
    client.clock.seconds += 150.0
    client.get("/users?$top=1")
    client.sim("POST", "/switches", {"lag": {"replicas": [50.0, 100.0, 0.0], "seed": seed}})
    before, groups = client.simulator.fingerprint(), client.get("/groups?$select=id").ids
    names = dict(client.directory.holders)
    links = {group: list(client.directory.links.targets(group, "members")) for group in groups}
    for path in ["/users?$select=id", "/groups?$select=id", f"/groups/{groups[0]}/members", "/groups/delta"] * 3:
        assert client.get(path).status == 200
    assert client.simulator.fingerprint() == before
    assert client.directory.holders == names
    after = {group: set(client.directory.links.targets(group, "members")) for group in groups}
    assert after == {group: set(targets) for group, targets in links.items()}


def test_the_same_seed_asks_the_same_replicas() -> None:
    def statuses(seed: int) -> list[int]:
        client = a_lagging(replicas=[0.0, 60.0], seed=seed)
        user = client.a_user()
        return [client.get(f"/users/{user}").status for _ in range(12)]

    assert statuses(1) == statuses(1)
    assert set(statuses(1)) == {200, 404}
    assert statuses(1) != statuses(2)


def test_the_index_lags_on_its_own() -> None:
    client = a_lagging(index_seconds=60.0)
    known = int(client.get("/users/$count", ConsistencyLevel="eventual").body)
    user = client.a_user()
    assert client.get(f"/users/{user}").status == 200
    assert int(client.get("/users/$count", ConsistencyLevel="eventual").body) == known
    client.clock.seconds += 61.0
    assert int(client.get("/users/$count", ConsistencyLevel="eventual").body) == known + 1


def test_delta_lags_and_loses_nothing() -> None:
    client = a_lagging(replicas=[0.0, 40.0], delta_seconds=90.0, seed=3)
    follower = Follower(client)
    follower.catch_up()
    user = client.a_user(department="Late")
    follower.catch_up()
    assert user not in follower.things["users"]
    client.clock.seconds += 45.0
    client.patch(f"/users/{user}", {"department": "Later"})
    client.clock.seconds += 46.0
    follower.catch_up()
    assert follower.things["users"][user]["department"] == "Late"
    client.clock.seconds += 46.0
    follower.catch_up()
    assert follower.things["users"][user]["department"] == "Later"


def test_a_write_that_names_a_fresh_object_is_not_found_for_a_while() -> None:
    client = a_lagging(objects=0, fresh_seconds={"user": 120.0})
    group, user = client.a_group(), client.a_user()
    adding = f"/groups/{group}/members/$ref", {"@odata.id": reference(user)}
    assert client.post(*adding).status == 404
    client.clock.seconds += 121.0
    assert client.post(*adding).status == 204
    assert client.sim("GET", "/counters")["behaviours"]["fresh_refusals"] == 1


def test_without_the_switch_a_write_is_seen_at_once() -> None:
    client = a_client(objects=5)
    assert client.get(f"/users/{client.a_user()}").status == 200
