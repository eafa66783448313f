"""One small recovery, told once for every call it makes, with the worker dying there.

Enumerated, not sampled: no moment of a recovery may be a bad one to lose a worker.
"""

from __future__ import annotations

import pytest

from shared.domain.changes import Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from simulator.directory.fingerprint import fingerprint
from simulator.service import Simulator
from tests.simulation.stories import planned_ids, play_incident
from tests.support import virtual_time
from tests.support.history import two_holders
from tests.support.platform import TENANT, Deaths, Platform

SEED = 11
OBJECTS = 30


async def recovered(deaths: Deaths) -> tuple[Platform, Job, bool]:
    """Capture, damage, then recover under `deaths`; return also whether the tenant is as it was."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=OBJECTS, tenant_id=TENANT)
    platform = Platform(simulator, seed=SEED, workers=2)
    before = fingerprint(simulator.tenant.directory)
    capture = await platform.finish(await platform.operator.starting.capture(TENANT, clock.now()))
    rogue = frozenset(play_incident(simulator, SEED))
    platform.deaths = deaths
    started = await platform.operator.starting.recovery(
        TENANT, wire_snapshot_id(capture.snapshot_id), EVERYTHING, Options(), requested_by="operator"
    )
    job = await platform.finish(started)
    return platform, job, fingerprint(simulator.tenant.directory, ignoring=rogue) == before


def calls_of_a_recovery() -> int:
    """Return how many calls the recovery makes when nobody dies."""
    deaths = Deaths()
    virtual_time.run(recovered(deaths))
    return deaths.calls


CALLS = calls_of_a_recovery()


def test_the_enumeration_covers_a_whole_recovery() -> None:
    assert CALLS > 150


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(4))
def test_a_worker_may_die_at_any_call(when: str, part: int) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        platform, job, is_as_before = await recovered(deaths)
        outcomes = await platform.operator.asking.outcomes(TENANT, job.job_id)
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "successful": job.state is State.SUCCESSFUL,
            "as before": is_as_before,
            "one outcome each": sorted(one.change_id for one in outcomes) == sorted(await planned_ids(platform, job)),
            "nothing failed": all(one.result is not Result.FAILED for one in outcomes),
            "one holder": not two_holders(platform.rows.history),
            "no hard delete": platform.simulator.tenant.history.hard_deletes == 0,
        }
        return ", ".join(name for name, holds in facts.items() if not holds)

    broken = {call: virtual_time.run(story(call)) for call in range(1 + part, CALLS + 1, 4)}
    assert not {call: lost for call, lost in broken.items() if lost}
