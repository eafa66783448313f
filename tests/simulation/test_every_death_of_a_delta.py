"""A small capture by delta, told once for every call it makes, with the worker dying there; so too a restore point.

Dying before a call leaves what dying after the one before it leaves, so a call is taken once, after its effect. The
capture goes on from a restore point, so it reads both manifests and merges both; of the restore point, whose other
calls are the same ones, every eighth call is taken.
"""

from __future__ import annotations

import pytest

from shared.domain.jobs import Job, State
from shared.domain.verification import Mode
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT

SEED = 12
OBJECTS = 12
DAILY, POINT = "capture", "restore point"


async def told(what: str, call: int | None) -> tuple[Days, Job, Deaths]:
    """Capture, change the tenant, and let the worker die after `call` of the capture or restore point that follows."""
    days = Days(SEED, OBJECTS)
    days.platform.workers = 1
    await days.captured()
    days.move(8)
    if what == DAILY:
        await days.restore_point()
        days.move(8)
    deaths = Deaths({} if call is None else {call: "after"})
    days.platform.deaths = deaths
    return days, await (days.captured() if what == DAILY else days.restore_point()), deaths


async def wrong(what: str, call: int, expected: tuple[str, ...]) -> str:
    """Return what does not hold after a death at `call`."""
    days, job, deaths = await told(what, call)
    verifying = days.platform.operator.verifying
    proven = await verifying.verify(TENANT, job.snapshot_id)
    quick = await verifying.verify(TENANT, job.snapshot_id, Mode.QUICK)
    manifests = sum(name.endswith("/manifest.json") for name in days.platform.vault.contents)
    facts = {
        "fired": deaths.fired + deaths.withdrawn == 1,
        "successful": job.state is State.SUCCESSFUL,
        "proven": proven.is_signed and proven.is_chained,
        "one manifest a row": manifests == quick.snapshots,
        "the same state": held(days, job) == expected,
    }
    return ", ".join(name for name, holds in facts.items() if not holds)


def held(days: Days, job: Job) -> tuple[str, ...]:
    """Return how much of each type was sealed and how it was read; digests would carry the snapshot's own name."""
    types = sorted(days.manifest(job).types.items())
    return tuple(f"{name} {facts.way} {facts.objects} {facts.soft_deleted} {facts.links}" for name, facts in types)


@pytest.mark.parametrize(("what", "step"), [(DAILY, 1), (POINT, 8)])
def test_a_worker_may_die_at_any_call_of_a_capture_by_delta(what: str, step: int) -> None:
    days, job, deaths = virtual_time.run(told(what, None))
    expected, calls = held(days, job), deaths.calls
    assert (job.state, days.ways(job)["user"]) == (State.SUCCESSFUL, "delta")
    assert calls > 60
    broken = {call: virtual_time.run(wrong(what, call, expected)) for call in range(1, calls + 1, step)}
    assert not {call: lost for call, lost in broken.items() if lost}
