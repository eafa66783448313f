"""Whole lives of jobs in virtual time: cancelled, pre-empted, refused, given up, fenced off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from shared.domain.changes import Result
from shared.domain.errors import InputError, IntegrityError, NotFoundError, TenantBusyError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Kind, Options, State
from shared.domain.scope import EVERYTHING, Scope
from shared.runs.worker import STALLS_MAX
from simulator.applications import TIDEMARK
from simulator.directory.fingerprint import fingerprint
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.simulation.stories import planned_ids, play_incident
from tests.support import host, virtual_time
from tests.support.deaths import Deaths
from tests.support.history import two_holders
from tests.support.platform import TENANT, WATCHDOG_SECONDS, Platform

SEED = 5


@dataclass
class Damaged:
    """A captured and damaged tenant, ready for the test's own part of the story."""

    platform: Platform
    wire_id: str
    before: str
    rogue: frozenset[str]

    def is_as_before(self) -> bool:
        """Tell whether the tenant is what it was, rogue objects aside."""
        return fingerprint(self.platform.simulator.tenant.directory, ignoring=self.rogue) == self.before

    async def recovery(self, options: Options = Options(), scope: Scope = EVERYTHING) -> Job:  # noqa: B008
        """Start a recovery."""
        return await self.platform.operator.starting.recovery(
            TENANT, self.wire_id, scope, options, requested_by="operator"
        )

    async def report(self) -> Job:
        """Start a report."""
        return await self.platform.operator.starting.report(TENANT, self.wire_id, EVERYTHING, requested_by="operator")


def tell(story: Callable[[Damaged], Awaitable[None]], *, objects: int = 120, workers: int = 2) -> None:
    """Capture and damage a tenant, then let `story` go on in virtual time."""

    async def whole() -> None:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=objects, tenant_id=TENANT)
        platform = Platform(simulator, seed=SEED, workers=workers)
        before = fingerprint(simulator.tenant.directory)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        rogue = frozenset(play_incident(simulator, SEED))
        await story(Damaged(platform, wire_snapshot_id(capture.snapshot_id), before, rogue))

    virtual_time.run(whole())


async def until(platform: Platform, job: Job, reached: Callable[[Job], bool]) -> None:
    """Wait in virtual time until the job has come so far."""
    for _tick in range(10_000):
        if reached(await platform.operator.asking.job(TENANT, job.job_id)):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the job never came so far")


def writes(damaged: Damaged) -> int:
    return len(damaged.platform.simulator.tenant.history.of(TIDEMARK.app_id))


def test_a_cancelled_recovery_stops_at_a_boundary_and_keeps_what_it_applied() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        job = await damaged.recovery()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, job, lambda now: now.counts.get("done", 0) > 0)
        await platform.operator.starting.cancel(TENANT, job.job_id)
        await running
        ended = await platform.operator.asking.job(TENANT, job.job_id)
        outcomes = await platform.operator.asking.outcomes(TENANT, job.job_id)
        assert ended.state is State.ABANDONED
        assert 0 < len(outcomes) < len(await planned_ids(platform, ended))
        assert all(one.result is not Result.FAILED for one in outcomes)
        assert writes(damaged) > 0
        at_the_end = writes(damaged)
        await asyncio.sleep(600)
        assert writes(damaged) == at_the_end

    tell(story, objects=800)


def test_what_a_cancelled_recovery_left_is_done_by_the_next_one() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        job = await damaged.recovery()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, job, lambda now: now.counts.get("done", 0) > 0)
        await platform.operator.starting.cancel(TENANT, job.job_id)
        await running
        assert not damaged.is_as_before()
        again = await platform.finish(await damaged.recovery())
        assert again.state is State.SUCCESSFUL
        assert damaged.is_as_before()

    tell(story, objects=800)


def test_a_second_recovery_is_refused_while_one_runs() -> None:
    async def story(damaged: Damaged) -> None:
        first = await damaged.recovery()
        with pytest.raises(TenantBusyError, match=first.job_id):
            await damaged.recovery()
        with pytest.raises(TenantBusyError, match=first.job_id):
            await damaged.report()
        assert (await damaged.platform.finish(first)).state is State.SUCCESSFUL
        assert len(await damaged.platform.operator.ledger.jobs(TENANT)) == 2

    tell(story)


def test_a_recovery_makes_a_running_report_wait_and_the_report_ends_afterwards() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        report = await damaged.report()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, report, lambda now: now.state is not State.INITIALIZED)
        recovery = await damaged.recovery()
        with pytest.raises(TenantBusyError):
            await damaged.recovery()
        await running
        ended = {job.job_id: job for job in await platform.operator.asking.jobs(TENANT)}
        assert ended[recovery.job_id].state is State.SUCCESSFUL
        assert ended[report.job_id].state is State.SUCCESSFUL
        first, second = ended[recovery.job_id].completed_at, ended[report.job_id].completed_at
        assert first is not None
        assert second is not None
        assert first < second
        assert damaged.is_as_before()
        assert not two_holders(platform.rows.history)

    tell(story)


def test_a_timer_that_fires_twice_starts_one_capture() -> None:
    async def story(damaged: Damaged) -> None:
        platform, at = damaged.platform, damaged.platform.clock.now()
        started = [await platform.operator.scheduling.capture(TENANT, at) for _fire in range(2)]
        assert [job is not None for job in started] == [True, False]
        await platform.run_until_idle()
        captures = [job for job in await platform.operator.ledger.jobs(TENANT) if job.kind is Kind.CAPTURE]
        assert len(captures) == 2
        assert len(await platform.operator.snapshots.listed(TENANT)) == 2

    tell(story)


def test_a_capture_whose_time_comes_during_a_recovery_runs_after_it() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        recovery = await damaged.recovery()
        capture = await platform.operator.scheduling.capture(TENANT, platform.clock.now())
        assert capture is not None
        await platform.run_until_idle()
        ended = {job.job_id: job for job in await platform.operator.asking.jobs(TENANT)}
        assert ended[capture.job_id].state is State.SUCCESSFUL
        assert ended[recovery.job_id].state is State.SUCCESSFUL

    tell(story)


def test_rogue_objects_are_soft_deleted_when_asked_and_only_then() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        job = await platform.finish(await damaged.recovery(Options(soft_delete_newer=True)))
        assert job.state is State.SUCCESSFUL
        stores = platform.simulator.tenant.directory.stores.values()
        assert not [known for store in stores for known in store.live if known in damaged.rogue]
        assert len([known for store in stores for known in store.deleted if known in damaged.rogue]) == len(
            damaged.rogue
        )
        assert platform.simulator.tenant.history.hard_deletes == 0

    tell(story)


def test_a_recovery_of_one_type_touches_no_other() -> None:
    async def story(damaged: Damaged) -> None:
        job = await damaged.platform.finish(await damaged.recovery(scope=Scope(types=("namedLocation",))))
        assert job.state is State.SUCCESSFUL
        touched = {write.object_type for write in damaged.platform.simulator.tenant.history.of(TIDEMARK.app_id)}
        assert touched == {"namedLocation"}

    tell(story)


def test_an_unknown_snapshot_starts_nothing() -> None:
    async def story(damaged: Damaged) -> None:
        starting = damaged.platform.operator.starting
        with pytest.raises(NotFoundError, match="snapshot"):
            await starting.recovery(TENANT, "MTc2MzU4ODgwMA==", EVERYTHING, Options(), requested_by="operator")
        with pytest.raises(InputError, match="snapshot"):
            await starting.report(TENANT, "no such id", EVERYTHING, requested_by="operator")
        assert len(await damaged.platform.operator.ledger.jobs(TENANT)) == 1

    tell(story)


def test_a_job_that_has_ended_cannot_be_cancelled() -> None:
    async def story(damaged: Damaged) -> None:
        job = await damaged.platform.finish(await damaged.report())
        with pytest.raises(InputError, match="has ended"):
            await damaged.platform.operator.starting.cancel(TENANT, job.job_id)

    tell(story)


def test_a_paused_worker_of_a_revived_job_records_nothing_when_it_wakes() -> None:
    """Its renewals stop while time goes on: the watchdog fences it off, and its late record is refused."""

    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        job = await damaged.recovery()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, job, lambda now: now.counts.get("done", 0) > 0)
        platform.freeze_one_worker(seconds=400)
        await running
        assert platform.frozen == 1
        assert (await platform.operator.asking.job(TENANT, job.job_id)).state is State.SUCCESSFUL
        assert damaged.is_as_before()
        assert not two_holders(platform.rows.history)

    tell(story, objects=800)


def test_a_paused_worker_whose_batch_another_took_records_nothing_when_it_wakes() -> None:
    """Its message comes back and nobody revives the job, so only the batch's attempt tells the two workers apart."""

    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        platform.watches = False
        job = await damaged.recovery()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, job, lambda now: now.counts.get("done", 0) > 0)
        platform.freeze_one_worker(seconds=200)
        await running
        assert platform.frozen == 1
        assert (await platform.operator.asking.job(TENANT, job.job_id)).state is State.SUCCESSFUL
        assert damaged.is_as_before()
        assert not two_holders(platform.rows.history)

    tell(story, objects=800, workers=3)


def test_a_paused_worker_of_a_report_records_nothing_once_a_recovery_has_the_tenant() -> None:
    """Nobody took its batch, so only the lease's fencing token stands between it and the tenant's rows."""

    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        report = await damaged.report()
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, report, lambda now: now.counts.get("objectsRead", 0) > 0)
        platform.freeze_one_worker(seconds=300)
        recovery = await damaged.recovery()
        await running
        assert platform.frozen == 1
        ended = {job.job_id: job for job in await platform.operator.asking.jobs(TENANT)}
        assert ended[recovery.job_id].state is State.SUCCESSFUL
        assert ended[report.job_id].state is State.SUCCESSFUL
        assert damaged.is_as_before()
        assert not two_holders(platform.rows.history)

    tell(story, objects=800)


def test_a_message_that_is_never_handled_well_fails_its_job_visibly() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        job = await damaged.report()
        platform.host.refuses_messages = True
        await platform.run_until_idle()
        ended = await platform.operator.asking.job(TENANT, job.job_id)
        assert ended.state is State.FAILED
        assert "delivered" in ended.error

    tell(story)


@pytest.mark.parametrize("retry_seconds", [5.0, 600.0])
def test_a_batch_that_nobody_gets_further_fails_its_job_by_name_although_the_watchdog_revives_it(
    retry_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages that come back soon find the batch held; of those that come back late, the watchdog is first."""
    monkeypatch.setattr(host, "RETRY_SECONDS", retry_seconds)

    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        broken = Rule(kind=Fault.STATUS_503, path="^/users", method="GET")
        platform.simulator.world.faults = Faults([broken], seed=1)
        job = await damaged.report()
        token = (await platform.operator.ledger.holder(TENANT))[0].fencing_token
        ended = await platform.finish(job)
        assert broken.fired > STALLS_MAX
        assert (ended.state, ended.error_code) == (State.FAILED, "gave-up")
        assert f"taken by {STALLS_MAX} workers in a row" in ended.error
        assert "the last reason: " in ended.error
        revived = (await platform.operator.ledger.holder(TENANT))[0].fencing_token - token
        assert revived > 10 if retry_seconds > WATCHDOG_SECONDS else not revived
        platform.simulator.world.faults = Faults()
        assert (await platform.finish(await damaged.report())).state is State.SUCCESSFUL

    tell(story)


def test_a_service_that_is_away_for_a_while_costs_no_job() -> None:
    async def story(damaged: Damaged) -> None:
        platform = damaged.platform
        away = Rule(kind=Fault.STATUS_503, path="^/users", method="GET", times=60)
        damaged.platform.simulator.world.faults = Faults([away], seed=1)
        ended = await platform.finish(await damaged.report())
        assert away.fired == 60
        assert (ended.state, ended.error_code) == (State.SUCCESSFUL, "")
        batches = await platform.operator.ledger.batches(TENANT, ended.job_id)
        assert not any(batch.error or batch.stalls for batch in batches)

    tell(story)


def test_deaths_are_counted_only_when_they_fired() -> None:
    async def story(damaged: Damaged) -> None:
        damaged.platform.deaths = Deaths({10_000_000: "before"})
        await damaged.platform.finish(await damaged.report())
        assert damaged.platform.deaths.fired == 0

    tell(story)


@pytest.mark.parametrize("part", ["objects.ndz", "index.idx", "links.zst", "deleted.zst", "manifest.json"])
@pytest.mark.parametrize("damage", ["altered", "truncated", "gone"])
def test_a_damaged_snapshot_fails_the_job_that_reads_it_and_names_the_file(part: str, damage: str) -> None:
    async def story(damaged: Damaged) -> None:
        contents = damaged.platform.vault.contents
        name = next(known for known in contents if known.endswith(part))
        before = contents.pop(name)
        if damage == "altered":
            contents[name] = before[:-9] + bytes([before[-9] ^ 1]) + before[-8:]
        elif damage == "truncated":
            contents[name] = before[:-9]
        if part == "manifest.json":
            with pytest.raises(IntegrityError, match=name):  # a report opens its sides before it is a job
                await damaged.report()
        else:
            ended = await damaged.platform.finish(await damaged.report())
            assert (ended.state, ended.error_code) == (State.FAILED, "integrity")
            assert name in ended.error
        with pytest.raises(IntegrityError, match=name):  # by now the damage is known, or shows at once
            await damaged.recovery()
        assert writes(damaged) == 0

    tell(story)


def test_an_altered_file_of_a_capture_in_progress_is_never_sealed() -> None:
    async def story() -> None:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=60, tenant_id=TENANT)
        platform = Platform(simulator, seed=SEED)
        job = await platform.operator.scheduling.capture(TENANT, clock.now())
        assert job is not None
        running = asyncio.create_task(platform.run_until_idle())
        await until(platform, job, lambda now: now.counts.get("objectsRead", 0) > 0)
        name = next(known for known in platform.work.contents if known.endswith("objects.ndz"))
        platform.work.contents[name] = platform.work.contents[name][:-5] + b"\0" * 5
        await running
        ended = await platform.operator.asking.job(TENANT, job.job_id)
        assert ended.state is State.FAILED
        assert name in ended.error
        assert await platform.operator.snapshots.manifests(TENANT) == []

    virtual_time.run(story())
