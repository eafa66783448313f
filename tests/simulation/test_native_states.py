"""Each row of Microsoft's own state table, end to end, for every type: what a recovery makes of such an object.

The table judges an object by the snapshot and by now. Types with a recycle bin meet every row of it; types without one
can only differ or be gone, and what is gone of them is made again where one that is made again does the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import TYPES
from shared.compare.judge import HARD_DELETED
from shared.domain.changes import Action, Difference, Outcome, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.recover.plan import NEWER, left_alone
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.simulation import test_every_type as every_type
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

Json = dict[str, Any]
WITH_BIN = [entry for entry in TYPES if entry.has_bin]
WITHOUT_BIN = [entry for entry in TYPES if not entry.has_bin]
STATES = ("equal", "update", "restore", "again", "gone", "newer", "brief")
BEFORE = frozenset({"equal", "update", "restore", "again", "gone"})
CHANGED = "changed since the snapshot"


class World:
    """A tenant with one object of each type for each state; `ids` by type and state."""

    def __init__(self) -> None:
        self.clock = virtual_time.VirtualClock()
        self.simulator = Simulator(clock=self.clock.unix_seconds, seed=4, objects=40, tenant_id=TENANT)
        self.platform = Platform(self.simulator, seed=4)
        self.ids: dict[tuple[str, str], str] = {}

    def graph(self, method: str, path: str, body: object = None) -> Json:
        """Send one request as an application that may."""
        answer = self.simulator.act(CARELESS_SCRIPT, method, path, body)
        made: Json = {}
        made.update(answer.body or {})
        return made

    def make(self, entry: ObjectType, state: str) -> None:
        """Create the object of a type that is to be in a state."""
        self.ids[entry.name, state] = self.graph("POST", entry.path, self.body(entry.name, state))["id"]

    def body(self, kind: str, state: str) -> Json:
        """Return what creates an object of the type."""
        name = f"{kind} {state}"
        if kind == "servicePrincipal":
            return {"appId": self.graph("POST", "/applications", {"displayName": f"of {name}"})["appId"]}
        more: Json = MORE[kind](self, state) if kind in MORE else {}
        return {"displayName": name} | more

    def at(self, entry: ObjectType, state: str) -> str:
        """Return where the live object is."""
        return f"{entry.path}/{self.ids[entry.name, state]}"

    def bin(self, entry: ObjectType, state: str) -> str:
        """Return where the object is in its recycle bin."""
        return f"{entry.deleted_path}/{self.ids[entry.name, state]}"

    def purge(self, entry: ObjectType, state: str) -> None:
        """Have the object gone for good; of units Graph purges none by request, so there it is the end of its days."""
        if entry.name == "administrativeUnit":
            known, at = self.ids[entry.name, state], self.clock.unix_seconds()
            self.simulator.tenant.directory.remove(entry.name, known, at)
        else:
            self.graph("DELETE", self.bin(entry, state))

    def change(self, entry: ObjectType, state: str) -> None:
        """Change a property that a recovery may write."""
        name = "notes" if entry.name == "servicePrincipal" else "displayName"
        self.graph("PATCH", self.at(entry, state), {name: CHANGED})

    def value(self, entry: ObjectType, state: str) -> object:
        """Return that property as it is now."""
        live = self.simulator.tenant.directory.stores[entry.name].live[self.ids[entry.name, state]]
        return live.get("notes" if entry.name == "servicePrincipal" else "displayName")

    def is_live(self, entry: ObjectType, state: str) -> bool:
        """Tell whether the object is live."""
        return self.ids[entry.name, state] in self.simulator.tenant.directory.stores[entry.name].live

    def is_in_bin(self, entry: ObjectType, state: str) -> bool:
        """Tell whether the object is in the recycle bin."""
        return self.ids[entry.name, state] in self.simulator.tenant.directory.stores[entry.name].deleted


MORE: dict[str, Any] = {
    "user": lambda world, state: {
        "accountEnabled": True,
        "mailNickname": f"made-{state}",
        "userPrincipalName": f"made-{state}@{world.simulator.tenant.domain}",
        "passwordProfile": {"password": "Correct-Horse-9"},
    },
    "group": lambda _world, state: {"mailEnabled": False, "securityEnabled": True, "mailNickname": f"made-{state}"},
    "conditionalAccessPolicy": lambda _world, _state: {
        "state": "disabled",
        "conditions": {"users": {"includeUsers": ["None"]}, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    },
    "namedLocation": lambda _world, _state: {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "isTrusted": False,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}],
    },
}


class Told:
    """The report of what differed, and what a recovery with everything allowed but re-creation did."""

    def __init__(self, world: World, rows: list[Difference], recovery: Job, outcomes: list[Outcome]) -> None:
        self.world, self.recovery = world, recovery
        self._rows, self._outcomes = rows, outcomes

    def row(self, entry: ObjectType, state: str) -> Difference | None:
        """Return the report's row of the object in that state, None when it is not listed."""
        wanted = self.world.ids[entry.name, state]
        return next((row for row in self._rows if (row.type, row.object_id) == (entry.name, wanted)), None)

    def actions(self, entry: ObjectType, state: str) -> list[tuple[Action, Result]]:
        """Return what was done to the object."""
        wanted = self.world.ids[entry.name, state]
        return [(one.action, one.result) for one in self._outcomes if (one.type, one.object_id) == (entry.name, wanted)]


@cache
def told() -> Told:
    """Return the story, told once."""
    return virtual_time.run(_tell())


async def _tell() -> Told:
    world = World()
    platform, starting = world.platform, world.platform.operator.starting
    for entry in WITH_BIN:
        for state in STATES:
            if state in BEFORE:
                world.make(entry, state)
        world.graph("DELETE", world.at(entry, "again"))
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    wire = wire_snapshot_id(capture.snapshot_id)
    for entry in WITH_BIN:
        world.change(entry, "update")
        world.change(entry, "restore")
        world.graph("DELETE", world.at(entry, "restore"))
        world.graph("POST", f"{world.bin(entry, 'again')}/restore", {})
        world.graph("DELETE", world.at(entry, "gone"))
        world.purge(entry, "gone")
        world.make(entry, "newer")
        world.make(entry, "brief")
        world.graph("DELETE", world.at(entry, "brief"))
    report = await platform.finish(await starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    rows, _more = await platform.operator.asking.differences(TENANT, report.job_id, skip=0, top=999)
    options = Options(soft_delete_newer=True)
    recovery = await platform.finish(
        await starting.recovery(TENANT, wire, EVERYTHING, options, requested_by="operator")
    )
    outcomes = await platform.operator.asking.outcomes(TENANT, recovery.job_id)
    return Told(world, rows, recovery, outcomes)


def of_type(entries: list[ObjectType]) -> pytest.MarkDecorator:
    """Return the mark that repeats a test for each type."""
    return pytest.mark.parametrize("entry", entries, ids=[entry.name for entry in entries])


def test_the_recovery_of_all_states_together_succeeds_without_a_failure() -> None:
    recovery = told().recovery
    assert recovery.state is State.SUCCESSFUL
    assert not recovery.counts.get("objects.failed", 0) + recovery.counts.get("links.failed", 0)


@of_type(WITH_BIN)
def test_absent_then_and_existing_now_is_soft_deleted_when_asked(entry: ObjectType) -> None:
    row = told().row(entry, "newer")
    assert row is not None
    assert (row.action, left_alone(row, Options())) == (Action.SOFT_DELETE, NEWER)
    ((action, result),) = told().actions(entry, "newer")
    # a service principal goes with its application, which is newer too
    assert (action, result in {Result.APPLIED, Result.ALREADY_RIGHT}) == (Action.SOFT_DELETE, True)
    assert told().world.is_in_bin(entry, "newer")


@of_type(WITH_BIN)
def test_existing_then_and_different_now_is_set_back(entry: ObjectType) -> None:
    row = told().row(entry, "update")
    assert row is not None
    assert row.action is Action.UPDATE
    assert {result for _action, result in told().actions(entry, "update")} == {Result.APPLIED}
    assert told().world.value(entry, "update") != CHANGED


@of_type(WITH_BIN)
def test_existing_then_and_soft_deleted_now_is_restored_under_its_id_and_then_set_back(entry: ObjectType) -> None:
    row = told().row(entry, "restore")
    assert row is not None
    assert row.action is Action.RESTORE
    done = told().actions(entry, "restore")
    assert [action for action, _result in done] == [Action.RESTORE, Action.UPDATE]
    assert {result for _action, result in done} == {Result.APPLIED}
    assert told().world.is_live(entry, "restore")
    assert told().world.value(entry, "restore") != CHANGED


@of_type(WITH_BIN)
def test_soft_deleted_then_and_restored_since_is_soft_deleted_again(entry: ObjectType) -> None:
    row = told().row(entry, "again")
    assert row is not None
    assert row.action is Action.SOFT_DELETE
    assert told().actions(entry, "again") == [(Action.SOFT_DELETE, Result.APPLIED)]
    assert told().world.is_in_bin(entry, "again")


@of_type(WITH_BIN)
def test_existing_then_and_hard_deleted_now_is_shown_and_left_unless_re_creation_is_asked_for(
    entry: ObjectType,
) -> None:
    row = told().row(entry, "gone")
    assert row is not None
    assert (row.action, row.refusal) == (Action.RECREATE, HARD_DELETED)
    assert left_alone(row, Options(soft_delete_newer=True))
    assert told().actions(entry, "gone") == []
    assert not told().world.is_live(entry, "gone")
    assert not told().world.is_in_bin(entry, "gone")


@of_type(WITH_BIN)
def test_equal_then_and_now_is_not_listed_and_not_touched(entry: ObjectType) -> None:
    assert told().row(entry, "equal") is None
    assert told().actions(entry, "equal") == []
    assert told().world.is_live(entry, "equal")


@of_type(WITH_BIN)
def test_absent_then_and_soft_deleted_now_is_nothing_to_do(entry: ObjectType) -> None:
    assert told().row(entry, "brief") is None
    assert told().actions(entry, "brief") == []
    assert told().world.is_in_bin(entry, "brief")


@of_type(WITHOUT_BIN)
def test_what_has_no_recycle_bin_and_differs_or_is_gone_comes_back(entry: ObjectType) -> None:
    story = every_type.told()
    found = {row.action for row in story.damage if row.type == entry.name}
    assert found, "nothing of this type was damaged"
    assert found <= {Action.UPDATE, Action.RECREATE}
    assert Action.RECREATE not in found or entry.is_remade
    done = [one for one in story.outcomes if one.type == entry.name]
    assert done
    assert {one.result for one in done} == {Result.APPLIED}
    assert [row for row in story.after if row.type == entry.name] == []
