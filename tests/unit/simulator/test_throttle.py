"""Quotas: what calls cost, when they are refused, and what a refusal says."""

import pytest

from simulator.applications import AUDITOR, TIDEMARK
from simulator.switches import Switches, Throttling
from simulator.throttle import Bucket, Cost, Limits, Throttle, size_of
from tests.unit.simulator.client import Client, a_client, part


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/users", 2),
        ("/users?$select=id", 1),
        ("/users?$top=5", 1),
        ("/users?$select=id&$top=5", 1),
        ("/users?$top=50", 2),
        ("/groups", 1),
        ("/groups?$expand=members($select=id)", 2),
        ("/groups?$select=id&$expand=members($select=id)", 1),
        ("/groups/GROUP/members", 3),
        ("/groups/GROUP/members?$select=id", 2),
        ("/groups/GROUP/members?$select=id&$top=5", 1),
        ("/groups/GROUP/owners", 1),
        ("/groups/GROUP/transitiveMembers", 5),
        ("/groups/GROUP/transitiveMembers?$select=id", 4),
        ("/groups/GROUP/appRoleAssignments", 1),
        ("/users/USER/appRoleAssignments", 1),
        ("/users/USER", 1),
        ("/applications", 2),
        ("/applications/APP", 1),
        ("/servicePrincipals", 1),
        ("/servicePrincipals/PRINCIPAL/appRoleAssignments", 2),
        ("/servicePrincipals/PRINCIPAL/appRoleAssignedTo", 1),
        ("/oauth2PermissionGrants", 2),
        ("/oauth2PermissionGrants/GRANT", 2),
        ("/subscribedSkus", 3),
        ("/directoryRoles", 1),
        ("/roleManagement/directory/roleAssignments", 1),
        ("/groups/delta", 1),
        ("/users/none", 1),
        ("/devices", 1),
    ],
)
def test_a_read_costs_what_the_table_says(path: str, units: int) -> None:
    client = a_client(objects=60)
    kinds = ("group", "user", "application", "servicePrincipal", "oAuth2PermissionGrant")
    for word, kind in zip(("GROUP", "USER", "APP", "PRINCIPAL", "GRANT"), kinds, strict=True):
        path = path.replace(word, next(iter(client.directory.stores[kind].live)))
    reply = client.get(path)
    assert reply.status in (200, 404, 501)
    assert reply.headers["x-ms-resource-unit"] == str(units)


def test_objects_by_ids_cost_five_units_and_two_with_a_selection() -> None:
    client = a_client()
    assert client.post("/directoryObjects/getByIds", {"ids": []}).headers["x-ms-resource-unit"] == "5"
    selected = client.post("/directoryObjects/getByIds?$select=id", {"ids": []})
    assert selected.headers["x-ms-resource-unit"] == "2"


def test_reads_beyond_the_quota_are_refused_with_all_that_helps_to_wait() -> None:
    client = a_client(objects=30, limits=Limits(read_units_max=10, read_window_seconds=10))
    replies = [client.get("/groups?$select=id") for _ in range(11)]
    assert [reply.status for reply in replies] == [200] * 10 + [429]
    shares = [reply.headers.get("x-ms-throttle-limit-percentage") for reply in replies]
    assert shares == [None] * 8 + ["0.90", "1.00", "1.10"]
    refusal = replies[-1]
    assert refusal.headers["Retry-After"] == "2.0"
    scope = f"Tenant_Application/Read/{TIDEMARK.app_id}/{client.simulator.tenant.tenant_id}"
    assert refusal.headers["x-ms-throttle-scope"] == scope
    assert refusal.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    client.clock.seconds += 2.0
    assert client.get("/groups?$select=id").status == 200


def test_refused_calls_count_so_that_hammering_makes_the_wait_longer() -> None:
    client = a_client(limits=Limits(read_units_max=10, read_window_seconds=10))
    waits = []
    for _ in range(30):
        reply = client.get("/groups?$select=id")
        if reply.status == 429:
            waits.append(float(reply.headers["Retry-After"]))
    assert waits[:8] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert set(waits[8:]) == {9}


def test_a_debt_never_grows_beyond_what_the_percentage_scale_can_say() -> None:
    bucket = Bucket(10.0, 10.0)
    for _ in range(100):
        bucket.charge(1.0, 0.0)
    assert bucket.share == pytest.approx(1.8)
    assert bucket.charge(0.0, 8.0) == pytest.approx(0.0)


def test_writes_are_limited_per_application_and_per_tenant() -> None:
    limits = Limits(writes_max=4, write_window_seconds=100, tenant_writes_max=6, tenant_write_window_seconds=100)
    client = a_client(limits=limits)
    other = Client(client.simulator, client.clock, AUDITOR)
    users = [client.a_user() for _ in range(4)]
    own = client.patch(f"/users/{users[0]}", {"city": "X"})
    assert own.status == 429
    assert own.headers["x-ms-throttle-scope"].startswith("Tenant_Application/Write/")
    assert own.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert other.patch(f"/users/{users[0]}", {"city": "X"}).status == 403
    shared = other.patch(f"/users/{users[0]}", {"city": "X"})
    assert shared.status == 429
    assert shared.headers["x-ms-throttle-scope"].startswith("Tenant/Write/")


@pytest.mark.parametrize("before", [0, 3, 20])
def test_whoever_waits_as_long_as_told_gets_through(before: int) -> None:
    client = a_client(limits=Limits(read_units_max=7, read_window_seconds=9))
    for _ in range(7 + before):
        client.get("/groups?$select=id")
    refusal = client.get("/groups?$select=id")
    assert refusal.status == 429
    client.clock.seconds += float(refusal.headers["Retry-After"])
    assert client.get("/groups?$select=id").status == 200


def test_one_application_does_not_use_up_the_reads_of_another() -> None:
    client = a_client(limits=Limits(read_units_max=3, read_window_seconds=10))
    other = Client(client.simulator, client.clock, AUDITOR)
    assert [client.get("/groups").status for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("/groups").status == 200


def test_conditional_access_takes_one_request_a_second_from_all_together_without_saying_when() -> None:
    client = a_client(limits=Limits())
    other = Client(client.simulator, client.clock, AUDITOR)
    place = "/identity/conditionalAccess"
    assert client.get(f"{place}/policies").status == 200
    refusal = other.get(f"{place}/namedLocations")
    assert refusal.status == 429
    assert "Retry-After" not in refusal.headers
    client.clock.seconds += 0.9
    assert client.get(f"{place}/deletedItems/policies").status == 429
    client.clock.seconds += 0.1
    assert client.get(f"{place}/deletedItems/policies").status == 200


def test_refusals_are_counted() -> None:
    client = a_client(limits=Limits(read_units_max=3, read_window_seconds=10))
    for _ in range(5):
        client.get("/groups")
    counted = client.sim("GET", "/counters")
    assert counted["throttled"] == 2
    assert counted["by_status"] == {"200": 3, "429": 2}
    assert counted["resource_units"] == 5


def test_a_fresh_tenant_has_the_published_limits() -> None:
    limits = Limits()
    assert (limits.read_units_max, limits.read_window_seconds) == (8_000, 10)
    assert (limits.writes_max, limits.write_window_seconds) == (3_000, 150)
    assert (limits.tenant_writes_max, limits.tenant_write_window_seconds) == (18_000, 300)
    assert limits.conditional_access_interval_seconds == 1.0


def test_low_priority_is_refused_first_where_that_is_switched_on() -> None:
    limits = Limits(read_units_max=20.0, low_priority_share=0.8)
    client = a_client(limits=limits)
    for _ in range(16):
        assert client.get("/groups").status == 200
    refused = client.get("/groups", x_ms_throttle_priority="low")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1.0")
    assert client.get("/groups", x_ms_throttle_priority="high").status == 200
    assert client.sim("GET", "/counters")["behaviours"]["refused_low_priority"] == 1


def test_low_priority_and_the_size_of_the_tenant_are_switched_while_it_runs() -> None:
    client = a_client(objects=60, limits=Limits())
    buckets = client.simulator.world.throttle
    for size, units in (("S", 3_500.0), ("M", 5_000.0), ("L", 8_000.0), ("auto", 3_500.0), (None, 8_000.0)):
        client.sim("POST", "/switches", {"throttling": {"size": size}})
        client.get("/groups")
        assert buckets.limits.read_units_max == units
    client.sim("POST", "/switches", {"throttling": {"size": "S", "low_priority_share": 0.0}})
    assert client.get("/groups", x_ms_throttle_priority="low").status == 429
    assert client.get("/groups").status == 200
    client.sim("POST", "/switches", {})
    assert client.get("/groups", x_ms_throttle_priority="low").status == 200


def test_a_smaller_size_counts_what_was_used_before() -> None:
    throttle = Throttle()
    assert throttle.charge("app", Cost(units=4_000), 0.0).is_allowed
    throttle.switch(Throttling(size="S"), users=0)
    assert not throttle.charge("app", Cost(units=1), 0.0).is_allowed
    throttle.switch(Throttling(size="L"), users=0)
    assert throttle.charge("app", Cost(units=1), 0.0).is_allowed


@pytest.mark.parametrize(("users", "size"), [(0, "S"), (49, "S"), (50, "M"), (500, "M"), (501, "L")])
def test_a_tenant_is_as_large_as_the_page_says(users: int, size: str) -> None:
    assert size_of(users) == size


def test_a_batch_with_a_throttled_part_may_itself_fail_with_424() -> None:
    switches = Switches(throttling=Throttling(is_batch_failed=True))
    client = a_client(limits=Limits(read_units_max=1.0), switches=switches)
    reply = client.post("/$batch", {"requests": [part("1", "GET", "/groups"), part("2", "GET", "/groups")]})
    assert reply.status == 424
    assert sorted(each["status"] for each in reply.body["responses"]) == [200, 429]
    client.clock.seconds += 100.0
    assert client.post("/$batch", {"requests": [part("1", "GET", "/groups")]}).status == 200


def test_applications_open_to_personal_accounts_take_sixty_writes_a_minute() -> None:
    client = a_client()
    ours = {"displayName": "Ours", "signInAudience": "AzureADMyOrg"}
    theirs = {"displayName": "Theirs", "signInAudience": "AzureADandPersonalMicrosoftAccount"}
    assert [client.post("/applications", theirs).status for _ in range(61)] == [201] * 60 + [429]
    assert client.post("/applications", ours).status == 201
    client.clock.seconds += 60.0
    made = client.post("/applications", theirs)
    assert made.status == 201
