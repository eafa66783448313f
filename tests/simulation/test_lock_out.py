"""Recoveries under the lock-out guard: refused before anything is written, staged, or carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING, Scope
from simulator.applications import CARELESS_SCRIPT, TIDEMARK
from simulator.faults import Fault, Faults, Rule
from simulator.http import Request
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

EMERGENCY_GROUP = "CA Exclusion - Emergency Access"
BLOCK = {"operator": "OR", "builtInControls": ["block"]}
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
PACE_SECONDS = 5.0  # Conditional Access takes one request a second from all applications together
A_COUNTRY = {
    "@odata.type": "#microsoft.graph.countryNamedLocation",
    "displayName": "Nowhere",
    "countriesAndRegions": ["AQ"],
    "includeUnknownCountriesAndRegions": False,
}


def recovered(
    before: Callable[[Platform], None],
    after: Callable[[Platform], None],
    *,
    has_accounts: bool = True,
    scope: Scope = EVERYTHING,
    options: Options = Options(),  # noqa: B008
) -> tuple[Platform, Job]:
    """Change a tenant by `before`, capture it, change it by `after`, recover; return how the recovery ended."""

    async def story() -> tuple[Platform, Job]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=3, objects=60, tenant_id=TENANT)
        platform = Platform(simulator, seed=3)
        if has_accounts:
            platform.emergency_accounts = tuple(accounts(platform))
        before(platform)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        await clock.sleep(PACE_SECONDS)
        after(platform)
        await clock.sleep(PACE_SECONDS)
        wire = wire_snapshot_id(capture.snapshot_id)
        started = await platform.operator.starting.recovery(TENANT, wire, scope, options, requested_by="operator")
        return platform, await platform.finish(started)

    return virtual_time.run(story())


def live(platform: Platform, type_name: str) -> dict[str, Any]:
    return platform.simulator.tenant.directory.stores[type_name].live


def excluded_group(platform: Platform) -> str:
    return next(known for known, body in live(platform, "group").items() if body["displayName"] == EMERGENCY_GROUP)


def accounts(platform: Platform) -> list[str]:
    return [known for known, body in live(platform, "user").items() if "Emergency Access" in body["displayName"]]


def write(platform: Platform, method: str, path: str, body: Any = None) -> None:
    """Write as an administrator would."""
    token = platform.simulator.issue_token(TIDEMARK, "https://graph.microsoft.com", base_url="https://login.test")
    headers = {"host": "graph.microsoft.com", "authorization": f"Bearer {token}", "content-type": "application/json"}
    content = msgspec.json.encode(body) if body is not None else b""
    answer = platform.simulator.handle(Request(method, f"/v1.0{path}", headers, content, "https"))
    assert answer.status < 300, answer.body


def policy(platform: Platform) -> str:
    """Return the id of the first policy for everybody."""
    found = live(platform, "conditionalAccessPolicy")
    return next(known for known, body in found.items() if body["displayName"].startswith("Everyone"))


def change(platform: Platform, **values: Any) -> None:
    write(platform, "PATCH", f"/identity/conditionalAccess/policies/{policy(platform)}", values)


def spare_nobody(platform: Platform) -> None:
    change(platform, conditions={"users": {"excludeGroups": []}}, grantControls=BLOCK)


def switch_off(platform: Platform) -> None:
    change(platform, state="disabled")


def nothing(_platform: Platform) -> None:
    """Leave the tenant as it is."""


def writes(platform: Platform) -> list[Any]:
    """Return what happened to the tenant since the test's own last write."""
    return list(platform.simulator.tenant.history.of(TIDEMARK.app_id))


def test_a_recovery_that_would_lock_everybody_out_is_refused_and_writes_nothing() -> None:
    counted: list[int] = []

    def harm(platform: Platform) -> None:
        switch_off(platform)
        counted.append(len(writes(platform)))

    platform, job = recovered(spare_nobody, harm)
    assert (job.state, job.error_code) == (State.FAILED, "lock-out")
    assert "rule 2" in job.error
    assert policy(platform) in job.error
    assert "policy_enable" in job.error
    assert len(writes(platform)) == counted[0]


def test_a_policy_is_switched_on_last_and_report_only_before() -> None:
    seen: list[int] = []

    def harm(platform: Platform) -> None:
        switch_off(platform)
        seen.append(len(writes(platform)))

    platform, job = recovered(nothing, harm)
    assert job.state is State.SUCCESSFUL
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabled"
    staged = writes(platform)[seen[0] :]
    assert [one.object_id for one in staged] == [policy(platform)] * 2


def test_without_emergency_accounts_only_the_policy_that_spares_nobody_is_left_alone() -> None:
    person = "department"

    def harm(platform: Platform) -> None:
        switch_off(platform)
        write(platform, "PATCH", f"/users/{accounts(platform)[0]}", {person: "changed"})

    platform, job = recovered(spare_nobody, harm, has_accounts=False)
    assert job.state is State.SUCCESSFUL
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "disabled"
    assert live(platform, "user")[accounts(platform)[0]].get(person) is None
    assert [name for name in job.counts if name.startswith("leftAlone.could lock everybody out")]


def test_a_recovery_of_policies_alone_finds_the_direct_members_of_the_excluded_group() -> None:
    scope = Scope(types=("conditionalAccessPolicy",))
    assert recovered(nothing, switch_off, scope=scope)[1].state is State.SUCCESSFUL
    assert recovered(spare_nobody, switch_off, scope=scope)[1].error_code == "lock-out"


def test_a_snapshot_whose_exclusion_is_lost_is_refused_although_the_policy_itself_is_the_same() -> None:
    def leave(platform: Platform) -> None:
        for account in accounts(platform):
            write(platform, "DELETE", f"/groups/{excluded_group(platform)}/members/{account}/$ref")

    def join(platform: Platform) -> None:
        for account in accounts(platform):
            path = f"/groups/{excluded_group(platform)}/members/$ref"
            reference = f"https://graph.microsoft.com/v1.0/directoryObjects/{account}"
            write(platform, "POST", path, {"@odata.id": reference})

    _platform, job = recovered(leave, join)
    assert job.error_code == "lock-out"
    assert "rule 3" in job.error


def leave_and_switch_off(platform: Platform) -> None:
    """Take the accounts out of the excluded group, and the policy that spares it out of force."""
    switch_off(platform)
    for account in accounts(platform):
        write(platform, "DELETE", f"/groups/{excluded_group(platform)}/members/{account}/$ref")


def test_a_policy_is_not_switched_on_when_its_exclusion_did_not_come_back() -> None:
    refusals: list[Rule] = []

    def harm(platform: Platform) -> None:
        leave_and_switch_off(platform)
        refusals.append(Rule(kind=Fault.FORBIDDEN, method="PATCH|POST", path=f"^/groups/{excluded_group(platform)}"))
        platform.simulator.world.faults = Faults([*refusals])

    platform, job = recovered(nothing, harm)
    assert refusals[0].fired > 0
    assert job.state is State.SUCCESSFUL
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabledForReportingButNotEnforced"
    assert any("1 policies were left report-only" in said for said in job.warnings)
    outcomes = virtual_time.run(platform.operator.asking.outcomes(TENANT, job.job_id))
    (held,) = [one for one in outcomes if one.error_code == "lock-out"]
    assert held.object_id == policy(platform)
    assert "left report-only: lock-out guard, rule 2" in held.message


def test_a_policy_is_switched_on_when_its_exclusion_came_back_by_the_same_recovery() -> None:
    platform, job = recovered(nothing, leave_and_switch_off)
    assert job.state is State.SUCCESSFUL
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabled"
    assert not job.warnings


def test_an_exclusion_through_a_nested_group_that_came_back_counts_too() -> None:
    inner: list[str] = []

    def nest(platform: Platform) -> None:
        body = {"displayName": "Inner", "mailEnabled": False, "securityEnabled": True, "mailNickname": "inner"}
        inner.append(platform.simulator.act(CARELESS_SCRIPT, "POST", "/groups", body).object_id)
        root = "https://graph.microsoft.com/v1.0/directoryObjects/"
        for account in accounts(platform):
            write(platform, "DELETE", f"/groups/{excluded_group(platform)}/members/{account}/$ref")
            write(platform, "POST", f"/groups/{inner[0]}/members/$ref", {"@odata.id": root + account})
        path = f"/groups/{excluded_group(platform)}/members/$ref"
        write(platform, "POST", path, {"@odata.id": root + inner[0]})

    def empty(platform: Platform) -> None:
        switch_off(platform)
        write(platform, "DELETE", f"/groups/{excluded_group(platform)}/members/{inner[0]}/$ref")

    platform, job = recovered(nest, empty)
    assert job.state is State.SUCCESSFUL, job.error
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabled"


def test_without_emergency_accounts_a_policy_whose_exclusion_stays_empty_is_not_switched_on() -> None:
    def harden(platform: Platform) -> None:
        change(platform, grantControls=BLOCK)

    def harm(platform: Platform) -> None:
        leave_and_switch_off(platform)
        rule = Rule(kind=Fault.FORBIDDEN, method="PATCH|POST", path=f"^/groups/{excluded_group(platform)}")
        platform.simulator.world.faults = Faults([rule])

    platform, job = recovered(harden, harm, has_accounts=False)
    assert job.state is State.SUCCESSFUL
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabledForReportingButNotEnforced"
    assert any("left report-only" in said for said in job.warnings)


def test_a_policy_that_was_switched_on_is_read_back_and_the_report_says_so() -> None:
    _platform, job = recovered(nothing, switch_off)
    assert job.counts["switchedOn"] == 1
    assert "switchedOnOtherwise" not in job.counts


def test_a_policy_whose_first_stage_failed_is_not_switched_on() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, method="PATCH", path="^/identity/conditionalAccess/policies/", times=1)

    def harm(platform: Platform) -> None:
        switch_off(platform)
        platform.simulator.world.faults = Faults([rule])

    platform, job = recovered(nothing, harm)
    assert rule.fired == 1
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "disabled"
    outcomes = virtual_time.run(platform.operator.asking.outcomes(TENANT, job.job_id))
    assert [one.error_code for one in outcomes][1:] == ["not-landed"]


def test_members_that_nobody_knew_in_a_group_that_comes_back_keep_policies_off() -> None:
    """Emergency accounts joined a group after the snapshot, it was deleted, and they cannot be taken out again."""
    team: list[str] = []
    rules: list[Rule] = []

    def block_a_team(platform: Platform) -> None:
        body = {"displayName": "Team", "mailEnabled": False, "securityEnabled": True, "mailNickname": "team"}
        team.append(platform.simulator.act(CARELESS_SCRIPT, "POST", "/groups", body).object_id)
        users = {"includeUsers": [], "includeGroups": team, "excludeGroups": []}
        change(platform, conditions={"users": users}, grantControls=BLOCK)

    def harm(platform: Platform) -> None:
        switch_off(platform)
        root = "https://graph.microsoft.com/v1.0/directoryObjects/"
        for account in accounts(platform):
            write(platform, "POST", f"/groups/{team[0]}/members/$ref", {"@odata.id": root + account})
        write(platform, "DELETE", f"/groups/{team[0]}")
        rules.append(Rule(kind=Fault.FORBIDDEN, method="DELETE", path=f"^/groups/{team[0]}/members/"))
        platform.simulator.world.faults = Faults([*rules])

    platform, job = recovered(block_a_team, harm)
    assert rules[0].fired > 0
    assert job.state is State.SUCCESSFUL, job.error
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabledForReportingButNotEnforced"
    outcomes = virtual_time.run(platform.operator.asking.outcomes(TENANT, job.job_id))
    (held,) = [one for one in outcomes if one.error_code == "lock-out"]
    assert "rule 2" in held.message
    assert "policy_enable" in held.message


def add_a_policy_and_its_location(platform: Platform) -> None:
    """Somebody blocks a country by an enforced policy of their own, which spares the emergency accounts."""
    place = act(platform, "/identity/conditionalAccess/namedLocations", A_COUNTRY)
    users = {"includeUsers": ["All"], "excludeGroups": [excluded_group(platform)]}
    conditions = {
        "users": users,
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "locations": {"includeLocations": [place]},
    }
    grant = {"operator": "OR", "builtInControls": ["block"]}
    body = {"displayName": "Nobody from nowhere", "state": "enabled", "conditions": conditions, "grantControls": grant}
    act(platform, "/identity/conditionalAccess/policies", body)


def act(platform: Platform, path: str, body: Any) -> str:
    """Create something as a script would, past the quota of one request a second; return its id."""
    return str(platform.simulator.act(CARELESS_SCRIPT, "POST", path, body).object_id)


def test_a_newer_policy_goes_together_with_the_location_it_names_and_an_undo_brings_both_back() -> None:
    platform, job = recovered(nothing, add_a_policy_and_its_location, options=Options(soft_delete_newer=True))
    assert (job.state, job.error) == (State.SUCCESSFUL, "")
    counts = {
        name: count for name, count in job.counts.items() if ".softDelete." in name and name.startswith("outcome")
    }
    assert counts == {
        "outcome.conditionalAccessPolicy.softDelete.applied": 1,
        "outcome.namedLocation.softDelete.applied": 1,
    }
    names = {
        body["displayName"]
        for kind in ("namedLocation", "conditionalAccessPolicy")
        for body in live(platform, kind).values()
    }
    assert not names & {"Nowhere", "Nobody from nowhere"}

    async def taken_back() -> None:
        starting = platform.operator.starting
        undo = await platform.finish(await starting.undo(TENANT, job.job_id, requested_by="operator"))
        assert (undo.state, undo.error) == (State.SUCCESSFUL, "")
        again = await platform.finish(await starting.undo(TENANT, undo.job_id, requested_by="operator"))
        assert (again.state, again.error) == (State.SUCCESSFUL, ""), "it deletes the pair it brought back"

    virtual_time.run(taken_back())


def hold_the_role_by_a_group(platform: Platform) -> None:
    """Give Global Administrator to a group of the emergency accounts, and take their own assignments away."""
    body = {"displayName": "Admins", "mailEnabled": False, "securityEnabled": True, "mailNickname": "admins"}
    made = platform.simulator.act(CARELESS_SCRIPT, "POST", "/groups", {**body, "isAssignableToRole": True})
    ours = [
        known
        for known, one in live(platform, "unifiedRoleAssignment").items()
        if one["roleDefinitionId"] == GLOBAL_ADMINISTRATOR and one["principalId"] in accounts(platform)
    ]
    root = "https://graph.microsoft.com/v1.0/directoryObjects/"
    for account in accounts(platform):
        write(platform, "POST", f"/groups/{made.object_id}/members/$ref", {"@odata.id": root + account})
    assignment = {"principalId": made.object_id, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    write(platform, "POST", ASSIGNMENTS, assignment)
    for known in ours:
        write(platform, "DELETE", f"{ASSIGNMENTS}/{known}")


def test_a_policy_is_switched_on_where_the_accounts_hold_their_role_by_a_group() -> None:
    platform, job = recovered(hold_the_role_by_a_group, switch_off)
    assert job.state is State.SUCCESSFUL, job.error
    assert live(platform, "conditionalAccessPolicy")[policy(platform)]["state"] == "enabled"
    assert not job.warnings


def test_a_newer_location_stays_where_the_policy_that_names_it_could_not_be_set_back() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, method="PATCH", path="^/identity/conditionalAccess/policies/")
    places: list[str] = []

    def harm(platform: Platform) -> None:
        body = {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Newer", "isTrusted": False}
        ranges = [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}]
        path = "/identity/conditionalAccess/namedLocations"
        made = platform.simulator.act(CARELESS_SCRIPT, "POST", path, {**body, "ipRanges": ranges})
        places.append(made.object_id)
        change(platform, conditions={"locations": {"includeLocations": places, "excludeLocations": []}})
        platform.simulator.world.faults = Faults([rule])

    platform, job = recovered(nothing, harm, options=Options(soft_delete_newer=True))
    assert rule.fired > 0
    assert job.state is State.SUCCESSFUL, job.error
    assert places[0] in live(platform, "namedLocation")
    outcomes = virtual_time.run(platform.operator.asking.outcomes(TENANT, job.job_id))
    (held,) = [one for one in outcomes if one.error_code == "lock-out"]
    assert (held.object_id, held.action) == (places[0], "softDelete")
    assert "left as it was: lock-out guard, rule 4: policy" in held.message
    assert any("1 objects were not removed" in said for said in job.warnings)
