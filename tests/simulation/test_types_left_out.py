"""A type that Graph refuses as a whole is left out by name, everywhere, and nothing is concluded from its absence."""

from __future__ import annotations

import pytest

from shared.catalogue.types import TYPES
from shared.domain.errors import InputError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, State
from shared.domain.scope import EVERYTHING, Scope
from simulator.faults import Fault, Rule
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT

USER, GROUP = 1, 2
GROUPS = r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b"
POLICIES = "^/identity/conditionalAccess/policies"


async def reported(days: Days, job: Job, scope: Scope = EVERYTHING) -> Job:
    starting = days.platform.operator.starting
    wire_id = wire_snapshot_id(job.snapshot_id)
    return await days.platform.finish(await starting.report(TENANT, wire_id, scope, requested_by="me"))


@pytest.mark.parametrize(
    ("name", "path"),
    [("group", GROUPS), ("conditionalAccessPolicy", POLICIES), ("appRoleAssignment", "/appRoleAssignedTo")],
)
def test_a_refused_type_is_named_with_graphs_reason_in_manifest_list_and_job(name: str, path: str) -> None:
    async def story() -> None:
        days = Days(21, faults=[Rule(kind=Fault.FORBIDDEN, path=path)])
        job = await days.captured()
        assert job.state is State.SUCCESSFUL, job.error
        manifest = days.manifest(job)
        [listed] = await days.platform.operator.snapshots.listed(TENANT)
        assert manifest.incomplete == listed.incomplete == job.notes["incomplete"]
        assert list(manifest.incomplete) == [name]
        assert name not in manifest.types
        assert "403 Authorization_RequestDenied" in manifest.incomplete[name]
        assert "request-id" in manifest.incomplete[name]
        shown = await days.platform.operator.asking.job(TENANT, job.job_id)
        assert f"INCOMPLETE: the snapshot does not hold {name}: {manifest.incomplete[name]}" in shown.warnings

    virtual_time.run(story())


def test_a_report_against_a_snapshot_without_a_type_says_so_and_infers_no_deletion() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.FORBIDDEN, path=GROUPS)
        days = Days(22, faults=[rule])
        without = await days.captured()
        days.simulator.world.faults.rules.remove(rule)
        report = await reported(days, without)
        assert report.state is State.SUCCESSFUL, report.error
        assert report.counts.get("objectsCalculated", 0) == 0
        assert "the snapshot does not hold it: Graph answered 403" in report.notes["notCompared"]["group"]
        (warning,) = (await days.platform.operator.asking.job(TENANT, report.job_id)).warnings
        assert warning == f"NOT COMPARED: group: {report.notes['notCompared']['group']}"
        with pytest.raises(InputError, match="group cannot be compared: the snapshot does not hold it"):
            await reported(days, without, Scope(types=("group",)))

    virtual_time.run(story())


def test_a_report_by_somebody_who_may_no_longer_read_a_type_infers_no_deletion_either() -> None:
    async def story() -> None:
        days = Days(23)
        whole = await days.captured()
        days.simulator.world.faults.rules.append(Rule(kind=Fault.FORBIDDEN, path=GROUPS))
        report = await reported(days, whole)
        assert report.state is State.SUCCESSFUL, report.error
        assert report.counts.get("objectsCalculated", 0) == 0
        assert "the tenant refuses it now" in report.notes["notCompared"]["group"]

    virtual_time.run(story())


def test_a_type_is_read_whole_again_once_it_is_granted_and_left_out_by_delta_captures_too() -> None:
    async def story() -> None:
        days = Days(24)
        await days.captured()
        rule = Rule(kind=Fault.FORBIDDEN, path=GROUPS)
        days.simulator.world.faults.rules.append(rule)
        without, point = await days.captured(), await days.restore_point()
        assert list(days.manifest(without).incomplete) == list(days.manifest(point).incomplete) == ["group"]
        assert days.ways(without)["user"] == "delta"
        state = await days.platform.operator.snapshots.open(TENANT, point.snapshot_id)
        codes = {row.type_code for row in await state.index(0, 1)}
        assert (USER in codes, GROUP in codes) == (True, False)
        assert not {row[0] for row in await state.links(0, 1)} & {1, 2}
        days.simulator.world.faults.rules.remove(rule)
        granted = await days.captured()
        assert days.manifest(granted).types["group"].why == "the state before does not hold it"
        assert await days.found(granted) == 0

    virtual_time.run(story())


def test_a_capture_that_may_read_nothing_fails_by_that_name() -> None:
    async def story() -> None:
        days = Days(25, faults=[Rule(kind=Fault.FORBIDDEN, path=r"^/(?!\$batch)")])
        job = await days.captured()
        assert (job.state, job.error_code) == (State.FAILED, "directory")
        assert "no type may be read" in job.error
        assert not days.platform.vault.contents

    virtual_time.run(story())


def test_a_trial_that_fails_otherwise_than_by_a_refusal_fails_the_capture() -> None:
    async def story() -> None:
        days = Days(26, faults=[Rule(kind=Fault.GONE, path=GROUPS)])
        job = await days.captured()
        assert job.state is State.FAILED
        assert "group probe /groups: Graph answered 410" in job.error

    virtual_time.run(story())


KINDS = {
    "agentIdentity": ("servicePrincipal", r"^/servicePrincipals/microsoft.graph.agentIdentity\b"),
    "agentIdentityBlueprintPrincipal": (
        "servicePrincipal",
        r"^/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal\b",
    ),
    "agentIdentityBlueprint": ("application", r"^/applications/microsoft.graph.agentIdentityBlueprint\b"),
}


def sponsored(days: Days, kind: str) -> str:
    """Give the first live object of a derived type one more sponsor; return its id."""
    directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
    live = directory.stores[KINDS[kind][0]].live.values()
    thing = next(one["id"] for one in live if one.get("@odata.type") == f"#microsoft.graph.{kind}")
    has = directory.links.targets(thing, "sponsors")
    directory.link(thing, "sponsors", next(one for one in sorted(directory.stores["user"].live) if one not in has), at)
    return str(thing)


@pytest.mark.parametrize("kind", KINDS)
def test_of_agents_only_the_kind_that_is_refused_is_left_out_by_name(kind: str) -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.FORBIDDEN, path=KINDS[kind][1])
        days = Days(27, objects=120, is_mixed=True, faults=[rule])
        without = await days.captured()
        assert without.state is State.SUCCESSFUL, without.error
        assert list(without.notes["incomplete"]) == list(days.manifest(without).incomplete) == [kind]
        assert set(days.manifest(without).types) == {entry.name for entry in TYPES}
        renamed = {other: sponsored(days, other) for other in KINDS}
        report = await days.reported(without)
        assert report.state is State.SUCCESSFUL, report.error
        assert "the snapshot does not hold what only it has: Graph answered 403" in report.notes["notCompared"][kind]
        found = [row.difference async for row in days.platform.operator.showing.rows(TENANT, report.job_id)]
        assert {row.object_id for row in found} == {one for other, one in renamed.items() if other != kind}
        days.simulator.world.faults.rules.remove(rule)
        granted = await days.captured()
        assert days.manifest(granted).incomplete == {}
        assert days.manifest(granted).types[KINDS[kind][0]].why == f"the state before was taken without {kind}"
        assert await days.found(granted) == 0

    virtual_time.run(story())


def test_what_only_a_kind_has_is_no_removal_when_that_kind_is_refused_later() -> None:
    async def story() -> None:
        days = Days(28, objects=120, is_mixed=True)
        agent = sponsored(days, "agentIdentity")
        first = await days.captured()
        rule = Rule(kind=Fault.FORBIDDEN, path=KINDS["agentIdentity"][1])
        days.simulator.world.faults.rules.append(rule)
        second = await days.captured(hours=24 * 8)
        assert days.ways(second)["servicePrincipal"] == "full"
        [listed, _first] = await days.platform.operator.snapshots.listed(TENANT)
        assert (list(listed.incomplete), listed.alerts) == (["agentIdentity"], ())
        assert await days.found(first) == 0
        days.simulator.world.faults.rules.remove(rule)
        await days.captured()
        contents = days.platform.vault.contents
        for name in [one for one in contents if "change" in one]:
            del contents[name]  # so that every state is looked at
        told = await days.platform.operator.history.of(TENANT, agent)
        assert [version.links for version in told.versions if version.links] == []

    virtual_time.run(story())
