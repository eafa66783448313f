"""A small live report by delta, told once for every call it makes, with the worker dying there; so too one by ids.

Dying before a call leaves what dying after the one before it leaves, so a call is taken once, after its effect. The
report goes on from a restore point, so it reads both manifests; of the report of chosen objects every sixth call is
taken.
"""

from __future__ import annotations

import pytest

from shared.domain.jobs import Job, State
from shared.domain.scope import EVERYTHING, Scope
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT, Deaths

SEED = 12
OBJECTS = 12
ALL, CHOSEN = "delta", "ids"


async def told(what: str, call: int | None) -> tuple[Days, Job, Deaths]:
    """Capture, change the tenant, and let the worker die after `call` of the report that follows."""
    days = Days(SEED, OBJECTS)
    days.platform.workers = 1
    target = await days.captured()
    days.move(8)
    await days.restore_point()
    days.move(8)
    deaths = Deaths({} if call is None else {call: "after"})
    days.platform.deaths = deaths
    stores = days.simulator.tenant.directory.stores
    chosen = {name: tuple(sorted({*stores[name].live, *stores[name].deleted})) for name in ("user", "group")}
    return days, await days.reported(target, Scope(ids=chosen) if what == CHOSEN else EVERYTHING), deaths


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


@pytest.mark.parametrize(("what", "step"), [(ALL, 1), (CHOSEN, 6)])
def test_a_worker_may_die_at_any_call_of_a_live_report(what: str, step: int) -> None:
    expected, calls, job = virtual_time.run(expected_of(what))
    assert (job.state, job.notes["ways"]["user"]) == (State.SUCCESSFUL, what)
    assert calls > 60
    assert len(expected) > 3
    broken = {call: virtual_time.run(wrong(what, call, expected)) for call in range(1, calls + 1, step)}
    assert not {call: lost for call, lost in broken.items() if lost}
