"""The other incidents: what each does, that it is the same for the same seed, and what a correct recovery meets."""

from typing import Any

import pytest

from simulator.incidents.library import INCIDENTS
from simulator.moments import DAY_SECONDS
from simulator.types.roles import ASSIGNMENT
from tests.unit.simulator.client import Client, a_client, reference

BIN = "/directory/deletedItems"
OTHERS = sorted(set(INCIDENTS) - {"careless-script"})


def play(client: Client, name: str, **wish: Any) -> Any:
    """Play one incident; return its account."""
    return client.sim("POST", f"/incidents/{name}", {"seed": 1, "scale": 1.0} | wish)


def ids(told: Any, action: str) -> set[str]:
    """Return the objects an account names under one action."""
    return {each["id"] for each in told["objects"].get(action, ())}


@pytest.mark.parametrize("name", OTHERS)
def test_an_incident_depends_on_its_seed_and_says_what_a_recovery_should_reach(name: str) -> None:
    told = [play(a_client(objects=900), name, seed=seed) for seed in (1, 1, 2)]
    assert told[0] == told[1]
    assert told[0]["objects"] != told[2]["objects"]
    assert len(told[0]["after_recovery"]) > 100


@pytest.mark.parametrize("name", OTHERS)
def test_an_incident_is_nothing_at_scale_zero_and_survives_any_tenant(name: str) -> None:
    client = a_client(objects=60)
    before = client.simulator.fingerprint()
    assert play(client, name, scale=0.0)["actions"] == {}
    assert client.simulator.fingerprint() == before
    for objects in (0, 1, 5, 20, 60):
        assert play(a_client(objects=objects), name)["after_recovery"]


@pytest.mark.parametrize("name", OTHERS)
def test_emergency_accounts_can_still_sign_in_after_every_incident(name: str) -> None:
    client = a_client(objects=900)
    emergency = client.get("/users?$filter=startsWith(displayName,'Emergency Access')").ids
    held = {each["principalId"] for each in client.directory.stores[ASSIGNMENT].live.values()}
    play(client, name)
    client._tokens.clear()
    for user in emergency:
        assert client.get(f"/users/{user}?$select=accountEnabled").body["accountEnabled"] is True
    assert set(emergency) <= held
    after = {each["principalId"] for each in client.directory.stores[ASSIGNMENT].live.values()}
    assert set(emergency) <= after


def test_a_departed_administrator_purges_half_of_what_was_deleted() -> None:
    client = a_client(objects=900)
    told = play(client, "departed-admin")
    for kind in ("users", "groups", "applications"):
        purged, deleted = ids(told, f"{kind}_purged"), ids(told, f"{kind}_deleted")
        assert purged
        assert purged <= deleted
        assert all(client.get(f"{BIN}/{each}").status == 404 for each in purged)
        assert all(client.post(f"{BIN}/{each}/restore").status == 200 for each in deleted - purged)
    linked = {target for _, _, order in client.directory.links.everything() for target in order}
    assert not linked & ids(told, "users_purged")


def test_policies_keep_the_id_of_a_purged_group_that_everything_else_forgets() -> None:
    client = a_client()
    group, outer = client.a_group(), client.a_group()
    client.post(f"/groups/{outer}/members/$ref", {"@odata.id": reference(group)})
    conditions = {"users": {"includeGroups": [group]}}
    body = {"displayName": "P", "state": "disabled", "conditions": conditions}
    policy = client.post("/identity/conditionalAccess/policies", body).body["id"]
    client.delete(f"/groups/{group}")
    client.delete(f"{BIN}/{group}")
    shown = client.get(f"/identity/conditionalAccess/policies/{policy}").body
    assert shown["conditions"]["users"]["includeGroups"] == [group]
    assert client.members(outer) == set()


def test_a_ransomware_operator_is_the_only_one_left_with_a_role_beside_the_emergency_accounts() -> None:
    client = a_client(objects=900)
    emergency = set(client.get("/users?$filter=startsWith(displayName,'Emergency Access')").ids)
    told = play(client, "ransomware")
    own = ids(told, "users_created") | ids(told, "principals_created")
    holders = {each["principalId"] for each in client.get("/roleManagement/directory/roleAssignments").body["value"]}
    assert holders == emergency | own
    policies = client.get("/identity/conditionalAccess/policies").body["value"]
    assert policies
    assert {policy["state"] for policy in policies} == {"disabled"}
    grant = client.directory.stores["oAuth2PermissionGrant"].live[next(iter(ids(told, "grants_created")))]
    assert "Mail.ReadWrite" in grant["scope"]


def test_a_bad_sync_writes_what_no_client_may_and_leaves_cloud_users_alone() -> None:
    client = a_client(objects=900)
    users = client.directory.stores["user"]
    cloud = {each: dict(thing) for each, thing in users.live.items() if not thing.get("onPremisesSyncEnabled")}
    told = play(client, "bad-sync")
    cleared = next(iter(ids(told, "users_cleared")))
    assert client.get(f"/users/{cleared}?$select=department").body["department"] is None
    assert client.patch(f"/users/{cleared}", {"department": "Sales"}).status == 400
    assert all(client.post(f"{BIN}/{each}/restore").status == 200 for each in ids(told, "users_deleted"))
    assert {each: dict(users.live[each]) for each in cloud} == cloud


def test_mass_emptying_takes_links_only_and_putting_them_back_restores_the_tenant() -> None:
    client = a_client(objects=300)
    before = client.simulator.fingerprint()
    play(client, "mass-group-emptying")
    assert client.simulator.fingerprint() != before
    for write in client.sim("GET", "/writes"):
        for relation, target, how in write["links"]:
            assert how == "removed"
            link = {"@odata.id": reference(target)}
            assert client.post(f"/groups/{write['object_id']}/{relation}/$ref", link).status == 204
    assert client.simulator.fingerprint() == before


def test_hard_deletes_leave_nothing_in_any_recycle_bin() -> None:
    client = a_client(objects=900)
    deleted = {name: len(store.deleted) for name, store in client.directory.stores.items()}
    told = play(client, "hard-deletes")
    assert {name: len(store.deleted) for name, store in client.directory.stores.items()} == deleted
    assert client.sim("GET", "/counters")["hard_deletes"] >= sum(told["actions"].values()) > 50


def test_a_slow_burn_takes_thirty_days_of_the_tenants_clock_and_can_be_played_in_parts() -> None:
    whole, parts = a_client(objects=300), a_client(objects=300)
    told = play(whole, "slow-burn")
    assert whole.sim("POST", "/clock", {"advance_seconds": 0})["offset_seconds"] == 30 * DAY_SECONDS
    days = {write["at"][:10] for write in whole.sim("GET", "/writes")}
    assert len(days) >= 20
    for first in (1, 11, 21):
        play(parts, "slow-burn", first_day=first, last_day=first + 9)
    assert parts.simulator.fingerprint() == whole.simulator.fingerprint()
    assert whole.sim("GET", "/counters")["hard_deletes"] == 0
    assert min(told["actions"].values()) > 0
