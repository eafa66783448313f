"""What leaves the vault and the work container, in which order, and what stays whatever happens meanwhile."""

from __future__ import annotations

import contextlib

import pytest

from shared.domain.errors import NotFoundError, TenantBusyError
from shared.domain.holds import Hold, HoldEntry
from shared.domain.jobs import Kind, Step
from shared.domain.protection import Lock, Protection
from shared.domain.pruning import Pruned
from shared.domain.scope import Scope
from shared.domain.verification import Mode
from shared.formats.rows import hold_key, hold_values, snapshot_key
from shared.jobs.retention import Rules
from shared.memory.clock import SequentialIds
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.ports import ANY, CREATE, Put, Row
from shared.runs import scopes
from shared.runs.ledger import Ledger
from shared.runs.pruning import Pruning
from shared.runs.scopes import SCOPE_PLACE
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.verifying import Verifying
from simulator.applications import CARELESS_SCRIPT
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.builders import a_batch, a_job, an_id
from tests.support.deaths import Deaths, Instance, Killed, Mortal
from tests.support.platform import TENANT
from tests.support.virtual_time import VirtualClock
from tests.support.worm.blobs import WormBlobs
from tests.unit.functions.worlds import World

DAY = 86_400
ADMINISTRATOR = "0be7a700-0000-4000-8000-0000000000a2"


async def captured(world: World, number: int, *, days_apart: float = 1) -> list[str]:
    """Capture `number` times, some days apart; return the ids, oldest first."""
    ids = []
    for _capture in range(number):
        await world.captured()
        ids.append((await world.product.snapshots.listed(TENANT))[0].snapshot_id)
        await world.clock.sleep(days_apart * DAY)
    return ids


async def pruned(world: World, *, runs: int = 1) -> Pruned:
    """Prune as the daily timer does; return what the last run did."""
    for _run in range(runs):
        found = await world.product.upkeep.pruning.prune(TENANT)
        await world.clock.sleep(DAY)
    return found


async def listed(world: World) -> list[str]:
    return [known.snapshot_id for known in reversed(await world.product.snapshots.listed(TENANT))]


def stored(world: World) -> set[str]:
    """Return the ids of the snapshots that have any file in the vault."""
    return {name.split("/")[1] for name in world.platform.vault.contents}


async def aged_vault(world: World) -> list[str]:
    """Return the ids of six snapshots of which three are old enough to go, and none of the newest."""
    ids = await captured(world, 6)
    await world.clock.sleep(40 * DAY)
    return ids


def test_what_is_old_enough_leaves_in_two_runs_and_the_newest_stay() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        first = await pruned(world)
        assert (set(first.leaving), first.removed, await listed(world)) == (set(ids[:3]), (), ids[3:])
        assert stored(world) == set(ids)
        second = await pruned(world)
        assert (second.leaving, set(second.removed), stored(world)) == ((), set(ids[:3]), set(ids[3:]))
        assert (await pruned(world)).kept == {"one of the newest that are old enough to go": 3}
        assert world.platform.vault.policy.breaches == []

    virtual_time.run(story())


def test_nothing_younger_than_the_policy_is_even_tried() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await captured(world, 6)
        await world.clock.sleep(27 * DAY)
        found = await pruned(world, runs=2)
        assert (found.kept, await listed(world)) == ({"younger than 35 days": 6}, ids)
        assert world.platform.vault.policy.breaches == []

    virtual_time.run(story())


def test_the_chain_is_proven_across_what_has_left() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        await world.product.upkeep.holding.hold(TENANT, ids[0], is_held=True, by=ADMINISTRATOR, reason="audit")
        await pruned(world, runs=2)
        assert stored(world) == {ids[0], *ids[3:]}
        for name in await listed(world):
            proven = await world.product.verifying.verify(TENANT, name, Mode.QUICK)
            assert (proven.is_chained, proven.is_signed, proven.snapshots) == (True, True, 4)

    virtual_time.run(story())


def test_a_days_snapshot_stays_until_the_last_restore_point_over_it_has_left() -> None:
    async def story() -> None:
        days = Days(3, objects=8)
        operator, vault = days.platform.operator, days.platform.vault
        base = await days.captured()
        user = next(iter(days.simulator.tenant.directory.stores["user"].live))
        days.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"jobTitle": "changed"})
        point = await days.restore_point(hours=12)
        rest = [(await days.captured(hours=48)).snapshot_id for _day in range(3)]
        assert days.manifest(point).base_id == base.snapshot_id
        await days.clock.sleep(40 * DAY)
        await operator.upkeep.holding.hold(TENANT, point.snapshot_id, is_held=True, by="me", reason="needed")
        for _run in range(2):
            kept = (await operator.upkeep.pruning.prune(TENANT)).kept
            await days.clock.sleep(DAY)
        assert {"held", "a restore point lies over it"} <= set(kept)
        assert (await operator.verifying.verify(TENANT, point.snapshot_id)).is_chained
        await operator.upkeep.holding.hold(TENANT, point.snapshot_id, is_held=False, by="me", reason="done")
        gone = []
        for _run in range(4):
            gone.append((await operator.upkeep.pruning.prune(TENANT)).removed)
            await days.clock.sleep(DAY)
        assert gone == [(), (point.snapshot_id,), (), (base.snapshot_id,)]
        assert {name.split("/")[1] for name in vault.contents} == set(rest)

    virtual_time.run(story())


def test_what_is_held_or_named_by_an_unfinished_job_stays() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        await world.product.upkeep.holding.hold(TENANT, ids[0], is_held=True, by=ADMINISTRATOR, reason="audit")
        job = a_job("waiting", tenant=TENANT, kind=Kind.REPORT, snapshot_id=ids[1], created_at=world.clock.now())
        await world.product.ledger.park(job, [a_batch(0, job_id=job.job_id, step=Step.PREPARE, wave=0)])
        found = await pruned(world, runs=2)
        assert found.removed == (ids[2],)
        assert {"held", "an unfinished job names it"} <= set(found.kept)
        await world.product.upkeep.holding.hold(TENANT, ids[0], is_held=False, by=ADMINISTRATOR, reason="audit over")
        assert (await pruned(world, runs=2)).removed == (ids[0],)

    virtual_time.run(story())


@pytest.mark.parametrize("is_on", [True, False])
def test_the_snapshot_that_drift_is_judged_against_stays_until_another_one_is_pinned(is_on: bool) -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        drifting = world.product.drifting
        await drifting.set(TENANT, is_on=is_on, baseline=ids[1], rules=(), allowed=())
        found = await pruned(world, runs=2)
        assert set(found.removed) == {ids[0], ids[2]}
        assert found.kept["pinned as known good for drift"] == 1
        await drifting.set(TENANT, is_on=is_on, baseline=ids[3], rules=(), allowed=())
        assert (await pruned(world, runs=2)).removed == (ids[1],)

    virtual_time.run(story())


def test_both_sides_of_an_unfinished_comparison_stay() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        sides = {"snapshot_id": ids[1], "against": ids[2]}
        job = a_job("waiting", tenant=TENANT, kind=Kind.REPORT, created_at=world.clock.now(), **sides)
        await world.product.ledger.park(job, [a_batch(0, job_id=job.job_id, step=Step.PREPARE, wave=0)])
        assert (await pruned(world, runs=2)).removed == (ids[0],)

    virtual_time.run(story())


def test_a_snapshot_that_is_leaving_stays_for_an_hour_and_comes_back_when_somebody_needs_it() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        await world.product.upkeep.pruning.prune(TENANT)
        await world.clock.sleep(3_000)
        again = await world.product.upkeep.pruning.prune(TENANT)
        assert (again.removed, set(again.leaving), stored(world)) == ((), set(ids[:3]), set(ids))
        with pytest.raises(NotFoundError):
            await world.product.snapshots.named(TENANT, ids[0])
        entry = HoldEntry(is_held=True, at=world.clock.now(), by=ADMINISTRATOR, reason="just in time")
        hold = Hold(snapshot_id=ids[0], entries=(entry,))
        await world.platform.rows.write(TENANT, [Put(hold_key(ids[0]), hold_values(hold), ANY)])
        await world.clock.sleep(3_000)
        assert set((await world.product.upkeep.pruning.prune(TENANT)).removed) == set(ids[1:3])
        assert await listed(world) == [ids[0], *ids[3:]]
        assert (await world.product.verifying.verify(TENANT, ids[0])).is_chained

    virtual_time.run(story())


def test_a_refusal_of_the_storage_service_is_not_yet_and_the_snapshot_is_listed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        policy = world.platform.vault.policy
        monkeypatch.setattr(type(policy), "protection", Protection(lock=Lock.UNKNOWN))
        policy.days = 60
        found = await pruned(world, runs=2)
        assert (set(found.refused), found.removed) == (set(ids[:3]), ())
        assert (await listed(world), stored(world)) == (ids, set(ids))
        assert set(found.refused.values()) == {"BlobImmutableDueToPolicy"}
        await world.clock.sleep(20 * DAY)
        assert set((await pruned(world, runs=2)).removed) == set(ids[:3])

    virtual_time.run(story())


def test_rows_that_vanish_or_lie_make_nothing_go_earlier() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await captured(world, 4)
        for name in ids:
            await world.platform.rows.remove(TENANT, snapshot_key(name))
        assert (await pruned(world, runs=2)).kept == {"younger than 35 days": 4}
        await world.clock.sleep(60 * DAY)
        found = await pruned(world, runs=3)
        assert (found.removed, found.kept) == ((), {"its manifest could not be proven": 4})
        assert stored(world) == set(ids)

    virtual_time.run(story())


def test_a_damaged_manifest_stays_for_somebody_to_look_at() -> None:
    async def story() -> None:
        world = World(objects=10)
        ids = await aged_vault(world)
        name = f"{TENANT}/{ids[0]}/manifest.json"
        world.platform.vault.contents[name] += b" "
        assert set((await pruned(world, runs=2)).removed) == set(ids[1:3])
        assert name in world.platform.vault.contents

    virtual_time.run(story())


def test_files_that_no_manifest_came_to_list_go_by_their_age() -> None:
    async def story() -> None:
        world = World(objects=10)
        await world.captured()
        name = f"{TENANT}/20261001T000000Z-0a1b2c3d/00000.objects.ndz"
        await world.platform.vault.create(name, b"never sealed")
        await world.platform.vault.create(f"{TENANT}/notes.txt", b"nobody's")
        assert (await pruned(world)).leftovers == 0
        await world.clock.sleep(36 * DAY)
        assert (await pruned(world)).leftovers == 1
        assert name not in world.platform.vault.contents
        assert f"{TENANT}/notes.txt" in world.platform.vault.contents

    virtual_time.run(story())


def test_working_files_of_ended_captures_go_and_those_of_reports_and_living_jobs_stay() -> None:
    async def story() -> None:
        world = World(objects=10)
        wire_id = await world.captured()
        report = await world.reported(wire_id)
        living = a_job("living", tenant=TENANT, kind=Kind.CAPTURE, created_at=world.clock.now())
        await world.product.ledger.park(living, [a_batch(0, job_id=living.job_id, step=Step.PREPARE, wave=0)])
        await world.platform.work.create(f"{TENANT}/{living.job_id}/read/1", b"half read")
        before = set(world.platform.work.contents)
        assert (await pruned(world)).work_files == 0
        await world.clock.sleep(14 * DAY)
        gone = (await pruned(world)).work_files
        kept = {name.split("/")[1] for name in world.platform.work.contents}
        assert (gone, kept) == (len(before) - len(world.platform.work.contents), {report.job_id, living.job_id})
        assert gone > 0

    virtual_time.run(story())


def test_the_scope_of_a_job_that_never_came_to_be_goes_and_that_of_a_job_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scopes, "IDS_IN_ROW_MAX", 2)

    async def story() -> None:
        world = World(objects=10)
        wire_id = await world.captured()
        strangers = Scope(ids={"user": tuple(an_id(f"u{number}") for number in range(3))})
        starting, rows = world.product.starting, world.platform.rows
        report = await starting.report(TENANT, wire_id, strangers, requested_by="somebody")
        await world.platform.finish(report)
        assert await world.product.scheduling.capture(TENANT, world.clock.now()) is not None
        with pytest.raises(TenantBusyError):  # a start that is refused between the file and the job's row
            await starting.report(TENANT, wire_id, strangers, requested_by="somebody")
        await world.platform.run_until_idle()
        files = [name for name in world.platform.work.contents if name.endswith(SCOPE_PLACE)]
        assert len(files) == 2
        assert sum(row.key.startswith("job-") for row in await rows.scan(TENANT, "")) == 3
        await pruned(world)
        assert {name for name in files if name in world.platform.work.contents} == set(files)
        await world.clock.sleep(14 * DAY)
        await pruned(world)
        left = [name for name in files if name in world.platform.work.contents]
        assert left == [f"{TENANT}/{report.job_id}/{SCOPE_PLACE}"]

    virtual_time.run(story())


def test_a_pruner_may_die_at_any_call_and_the_next_runs_finish() -> None:
    async def made() -> tuple[World, list[str], list[Row]]:
        world = World(objects=5)
        ids = await captured(world, 5)
        return world, ids, await world.platform.rows.scan(TENANT, "")

    world, ids, rows = virtual_time.run(made())

    async def story(deaths: Deaths) -> tuple[bool, Deaths]:
        """Prune what is stored now under `deaths`, in two runs, then twice more."""
        clock = VirtualClock()
        await clock.sleep(60 * DAY)
        vault, table = WormBlobs(clock), MemoryRows(clock)
        vault.contents |= world.platform.vault.contents
        vault.created |= world.platform.vault.created
        await table.write(TENANT, [Put(row.key, row.values, CREATE) for row in rows])
        for run in range(4):
            instance = Instance()
            ports = [Mortal(port, deaths if run < 2 else Deaths(), instance) for port in (table, vault)]
            signing = MemorySigning()
            snapshots = Snapshots(ports[0], ports[1], Signing(signing, signing))
            ledger = Ledger(ports[0], clock, SequentialIds(1))
            with contextlib.suppress(Killed):
                pruning = Pruning(snapshots, ledger, clock, Rules(), vault_shelf=ports[1], work_shelf=None)
                await pruning.prune(TENANT)
            await clock.sleep(DAY)
        proven = await Verifying(snapshots).verify(TENANT, ids[-1], Mode.QUICK)
        left = {name.split("/")[1] for name in vault.contents}
        shown = [known.snapshot_id for known in await snapshots.listed(TENANT)]
        is_well = left == set(ids[2:]) and shown == ids[:1:-1] and proven.is_chained and not vault.policy.breaches
        return is_well, deaths

    is_well, undisturbed = virtual_time.run(story(Deaths()))
    assert is_well
    assert undisturbed.calls > 40
    for when in ("before", "after"):
        ends = {call: virtual_time.run(story(Deaths({call: when}))) for call in range(1, undisturbed.calls + 1)}
        assert not {call for call, (is_well, deaths) in ends.items() if not is_well or deaths.fired != 1}
