"""Generated tenants: the same for the same seed, and shaped like real ones."""

import subprocess
import sys
from collections import Counter

import pytest

from simulator.types import group
from tests.unit.simulator.client import a_client

PRINT = """
from simulator.service import Simulator
print(Simulator(clock=lambda: 5.0e8, seed=11, objects=200).fingerprint())
"""


def test_the_same_seed_gives_the_same_tenant_in_every_process_at_any_time() -> None:
    here = a_client(objects=200, seed=11).simulator.fingerprint()
    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed}
        )
        assert there.stdout.strip() == here
    assert a_client(objects=200, seed=12).simulator.fingerprint() != here


@pytest.mark.parametrize("objects", [0, 1, 2, 3, 7, 19, 40, 61, 333, 5_000])
def test_a_tenant_has_as_many_users_groups_policies_and_locations_as_asked_for(objects: int) -> None:
    stores = a_client(objects=objects).directory.stores
    counted = [stores[name] for name in ("user", "group", "conditionalAccessPolicy", "namedLocation")]
    assert sum(len(store.live) + len(store.deleted) for store in counted) == objects


def test_five_thousand_objects_look_like_a_company() -> None:
    directory = a_client(objects=5_000).directory
    stores = directory.stores
    users = list(stores["user"].live.values())
    assert 0.85 < len(users) / 5_000 < 0.9
    assert len(stores["conditionalAccessPolicy"].live) == 16
    assert len(stores["namedLocation"].live) == 6
    assert stores["user"].deleted
    assert stores["group"].deleted
    share = Counter(str(user["userType"]) for user in users)["Guest"] / len(users)
    assert 0.02 < share < 0.04
    assert 0.08 < sum(user.get("onPremisesSyncEnabled", False) for user in users) / len(users) < 0.12
    sizes = sorted((len(directory.links.targets(each, "members")) for each in stores["group"].live), reverse=True)
    assert sizes[1] > 500
    assert sum(size > 20 for size in sizes) > 50
    assert sizes[len(sizes) // 2] < 20


def test_there_are_groups_of_every_kind_with_owners_and_nesting() -> None:
    directory = a_client(objects=5_000).directory
    groups = directory.stores["group"].live
    dynamic = [each for each, thing in groups.items() if group.is_dynamic(thing)]
    assert 0.04 < len(dynamic) / len(groups) < 0.06
    assert all(len(directory.links.targets(each, "members")) for each in dynamic[:5])
    assert sum(not group.is_softly_deleted(thing) for thing in groups.values()) > 10
    assert sum(thing.get("onPremisesSyncEnabled", False) for thing in groups.values()) > 3
    assert sum(group.is_unified(thing) for thing in groups.values()) > 100
    owners = [len(directory.links.targets(each, "owners")) for each in groups]
    assert set(owners) <= {0, 1, 2, 3}
    assert Counter(owners)[0] == 1
    nested = [each for each in groups if any(target in groups for target in directory.links.targets(each, "members"))]
    assert len(nested) > 10


def test_the_emergency_accounts_are_excluded_from_every_generated_policy() -> None:
    client = a_client(objects=400)
    excluded = client.get("/groups?$filter=startsWith(displayName,'CA Exclusion')").ids[0]
    members = client.every(f"/groups/{excluded}/members?$select=displayName")
    assert [each["displayName"] for each in members] == ["Emergency Access 1", "Emergency Access 2"]
    policies = client.get("/identity/conditionalAccess/policies").body["value"]
    assert all(excluded in policy["conditions"]["users"]["excludeGroups"] for policy in policies)


def test_no_two_users_share_a_name_to_sign_in_with() -> None:
    users = a_client(objects=3_000).directory.stores["user"]
    every = [*users.live.values(), *users.deleted.values()]
    assert len({user["userPrincipalName"].lower() for user in every}) == len(every)


def test_every_selectable_property_of_a_user_and_a_group_is_there_or_empty() -> None:
    client = a_client(objects=40)
    for name in ("user", "group"):
        table = client.directory.stores[name].schema.properties
        item = client.get(f"/{name}s?$top=1&$select={','.join(table)}").body["value"][0]
        assert set(item) == set(table)
        assert all(item[each] is not None for each in table if table[each].empty == [])
