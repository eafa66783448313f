"""Restore points between daily snapshots: increments that read, compare, recover and verify as whole states do."""

from __future__ import annotations

import pytest

from shared.domain.errors import InputError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.domain.verification import Mode
from shared.memory.blobs import MemoryBlobs
from shared.memory.rows import MemoryRows
from shared.runs.exporting import Exporting
from shared.runs.holding import Holding
from shared.runs.importing import Importing
from shared.runs.layers import Readable
from shared.runs.snapshots import Snapshots
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.runs.test_importing import brought

SEEDS = range(4)


async def everything(state: Readable, shards: int = 2) -> tuple[dict[tuple[bytes, int], tuple[bytes, int]], set[bytes]]:
    """Return the body and flags of every object, and every link, of a state."""
    objects: dict[tuple[bytes, int], tuple[bytes, int]] = {}
    links: set[bytes] = set()
    for shard in range(shards):
        rows = await state.index(shard, shards)
        bodies = await state.bodies(rows)
        objects |= {(row.key, row.type_code): (bodies[row.key, row.type_code], row.flags) for row in rows}
        links |= await state.links(shard, shards)
    assert await state.deleted() == {key for (key, _code), (_body, flags) in objects.items() if flags}
    return objects, links


async def opened(days: Days, job: Job) -> Readable:
    assert job.state is State.SUCCESSFUL, job.error
    return await days.platform.operator.snapshots.open(TENANT, job.snapshot_id)


def test_a_restore_point_reads_as_the_tenant_it_was_made_of() -> None:
    async def story(seed: int) -> list[int]:
        days, found = Days(seed), []
        base = await days.captured()
        for _hour in range(3):
            days.move(12)
            days.mover.policy()
            point = await days.restore_point()
            assert days.manifest(point).base_id == base.snapshot_id
            found.append(await days.found(point))
        return found

    assert {seed: virtual_time.run(story(seed)) for seed in SEEDS} == {seed: [0, 0, 0] for seed in SEEDS}


def test_the_daily_snapshot_after_restore_points_is_whole_and_the_same_state_as_the_last_of_them() -> None:
    async def story() -> None:
        days = Days(11)
        await days.captured()
        for _hour in range(3):
            days.move(12)
            point = await days.restore_point()
        daily = await days.captured(hours=0.2)
        manifest = days.manifest(daily)
        assert (manifest.base_id, manifest.sequence) == ("", 5)
        assert {facts.is_whole for facts in manifest.types.values()} == {True}
        assert await everything(await opened(days, daily)) == await everything(await opened(days, point))

    virtual_time.run(story())


def test_an_increment_stores_what_changed_and_is_verified_by_itself() -> None:
    async def story() -> None:
        days = Days(12, objects=120)
        base = await days.captured()
        days.move(4)
        point = await days.restore_point()
        whole, increment = days.manifest(base), days.manifest(point)
        assert increment.types["user"].objects < whole.types["user"].objects / 4
        assert (increment.types["user"].is_whole, increment.types["namedLocation"].is_whole) == (False, True)
        proven = await days.platform.operator.verifying.verify(TENANT, point.snapshot_id, Mode.FULL)
        assert (proven.is_chained, proven.is_signed, proven.files) == (True, True, 4)
        assert proven.objects == sum(facts.objects + facts.soft_deleted for facts in increment.types.values())
        assert (await days.platform.operator.verifying.verify(TENANT, point.snapshot_id, Mode.QUICK)).snapshots == 2

    virtual_time.run(story())


def test_a_tenant_is_brought_back_to_a_restore_point() -> None:
    async def story() -> int:
        days = Days(13)
        await days.captured()
        days.move(20)
        point = await days.restore_point()
        days.move(20)
        starting = days.platform.operator.starting
        wire_id = wire_snapshot_id(point.snapshot_id)
        done = await days.platform.finish(
            await starting.recovery(TENANT, wire_id, EVERYTHING, Options(soft_delete_newer=True), requested_by="me")
        )
        assert done.state is State.SUCCESSFUL, done.error
        return await days.found(point)

    assert virtual_time.run(story()) == 0


def test_a_type_whose_token_is_gone_is_whole_in_the_increment_and_stays_so_in_the_next() -> None:
    async def story() -> None:
        days = Days(14)
        await days.captured()
        days.simulator.world.faults.rules.append(
            Rule(kind=Fault.GONE, path=r"/users/delta.*deltatoken=(?!latest)", nth=1, times=1)
        )
        purged = sorted(days.simulator.tenant.directory.stores["user"].live)[0]
        for path in (f"/users/{purged}", f"/directory/deletedItems/{purged}"):
            days.simulator.act(CARELESS_SCRIPT, "DELETE", path)
        days.move(12)
        first = days.manifest(await days.restore_point())
        assert (first.types["user"].is_whole, first.types["group"].is_whole) == (True, False)
        days.move(12)
        point = await days.restore_point()
        second = days.manifest(point).types["user"]
        assert (second.is_whole, second.way) == (True, "delta")
        assert await days.found(point) == 0
        daily = await days.captured()
        assert (days.ways(daily)["user"], await days.found(daily)) == ("delta", 0)

    virtual_time.run(story())


def test_a_restore_point_without_a_base_or_beside_another_job_is_not_made() -> None:
    async def story() -> None:
        days = Days(15)
        scheduling = days.platform.operator.scheduling
        assert await scheduling.restore_point(TENANT, days.clock.now()) is None
        await scheduling.capture(TENANT, days.clock.now())
        await days.platform.run_until_idle()
        at = days.clock.now()
        first = await scheduling.restore_point(TENANT, at)
        assert first is not None
        assert await scheduling.restore_point(TENANT, at) is None
        await days.platform.run_until_idle()
        assert await scheduling.restore_point(TENANT, at) is None
        assert len(await days.platform.operator.snapshots.listed(TENANT)) == 2

    virtual_time.run(story())


def test_two_captures_of_one_second_have_two_names_on_the_wire() -> None:
    async def story() -> None:
        days = Days(16)
        scheduling = days.platform.operator.scheduling
        await days.captured()
        point = await scheduling.restore_point(TENANT, days.clock.now())
        daily = await scheduling.capture(TENANT, days.clock.now())
        await days.platform.run_until_idle()
        assert point is not None
        assert daily is not None
        listed = await days.platform.operator.snapshots.listed(TENANT)
        assert len({wire_snapshot_id(known.snapshot_id) for known in listed}) == 3
        assert {known.base_id != "" for known in listed} == {True, False}

    virtual_time.run(story())


def test_a_native_recovery_makes_the_next_restore_point_a_whole_snapshot() -> None:
    async def story() -> None:
        days = Days(17)
        await days.captured()
        days.control("native/snapshots")
        await days.clock.sleep(60)
        days.move(20)
        days.control("native/recoveries", {})
        point = await days.restore_point()
        assert days.manifest(point).base_id == ""
        assert await days.found(point) == 0

    virtual_time.run(story())


def test_a_restore_point_that_has_lost_much_is_told_once_and_the_good_ones_before_it_are_held() -> None:
    async def story() -> None:
        days = Days(21, objects=60)
        live = days.simulator.tenant.directory.stores["user"].live
        users = [one for one, body in live.items() if not body.get("onPremisesSyncEnabled")]
        for user in users[:10]:
            days.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user}")
        base, quiet = await days.captured(), await days.restore_point()
        for user in users[10:20]:
            days.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user}")
        loss, again = await days.restore_point(), await days.restore_point()
        snapshots = days.platform.operator.snapshots
        alerts = {known.snapshot_id: known.alerts for known in await snapshots.listed(TENANT)}
        assert [alerts[job.snapshot_id] for job in (base, quiet, again)] == [(), (), ()]
        (told,) = [alert for alert in alerts[loss.snapshot_id] if alert.startswith("user: ")]
        assert told.endswith("% gone")
        held = {one for one, hold in (await Holding(snapshots, days.clock).holds(TENANT)).items() if hold.is_held}
        assert held == {base.snapshot_id, quiet.snapshot_id}

    virtual_time.run(story())


def test_a_restore_point_is_exported_as_the_state_it_was_and_comes_back_over_its_snapshot() -> None:
    async def story() -> None:
        days = Days(22)
        base = await days.captured()
        days.move(12)
        point = await days.restore_point()
        old = days.platform.operator.snapshots
        exporting, exports = Exporting(old), dict[str, dict[str, bytes]]()
        for job in (base, point):
            known = await old.named(TENANT, job.snapshot_id)
            names = ["manifest.json", "manifest.sig", *[file.name for file in (await exporting.listed(known)).files]]
            exports[job.snapshot_id] = {name: await exporting.file(known, name) for name in names}
        state = await exporting.objects(await old.named(TENANT, point.snapshot_id), 0)
        new = Snapshots(MemoryRows(days.clock), MemoryBlobs(days.clock), old.signing)
        importing = Importing(new, MemoryBlobs(days.clock), days.clock)
        with pytest.raises(InputError, match="import that snapshot first"):
            await brought(importing, exports[point.snapshot_id], TENANT)
        assert not await new.vault.names(TENANT)
        for job in (base, point):
            await brought(importing, exports[job.snapshot_id], TENANT)
        assert await Exporting(new).objects(await new.named(TENANT, point.snapshot_id), 0) == state
        assert await everything(await new.open(TENANT, point.snapshot_id)) == await everything(
            await opened(days, point)
        )

    virtual_time.run(story())
