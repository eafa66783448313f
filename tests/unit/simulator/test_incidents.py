"""The careless script: what it does, what it spares, and that it can be undone."""

from pathlib import Path
from typing import Any

import pytest

from simulator.applications import CARELESS_SCRIPT
from simulator.types import group
from tests.unit.simulator.client import Client, a_client, reference
from tests.unit.simulator.test_exported import BASELINE

PLACE = "/identity/conditionalAccess"


def play(client: Client, *, seed: int = 1, scale: float = 1.0) -> Any:
    """Play the incident; return its account."""
    return client.sim("POST", "/incidents/careless-script", {"seed": seed, "scale": scale})


def changes_to_repair(actions: dict[str, int]) -> int:
    """Return how many objects and links need a change, rogue objects left out."""
    return sum(count for action, count in actions.items() if not action.endswith("_created"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_full_scale_about_fifteen_hundred_changes_bring_five_thousand_objects_back(seed: int) -> None:
    actions = play(a_client(objects=5_000, seed=seed), seed=seed)["actions"]
    assert 1_200 < changes_to_repair(actions) < 1_800
    policies = sum(actions[f"{kind}_{how}"] for kind in ("policies", "locations") for how in ("changed", "deleted"))
    assert policies <= 12
    assert min(actions.values()) > 0
    assert actions["members_removed"] > 600


def test_the_account_agrees_with_the_history_of_writes() -> None:
    client = a_client(objects=800)
    told = play(client)
    writes = client.sim("GET", f"/writes?app={CARELESS_SCRIPT.app_id}")
    assert len(writes) == sum(told["actions"].values())
    assert {each["app_id"] for each in writes} == {CARELESS_SCRIPT.app_id}
    emptied = told["objects"]["members_removed"][0]["id"]
    assert client.members(emptied) == set()
    for user in told["objects"]["users_deleted"]:
        assert client.get(f"/directory/deletedItems/{user['id']}").status == 200
    for made in told["objects"]["users_created"]:
        assert client.get(f"/users/{made['id']}").body["displayName"] == made["displayName"]
    counted = client.sim("GET", "/counters")
    assert (counted["hard_deletes"], counted["throttled"]) == (0, 0)


def test_what_is_synced_and_members_of_dynamic_groups_are_spared() -> None:
    client = a_client(objects=2_000)
    directory = client.directory
    synced = {
        each: dict(thing)
        for name in ("user", "group")
        for each, thing in directory.stores[name].live.items()
        if thing.get("onPremisesSyncEnabled")
    }
    dynamic = {
        each: set(directory.links.targets(each, "members"))
        for each, thing in directory.stores["group"].live.items()
        if group.is_dynamic(thing)
    }
    play(client)
    for each, before in synced.items():
        assert directory.live(each) == ("user" if "userPrincipalName" in before else "group", before)
    assert dynamic
    assert {each: set(directory.links.targets(each, "members")) for each in dynamic} == dynamic


def test_the_same_seed_does_the_same_and_another_seed_something_else() -> None:
    told = [play(a_client(objects=500), seed=seed) for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


@pytest.mark.parametrize("objects", [0, 1, 5, 20, 60, 150])
def test_small_tenants_survive_it(objects: int) -> None:
    assert play(a_client(objects=objects))["actions"]["users_created"] == 3


def test_nothing_happens_at_scale_zero_and_less_at_a_smaller_scale() -> None:
    client = a_client(objects=1_000)
    before = client.simulator.fingerprint()
    told = play(client, scale=0.0)
    assert (told["actions"], told["objects"]) == ({}, {})
    assert client.simulator.fingerprint() == before
    small = play(a_client(objects=1_000), scale=0.2)["actions"]
    assert 0 < small["users_disabled"] < play(client)["actions"]["users_disabled"]


@pytest.mark.skipif(not BASELINE.is_dir(), reason="the exported sample configuration is not beside this repository")
def test_a_third_of_the_loaded_policies_is_harmed() -> None:
    client = a_client(objects=300, load_from=Path(BASELINE), report=lambda _line: None)
    loaded = set(client.simulator.tenant.loaded_ids)
    told = play(client)["objects"]
    harmed = {each["id"] for action in ("policies_changed", "policies_deleted") for each in told[action]}
    policies = [each for each in loaded if each in client.directory.stores["conditionalAccessPolicy"].order]
    assert len(harmed & loaded) * 3 >= len(policies)


def test_a_correct_recovery_leaves_no_trace_but_the_objects_left_behind() -> None:
    client = a_client(objects=600)
    users = {each: dict(thing) for each, thing in client.directory.stores["user"].live.items()}
    before = client.simulator.fingerprint()
    policies = {each["id"]: each for each in client.get(f"{PLACE}/policies").body["value"]}
    locations = {each["id"]: each for each in client.get(f"{PLACE}/namedLocations").body["value"]}
    told = play(client)
    objects = told["objects"]
    for thing in [*objects["users_deleted"], *objects["groups_deleted"]]:
        assert client.post(f"/directory/deletedItems/{thing['id']}/restore").status == 200
    for kind, name in (("policies", "policies"), ("locations", "namedLocations")):
        for thing in objects[f"{kind}_deleted"]:
            assert client.post(f"{PLACE}/deletedItems/{name}/{thing['id']}/restore").status == 200
    for thing in objects["users_disabled"]:
        client.patch(f"/users/{thing['id']}", {"accountEnabled": True})
    for thing in objects["users_cleared"]:
        was = users[thing["id"]]
        change = {"jobTitle": was.get("jobTitle"), "department": was.get("department")}
        assert client.patch(f"/users/{thing['id']}", change).status == 204
    for thing in objects["policies_changed"]:
        was = policies[thing["id"]]
        change = {"state": was["state"], "conditions": was["conditions"]}
        assert client.patch(f"{PLACE}/policies/{thing['id']}", change).status == 204
    for thing in objects["locations_changed"]:
        kept = ("@odata.type", "ipRanges", "countriesAndRegions")
        change = {name: value for name, value in locations[thing["id"]].items() if name in kept}
        assert client.patch(f"{PLACE}/namedLocations/{thing['id']}", change).status == 204
    for each in client.sim("GET", f"/writes?app={CARELESS_SCRIPT.app_id}"):
        for relation, target, how in each["links"]:
            assert how == "removed"
            link = {"@odata.id": reference(target)}
            assert client.post(f"/groups/{each['object_id']}/{relation}/$ref", link).status == 204
    made = [each["id"] for action in ("users", "groups", "policies") for each in objects[f"{action}_created"]]
    assert client.sim("GET", f"/fingerprint?ignoring={','.join(made)}") == {"fingerprint": before}
