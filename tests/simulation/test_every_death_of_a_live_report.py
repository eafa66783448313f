"""A small live report by delta, told once for every call it makes, with the worker dying there; so too one by ids.

Dying before a call leaves what dying after the one before it leaves, so a call is taken once, after its effect. The
report goes on from a restore point, so it reads both manifests. Every fourth call is taken, of the report of chosen
objects every sixth; a soak takes all. The chosen ids lie in a file beside the job, and whoever starts it may die too:
without the job's row nothing has begun.
"""

from __future__ import annotations

import contextlib
from itertools import takewhile

import pytest

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Kind, State
from shared.domain.scope import EVERYTHING, Scope
from shared.runs import scopes
from tests.simulation.days import Days
from tests.simulation.deaths import IS_SOAK
from tests.support import virtual_time
from tests.support.deaths import Deaths, Instance, Killed
from tests.support.platform import TENANT

SEED = 12
OBJECTS = 12
ALL, CHOSEN = "delta", "ids"
START_CALLS_MAX = 40


@pytest.fixture(autouse=True)
def _ids_lie_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "IDS_IN_ROW_MAX", 2)


async def begun() -> tuple[Days, Job, Scope]:
    """Capture, and change the tenant; return also the scope of all its users and groups, one by one."""
    days = Days(SEED, OBJECTS)
    days.platform.workers = 1
    target = await days.captured()
    days.move(8)
    await days.restore_point()
    days.move(8)
    stores = days.simulator.tenant.directory.stores
    chosen = {name: tuple(sorted({*stores[name].live, *stores[name].deleted})) for name in ("user", "group")}
    return days, target, Scope(ids=chosen)


async def told(what: str, call: int | None) -> tuple[Days, Job, Deaths]:
    """Capture, change the tenant, and let the worker die after `call` of the report that follows."""
    days, target, chosen = await begun()
    days.platform.deaths = deaths = Deaths({} if call is None else {call: "after"})
    return days, await days.reported(target, chosen if what == CHOSEN else EVERYTHING), deaths


async def started(call: int, expected: list[str]) -> tuple[int, int] | None:
    """Let whoever starts the report by ids die after `call`; return how many files of ids and how many reports came of
    it, None when the start was over before.
    """
    days, target, chosen = await begun()
    deaths, wire = Deaths({call: "after"}), wire_snapshot_id(target.snapshot_id)
    starting = days.platform.product(Instance(), deaths).starting
    with contextlib.suppress(Killed):
        await starting.report(TENANT, wire, chosen, requested_by="operator")
    if not deaths.fired:
        return None
    await days.platform.run_until_idle()
    files = [name for name in days.platform.work.contents if name.endswith(scopes.SCOPE_PLACE)]
    jobs = await days.platform.operator.asking.jobs(TENANT)
    reports = [job for job in jobs if job.kind is Kind.REPORT]
    for report in reports:
        assert report.scope_file is not None
        assert [report.scope_file.name] == files
        assert (report.state, await found(days, report)) == (State.SUCCESSFUL, expected)
    return len(files), len(reports)


async def found(days: Days, job: Job) -> list[str]:
    """Return the report's rows; what Graph stamps on a deletion is the same in every telling."""
    rows, _more = await days.platform.operator.asking.differences(TENANT, job.job_id, skip=0, top=999)
    return sorted(map(str, rows))


async def expected_of(what: str) -> tuple[list[str], int, Job]:
    days, job, deaths = await told(what, None)
    return await found(days, job), deaths.calls, job


async def wrong(what: str, call: int, expected: list[str]) -> str:
    """Return what does not hold after a death at `call`."""
    days, job, deaths = await told(what, call)
    if job.state is not State.SUCCESSFUL:
        return f"{job.state}: {job.error}"
    told_of, _more = await days.platform.operator.showing.page(TENANT, job.job_id, skip=0, top=999)
    facts = {
        "fired": deaths.fired + deaths.withdrawn == 1,
        "the same rows": await found(days, job) == expected,
        "explained": [row.explanation is not None for row in told_of] == [True] * len(expected),
        "nothing new in the vault": len(await days.platform.operator.snapshots.listed(TENANT)) == 2,
    }
    return ", ".join(name for name, holds in facts.items() if not holds)


def test_whoever_starts_a_report_of_many_ids_may_die_at_any_call() -> None:
    expected, _calls, _job = virtual_time.run(expected_of(CHOSEN))
    ends = (virtual_time.run(started(call, expected)) for call in range(1, START_CALLS_MAX))
    came_of_it = [end for end in takewhile(lambda end: end is not None, ends) if end]
    assert len(came_of_it) < START_CALLS_MAX - 1, "a start does not end"
    assert came_of_it == sorted(came_of_it), "first the file, then the job"
    assert set(came_of_it) == {(0, 0), (1, 0), (1, 1)}


@pytest.mark.parametrize(("what", "step"), [(ALL, 1 if IS_SOAK else 4), (CHOSEN, 1 if IS_SOAK else 6)])
def test_a_worker_may_die_at_any_call_of_a_live_report(what: str, step: int) -> None:
    expected, calls, job = virtual_time.run(expected_of(what))
    assert (job.state, job.notes["ways"]["user"]) == (State.SUCCESSFUL, what)
    assert calls > 60
    assert len(expected) > 3
    broken = {call: virtual_time.run(wrong(what, call, expected)) for call in range(1, calls + 1, step)}
    assert not {call: lost for call, lost in broken.items() if lost}
