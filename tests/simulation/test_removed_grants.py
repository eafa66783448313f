"""What an attacker granted is removed when asked and only then, undoably; never what keeps us or administrators in."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from shared.domain.changes import Action
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.recover.plan import NEWER_GRANT
from shared.runs.ourselves import EMERGENCY, OURS_GRANTED
from shared.runs.unread import BLIND
from simulator.applications import CARELESS_SCRIPT
from simulator.directory.fingerprint import fingerprint
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.deaths import Deaths, Instance
from tests.support.platform import TENANT, Platform

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
REQUESTS = "/roleManagement/directory/roleEligibilityScheduleRequests"
REMOVED = Options(remove_newer_grants=True)
KINDS = ("oAuth2PermissionGrant", "appRoleAssignment", "unifiedRoleAssignment", "unifiedRoleEligibilitySchedule")


class Attacked:
    """A captured tenant whose emergency accounts are configured, and in which somebody granted rights to a user."""

    def __init__(self, deaths: Deaths | None = None, *, has_accounts: bool = True) -> None:
        clock = virtual_time.VirtualClock()
        self.simulator = Simulator(clock=clock.unix_seconds, seed=6, objects=120, tenant_id=TENANT)
        self.platform = Platform(self.simulator, seed=6, deaths=deaths)
        self.stores = self.simulator.tenant.directory.stores
        people = self.stores["user"].live
        self.emergency = [one for one, body in people.items() if "Emergency Access" in body["displayName"]]
        if has_accounts:
            self.platform.emergency_accounts = tuple(self.emergency)
        held = {one.get("principalId") for kind in KINDS for one in self.stores[kind].live.values()}
        cloud = (one for one, body in people.items() if not body.get("onPremisesSyncEnabled"))
        self.rogue, self.crony = [one for one in cloud if one not in held][-2:]
        self.own = next(iter(self.stores["servicePrincipal"].live))
        self.platform.own_applications = (self.stores["servicePrincipal"].live[self.own]["appId"],)
        self.platform.operator = self.platform.product(Instance(), Deaths())
        self.wire = ""

    async def capture(self) -> None:
        """Take the snapshot to go back to."""
        scheduling, clock = self.platform.operator.scheduling, self.platform.clock
        job = await self.platform.finish(await scheduling.capture(TENANT, clock.now()))
        self.wire = wire_snapshot_id(job.snapshot_id)

    def assign(self, principal: str, role: str = GLOBAL_ADMINISTRATOR) -> str:
        """Give somebody a directory role."""
        body = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"}
        return str(self.simulator.act(CARELESS_SCRIPT, "POST", ASSIGNMENTS, body).object_id)

    def attack(self) -> None:
        """Grant the rogue user one of each kind."""
        act, services = self.simulator.act, self.stores["servicePrincipal"].live
        held = self.stores["appRoleAssignment"].live.values()
        pattern = next(one for one in held if one["principalType"] == "User" and one["principalId"] != self.rogue)
        taken = {(one["clientId"], one["resourceId"]) for one in self.stores["oAuth2PermissionGrant"].live.values()}
        client = next(one for one in services if (one, pattern["resourceId"]) not in taken and one != self.own)
        consent = {"clientId": client, "resourceId": pattern["resourceId"], "consentType": "Principal"}
        act(
            CARELESS_SCRIPT,
            "POST",
            "/oauth2PermissionGrants",
            {**consent, "principalId": self.rogue, "scope": "Mail.Read"},
        )
        role = {name: pattern[name] for name in ("resourceId", "appRoleId")} | {"principalId": self.rogue}
        act(CARELESS_SCRIPT, "POST", f"/servicePrincipals/{pattern['resourceId']}/appRoleAssignedTo", role)
        self.assign(self.rogue)
        eligible = {"principalId": self.rogue, "roleDefinitionId": HELPDESK, "directoryScopeId": "/"}
        act(CARELESS_SCRIPT, "POST", REQUESTS, {"action": "adminAssign", "justification": "x", **eligible})

    def rights_of(self, principal: str) -> list[str]:
        """Return what somebody holds as text, whatever ids Graph gives it; what says nothing is left out."""
        return sorted(
            f"{kind} {msgspec.json.encode(_told(one), order='sorted').decode()}"
            for kind in KINDS
            for one in self.stores[kind].live.values()
            if one.get("principalId") == principal
        )

    async def recover(self, options: Options = REMOVED) -> Job:
        """Recover, or plan to; return the job as it ended."""
        starting = self.platform.operator.starting
        begin = starting.report if options.makes_plan else starting.recovery
        return await self.platform.finish(await begin(TENANT, self.wire, EVERYTHING, options, requested_by="me"))

    async def undo(self, job: Job) -> Job:
        """Undo a recovery."""
        starting = self.platform.operator.starting
        return await self.platform.finish(await starting.undo(TENANT, job.job_id, requested_by="me"))


STAMPS = frozenset({"id", "createdDateTime", "modifiedDateTime", "createdUsing"})


def _told(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _told(one) for name, one in value.items() if name not in STAMPS and one is not None}


def test_newer_grants_stay_unless_asked_and_a_dry_run_names_what_would_go() -> None:
    async def story() -> None:
        made = Attacked()
        await made.capture()
        made.attack()
        assert len(made.rights_of(made.rogue)) >= 4
        attacked = fingerprint(made.simulator.tenant.directory)
        left = await made.recover(Options(soft_delete_newer=True))
        assert left.counts[f"leftAlone.{NEWER_GRANT}"] == 4
        plan = await made.recover(Options(makes_plan=True, remove_newer_grants=True))
        named = [said for said in plan.warnings if said.startswith("REMOVES ")]
        assert len(named) == plan.counts["plannedObjects"] == 4
        assert all(made.rogue in said for said in named)
        assert fingerprint(made.simulator.tenant.directory) == attacked, "neither has written anything"

    virtual_time.run(story())


@pytest.mark.parametrize("has_deaths", [False, True])
def test_newer_grants_are_removed_when_asked_and_made_again_by_an_undo(has_deaths: bool) -> None:
    async def story() -> None:
        made = Attacked()
        await made.capture()
        before = made.rights_of(made.rogue)
        made.attack()
        granted = made.rights_of(made.rogue)
        deleted = made.simulator.tenant.history.hard_deletes
        deaths = Deaths(dict.fromkeys(range(150, 420, 31), "after")) if has_deaths else Deaths()
        made.platform.deaths = deaths
        job = await made.recover()
        assert job.state is State.SUCCESSFUL, job.error
        assert made.rights_of(made.rogue) == before
        assert made.simulator.tenant.history.hard_deletes == deleted + 4, "what was asked for, and nothing else"
        outcomes = await made.platform.operator.asking.outcomes(TENANT, job.job_id)
        assert {one.action for one in outcomes} == {Action.REMOVE}
        assert job.counts["confirmed"] == job.counts["objects.applied"] == 4
        undo = await made.undo(job)
        assert undo.state is State.SUCCESSFUL, undo.error
        assert made.rights_of(made.rogue) == granted
        again = await made.undo(undo)
        assert again.state is State.SUCCESSFUL, again.error
        assert made.rights_of(made.rogue) == before, "an undo can be undone"
        assert deaths.fired >= 3 or not has_deaths

    virtual_time.run(story())


def test_what_we_are_granted_and_what_emergency_accounts_hold_is_never_removed() -> None:
    async def story() -> None:
        made = Attacked()
        await made.capture()
        for principal in (made.own, made.emergency[0]):
            made.assign(principal, HELPDESK)
        body = {"displayName": "Team", "mailEnabled": False, "securityEnabled": True, "mailNickname": "team"}
        team = made.simulator.act(CARELESS_SCRIPT, "POST", "/groups", {**body, "isAssignableToRole": True}).object_id
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{made.emergency[1]}"}
        made.simulator.act(CARELESS_SCRIPT, "POST", f"/groups/{team}/members/$ref", link)
        made.assign(team, HELPDESK)
        job = await made.recover()
        assert job.state is State.SUCCESSFUL, job.error
        assert (job.counts[f"leftAlone.{OURS_GRANTED}"], job.counts[f"leftAlone.{EMERGENCY}"]) == (1, 2)
        assert not job.counts.get("objects.applied")
        assert made.simulator.tenant.history.hard_deletes == 0
        assert job.counts["manualSteps"] == 3, "what is left to people is in the runbook"

    virtual_time.run(story())


@pytest.mark.parametrize("has_accounts", [True, False])
def test_the_last_two_global_administrators_are_kept_whatever_was_asked(has_accounts: bool) -> None:
    async def story() -> None:
        made = Attacked(has_accounts=has_accounts)
        admins = [
            held
            for held in made.stores["unifiedRoleAssignment"].live.values()
            if held["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
        ]
        for held in admins:
            if not has_accounts or held["principalId"] not in made.emergency:
                made.simulator.act(CARELESS_SCRIPT, "DELETE", f"{ASSIGNMENTS}/{held['id']}")
        await made.capture()
        for one in (made.rogue, made.crony):
            made.assign(one)
        job = await made.recover()
        if has_accounts:
            assert job.state is State.SUCCESSFUL, job.error
            assert not made.rights_of(made.rogue)
        else:
            assert (job.state, job.error_code) == (State.FAILED, "lock-out")
            assert "rule 5: Global Administrator" in job.error
            assert "remove:unifiedRoleAssignment:" in job.error
            assert made.simulator.tenant.history.hard_deletes == len(admins), "by the test itself, and by nobody else"

    virtual_time.run(story())


def test_where_policies_may_not_be_read_what_depends_on_them_is_left_alone_by_name_and_the_rest_goes_on() -> None:
    async def story() -> None:
        made = Attacked()
        await made.capture()
        groups, links = made.stores["group"].live, made.simulator.tenant.directory.links
        spared = next(one for one, body in groups.items() if "Emergency Access" in body["displayName"])
        plain = next(
            one
            for one, body in groups.items()
            if one != spared
            and not body.get("onPremisesSyncEnabled")
            and not body.get("membershipRule")
            and list(links.targets(one, "members"))
        )
        member = next(iter(links.targets(plain, "members")))
        made.simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{plain}/members/{member}/$ref")
        made.simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{spared}/members/{made.emergency[0]}/$ref")
        made.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{made.rogue}", {"city": "Atlantis"})
        starting = made.platform.operator.starting
        began = await starting.recovery(TENANT, made.wire, EVERYTHING, Options(), requested_by="me")
        refusal = Rule(kind=Fault.FORBIDDEN, method="GET", path="^/identity/conditionalAccess/policies")

        async def forbid_before_the_plan() -> None:
            while not made.platform.simulator.world.faults.rules:
                batches = await made.platform.operator.ledger.batches(TENANT, began.job_id)
                if any(one.step == "compare" and one.state == "done" for one in batches):
                    made.simulator.world.faults = Faults([refusal], seed=1)
                await asyncio.sleep(0.05)

        watching = asyncio.create_task(forbid_before_the_plan())
        job = await made.platform.finish(began)
        await watching
        assert refusal.fired
        assert job.state is State.SUCCESSFUL, job.error
        assert [count for name, count in job.counts.items() if name.startswith(f"leftAlone.{BLIND}")] == [1]
        assert made.stores["user"].live[made.rogue].get("city") != "Atlantis"
        assert member in links.targets(plain, "members")
        assert made.emergency[0] not in links.targets(spared, "members"), "who is excluded from what, nobody can tell"

    virtual_time.run(story())
