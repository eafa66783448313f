"""Recoveries that must not do what they were asked for: each ends by a name that says why, and nothing is written.

Changed plans and aged approvals are in test_plans.py, tenants that refuse to be written to in test_refusing_tenants.py.
"""

from __future__ import annotations

import pytest

from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING, Scope
from shared.domain.verification import Mode
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.simulation.stories import play_incident
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

ANOTHER_TENANT = "7d1de5a0-0000-4000-8000-0000000000ee"
NOBODY = "7d1de5a0-0000-4000-8000-00000000ffff"
GROUPS = r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b"


async def damaged(*faults: Rule) -> tuple[Platform, str, str]:
    """Return a captured (under `faults`) and damaged tenant, its snapshot, and what it is like now."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(
        clock=clock.unix_seconds, seed=5, objects=60, tenant_id=TENANT, faults=Faults(list(faults), seed=5)
    )
    platform = Platform(simulator, seed=5)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    simulator.world.faults = Faults([])
    play_incident(simulator, 5)
    return platform, wire_snapshot_id(capture.snapshot_id), simulator.fingerprint()


async def recovered(platform: Platform, wire: str, scope: Scope, options: Options | None = None) -> Job:
    starting = platform.operator.starting
    started = await starting.recovery(TENANT, wire, scope, options or Options(), requested_by="operator")
    return await platform.finish(started)


def test_a_report_of_another_tenant_plans_nothing_here_and_is_not_to_be_approved() -> None:
    async def story() -> None:
        platform, wire, broken = await damaged()
        starting = platform.operator.starting
        plan = await platform.finish(
            await starting.report(TENANT, wire, EVERYTHING, Options(makes_plan=True), requested_by="operator")
        )
        options = Options(planned_by=plan.job_id)
        with pytest.raises(NotFoundError, match="snapshot"):
            await starting.recovery(ANOTHER_TENANT, wire, EVERYTHING, options, requested_by="operator")
        with pytest.raises(NotFoundError, match=plan.job_id):
            await platform.operator.approving.approve(ANOTHER_TENANT, plan.job_id, approver="bob")
        with pytest.raises(NotFoundError, match=NOBODY):
            await starting.recovery(TENANT, wire, EVERYTHING, Options(planned_by=NOBODY), requested_by="operator")
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())


def test_a_scope_that_names_unknown_ids_changes_nothing_else_and_warns_of_them_by_name() -> None:
    async def story() -> None:
        platform, wire, broken = await damaged()
        job = await recovered(platform, wire, Scope(ids={"user": (NOBODY,)}))
        assert job.state is State.SUCCESSFUL
        assert (job.counts["plannedObjects"], job.counts.get("done", 0)) == (0, 0)
        unknown, total, is_more = await platform.operator.asking.unknown(TENANT, job.job_id, skip=0, top=10)
        assert ([one.object_id for one in unknown], total, is_more) == ([NOBODY], 1, False)
        told = (await platform.operator.asking.job(TENANT, job.job_id)).warnings
        assert told == (f"NOT FOUND: neither side has 1 of the objects asked for: user {NOBODY}",)
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())


def flipped(platform: Platform, ending: str) -> str:
    """Flip a bit of the first file with that ending; return its name. A second call makes it whole again."""
    contents = platform.vault.contents
    name = next(known for known in contents if known.endswith(ending))
    contents[name] = contents[name][:-9] + bytes([contents[name][-9] ^ 1]) + contents[name][-8:]
    return name


def test_a_target_that_fails_verification_is_not_recovered_from() -> None:
    async def story() -> None:
        platform, wire, broken = await damaged()
        name = flipped(platform, "index.idx")
        job = await recovered(platform, wire, EVERYTHING)
        assert (job.state, job.error_code) == (State.FAILED, "integrity")
        assert name in job.error
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())


@pytest.mark.parametrize("makes_plan", [False, True])
def test_a_target_known_to_be_damaged_is_refused_at_once_with_its_file_and_a_part_of_it_is_proven(
    makes_plan: bool,
) -> None:
    async def story() -> None:
        platform, wire, _broken = await damaged()
        starting = platform.operator.starting
        name = flipped(platform, "links.zst")
        verify = await platform.operator.scheduling.verification(TENANT, platform.clock.now())
        assert (await platform.finish(verify)).state is State.FAILED
        options, start = Options(makes_plan=makes_plan), starting.report if makes_plan else starting.recovery
        jobs = len(await platform.operator.asking.jobs(TENANT))
        with pytest.raises(IntegrityError, match="choose another snapshot") as refused:
            await start(TENANT, wire, EVERYTHING, options, requested_by="operator")
        assert refused.value.name == name
        assert len(await platform.operator.asking.jobs(TENANT)) == jobs
        scope = Scope(types=("conditionalAccessPolicy",))
        part = await platform.finish(await start(TENANT, wire, scope, options, requested_by="operator"))
        assert (part.state, name in part.error) == (State.FAILED, True)
        flipped(platform, "links.zst")
        (known,) = await platform.operator.snapshots.listed(TENANT)
        await platform.operator.upkeep.rechecking.verify_now(
            TENANT, known.snapshot_id, Mode.FULL, (1, 1), requested_by="op"
        )
        whole = await platform.finish(await start(TENANT, wire, EVERYTHING, options, requested_by="operator"))
        assert whole.state is State.SUCCESSFUL

    virtual_time.run(story())


def test_a_target_whose_manifest_was_altered_is_refused_at_once_by_its_name() -> None:
    async def story() -> None:
        platform, wire, broken = await damaged()
        name = flipped(platform, "manifest.json")
        with pytest.raises(IntegrityError) as refused:
            await recovered(platform, wire, EVERYTHING)
        assert refused.value.name == name
        assert platform.simulator.fingerprint() == broken

    virtual_time.run(story())


def test_a_type_that_the_capture_left_out_is_refused_by_name_and_never_touched() -> None:
    async def story() -> None:
        platform, wire, broken = await damaged(Rule(kind=Fault.FORBIDDEN, path=GROUPS))
        with pytest.raises(InputError, match="group cannot be compared: the snapshot does not hold it"):
            await recovered(platform, wire, Scope(types=("group",)))
        assert platform.simulator.fingerprint() == broken
        whole = await recovered(platform, wire, EVERYTHING, Options(soft_delete_newer=True))
        assert whole.state is State.SUCCESSFUL
        assert whole.counts["objects.applied"] > 0
        outcomes = await platform.operator.asking.outcomes(TENANT, whole.job_id)
        assert not [one for one in outcomes if one.type == "group"]

    virtual_time.run(story())
