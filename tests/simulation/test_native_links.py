"""Rows of Microsoft's own table of links, end to end: grants, assignments, and links whose other end is gone.

Groups, owners, managers and dynamic membership are in tests/unit/compare/test_native_rules.py and test_every_type.py.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from shared.domain.changes import Action, Difference, Outcome, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import EVERYTHING
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

Json = dict[str, Any]
GRANT, ASSIGNMENT = "oAuth2PermissionGrant", "appRoleAssignment"


class World:
    """A tenant in which an application's rights were taken away, and one of its service principals was deleted."""

    def __init__(self) -> None:
        self.clock = virtual_time.VirtualClock()
        self.simulator = Simulator(clock=self.clock.unix_seconds, seed=11, objects=220, tenant_id=TENANT, is_mixed=True)
        self.platform = Platform(self.simulator, seed=11)
        stores = self.simulator.tenant.directory.stores
        self.grants, self.assignments = stores[GRANT].live, stores[ASSIGNMENT].live
        self.for_all = self.one(self.grants, consentType="AllPrincipals")
        self.assigned = next(iter(self.assignments.values()))
        taken = {self.for_all["clientId"], self.assigned["principalId"], self.assigned["resourceId"]}
        user = self.one(stores["user"].live, onPremisesSyncEnabled=None)["id"]
        consent = {
            "clientId": self.for_all["clientId"],
            "consentType": "Principal",
            "principalId": user,
            "resourceId": self.for_all["resourceId"],
            "scope": "User.Read",
        }
        self.graph("POST", "/oauth2PermissionGrants", consent)
        self.for_one = self.one(self.grants, principalId=user)
        self.hidden = next(one for one in self.grants.values() if one["clientId"] not in taken)
        links = self.simulator.tenant.directory.links
        self.group, self.member = next(
            (group, member)
            for group, body in stores["group"].live.items()
            if not body.get("onPremisesSyncEnabled") and not body.get("groupTypes")
            for member in links.targets(group, "members")
            if member in stores["user"].live and member != user
        )

    @staticmethod
    def one(live: Any, **having: object) -> Json:
        """Return the first object with these values."""
        found: Json = next(one for one in live.values() if all(one.get(name) == has for name, has in having.items()))
        return dict(found)

    def graph(self, method: str, path: str, body: object = None) -> None:
        """Send one request as an application that may."""
        self.simulator.act(CARELESS_SCRIPT, method, path, body)

    def harm(self) -> None:
        """Take the rights away, delete a principal with its rights, and a member for good."""
        self.graph("DELETE", f"/oauth2PermissionGrants/{self.for_all['id']}")
        self.graph("DELETE", f"/oauth2PermissionGrants/{self.for_one['id']}")
        resource = self.assigned["resourceId"]
        self.graph("DELETE", f"/servicePrincipals/{resource}/appRoleAssignedTo/{self.assigned['id']}")
        self.graph("DELETE", f"/servicePrincipals/{self.hidden['clientId']}")
        self.graph("DELETE", f"/users/{self.member}")
        self.graph("DELETE", f"/directory/deletedItems/{self.member}")


class Told:
    """What the report said and the recovery did."""

    def __init__(self, world: World, state: State, rows: list[Difference], outcomes: list[Outcome]) -> None:
        self.world, self.state, self.rows, self.outcomes = world, state, rows, outcomes


@cache
def told() -> Told:
    """Return the story, told once."""
    return virtual_time.run(_tell())


async def _tell() -> Told:
    world = World()
    platform, starting = world.platform, world.platform.operator.starting
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    wire = wire_snapshot_id(capture.snapshot_id)
    world.harm()
    report = await platform.finish(await starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    rows, _more = await platform.operator.asking.differences(TENANT, report.job_id, skip=0, top=999)
    recovery = await platform.finish(
        await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
    )
    return Told(world, recovery.state, rows, await platform.operator.asking.outcomes(TENANT, recovery.job_id))


def same(live: Any, wanted: Json, *names: str) -> list[Json]:
    """Return the live objects that say the same as `wanted` in these properties."""
    return [one for one in live.values() if all(one.get(name) == wanted.get(name) for name in names)]


def test_an_admin_consented_grant_that_was_revoked_is_made_again() -> None:
    story = told()
    assert len(same(story.world.grants, story.world.for_all, "clientId", "resourceId", "consentType", "scope")) == 1
    made = [one for one in story.outcomes if one.type == GRANT and one.action is Action.RECREATE]
    assert {one.result for one in made} == {Result.APPLIED}


def test_a_user_consented_grant_which_native_leaves_out_is_made_again_too() -> None:
    story = told()
    assert len(same(story.world.grants, story.world.for_one, "clientId", "resourceId", "principalId", "scope")) == 1


def test_an_app_role_assignment_that_was_taken_away_is_made_again() -> None:
    story = told()
    assert len(same(story.world.assignments, story.world.assigned, "principalId", "resourceId", "appRoleId")) == 1
    (made,) = [one for one in story.outcomes if one.type == ASSIGNMENT]
    assert (made.action, made.result) == (Action.RECREATE, Result.APPLIED)


def test_rights_of_a_deleted_service_principal_come_back_with_it_and_are_no_rows_of_their_own() -> None:
    story = told()
    client = story.world.hidden["clientId"]
    rows = [row for row in story.rows if row.object_id == client]
    assert [row.action for row in rows] == [Action.RESTORE]
    assert [row for row in story.rows if row.type == GRANT and client in row.object_id] == []
    assert len(same(story.world.grants, story.world.hidden, "clientId", "resourceId", "consentType", "scope")) == 1


def test_a_link_to_an_object_that_no_longer_exists_is_a_failed_change_with_its_reason_and_nothing_else_fails() -> None:
    story = told()
    assert story.state is State.SUCCESSFUL
    failed = [one for one in story.outcomes if one.result is Result.FAILED]
    assert story.world.member in {one.other_id for one in failed}
    assert all(story.world.member in f"{one.object_id} {one.other_id} {one.target}" for one in failed)
    assert all(one.message for one in failed)
