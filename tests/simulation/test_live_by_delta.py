"""A live report that reads by delta since a sealed state says just what one that reads every object says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from shared.domain.changes import Difference
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING, Scope
from shared.formats.manifests import unseal
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.simulation.days import PLAIN, WHOLE, Days
from tests.support import virtual_time
from tests.support.platform import TENANT

SEEDS = range(8)


async def rows_of(days: Days, target: Job, options: Options, scope: Scope = EVERYTHING) -> tuple[Job, list[Difference]]:
    """Report against what `target` sealed; return the report and its rows, in an order that no shard decides."""
    report = await days.reported(target, scope, options)
    assert report.state is State.SUCCESSFUL, report.error
    rows, is_more = await days.platform.operator.asking.differences(TENANT, report.job_id, skip=0, top=9_999)
    assert not is_more
    return report, sorted(rows, key=lambda row: (row.type, row.object_id))


async def both(days: Days, target: Job, scope: Scope = EVERYTHING) -> tuple[Job, list[Difference], list[Difference]]:
    """Return a report by delta, its rows, and those of a report that reads every object; nothing moves meanwhile."""
    report, by_delta = await rows_of(days, target, PLAIN, scope)
    _whole, every = await rows_of(days, target, WHOLE, scope)
    return report, by_delta, every


def by_delta(report: Job) -> list[str]:
    return [name for name, way in report.notes["ways"].items() if way == "delta"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_by_delta_has_the_rows_of_one_that_reads_everything(seed: int) -> None:
    async def story() -> None:
        days, targets = Days(seed, objects=60), []
        targets.append(await days.captured())
        days.move()
        targets.append(await days.restore_point())
        days.move()
        days.mover.policy()
        targets.append(await days.captured())
        days.move()
        targets.append(await days.restore_point())
        days.move()
        days.mover.policy()
        for target in targets:
            report, found, expected = await both(days, target)
            assert found == expected
            assert len(found) > 5
            assert {"user", "group"} <= set(by_delta(report))

    virtual_time.run(story())


def test_an_unchanged_tenant_costs_few_requests_and_gives_no_row() -> None:
    async def story() -> tuple[int, int, list[Difference]]:
        days = Days(3, objects=150)
        target = await days.captured()
        before = days.requests()
        _report, found = await rows_of(days, target, PLAIN)
        by_delta = days.requests() - before
        await rows_of(days, target, WHOLE)
        return by_delta, days.requests() - before - by_delta, found

    cost, whole, found = virtual_time.run(story())
    assert found == []
    assert cost < whole


def test_what_a_report_stores_of_the_tenant_is_what_changed() -> None:
    async def story() -> dict[str, tuple[bool, int]]:
        days = Days(4, objects=120)
        target = await days.captured()
        days.move(4)
        report, _found = await rows_of(days, target, PLAIN)
        name = f"{TENANT}/{report.job_id}/live/manifest.json"
        live = unseal(days.platform.work.contents[name], name=name, expected=None)
        assert live.base_id == target.snapshot_id
        return {name: (facts.is_whole, facts.objects) for name, facts in live.types.items()}

    kept = virtual_time.run(story())
    assert kept["user"][0] is False
    assert kept["user"][1] < 10
    assert kept["namedLocation"][0] is True


def after_a_day(
    faults: Sequence[Rule] = (), between: Callable[[Days], Awaitable[None]] | None = None
) -> tuple[Job, list[Difference], list[Difference]]:
    """Capture, let `between` happen, report by delta under `faults`, then without any and reading everything."""

    async def story() -> tuple[Job, list[Difference], list[Difference]]:
        days = Days(6)
        target = await days.captured()
        days.move(10)
        if between is not None:
            await between(days)
        days.simulator.world.faults.rules.extend(faults)
        return await both(days, target)

    return virtual_time.run(story())


@pytest.mark.parametrize("nth", [1, 2], ids=["while it is tried", "in the middle"])
def test_a_token_that_graph_forgot_leads_to_a_whole_reading_of_that_type_only(nth: int) -> None:
    gone = Rule(kind=Fault.GONE, path=r"/users/delta.*deltatoken=(?!latest)", nth=nth, times=1)
    report, found, expected = after_a_day([gone])
    assert gone.fired == 1
    assert found == expected != []
    assert "410" in report.notes["ways"]["user"]
    assert "group" in by_delta(report)


def test_tokens_older_than_their_life_lead_to_a_whole_reading() -> None:
    async def wait(days: Days) -> None:
        await days.clock.sleep(8 * 86_400)

    report, found, expected = after_a_day(between=wait)
    assert found == expected != []
    assert by_delta(report) == []
    assert "too old" in report.notes["ways"]["user"]


def test_a_native_recovery_leads_to_a_whole_reading_of_everything() -> None:
    async def recover(days: Days) -> None:
        days.control("native/snapshots")
        await days.clock.sleep(60)
        days.move(20)
        days.control("native/recoveries", {})
        days.move(5)

    report, found, expected = after_a_day(between=recover)
    assert found == expected != []
    assert by_delta(report) == []
    assert "native recovery" in report.notes["nativeWatch"]


def test_a_state_without_tokens_is_passed_over_for_an_older_one_that_has_them() -> None:
    async def story() -> None:
        days = Days(9)
        first = await days.captured()
        days.move(10)
        second = await days.captured()
        days.move(10)
        for batch in await days.platform.operator.ledger.batches(TENANT, second.job_id):
            await days.platform.rows.remove(TENANT, f"batch-{second.job_id}-{batch.number:05d}")
        report, found, expected = await both(days, second)
        assert found == expected != []
        assert report.notes["before"] == first.snapshot_id

    virtual_time.run(story())


def test_a_recovery_reads_by_delta_and_brings_the_tenant_back() -> None:
    async def story() -> int:
        days = Days(10)
        target = await days.captured()
        days.move(20)
        user = sorted(days.simulator.tenant.directory.stores["user"].live)[0]
        days.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"department": "Elsewhere"})
        done = await days.recovered(target)
        assert done.state is State.SUCCESSFUL, done.error
        assert "user" in by_delta(done)
        assert done.counts["objects.applied"] > 0
        return await days.found(target)

    assert virtual_time.run(story()) == 0
