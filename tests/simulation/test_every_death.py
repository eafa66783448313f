"""One small recovery, told once for every call it makes, with the worker dying there.

Enumerated, not sampled: no moment of a recovery may be a bad one to lose a worker. Dying before a call leaves the same
world as dying after the worker's call before it, so of those every eighth is told as well.
"""

from __future__ import annotations

import pytest

from shared.domain.changes import Json, Result
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
STRIDES = {"after": 4, "before": 32}  # four tests share the calls


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


async def told_outcomes(platform: Platform, job: Job) -> dict[str, tuple[Result, Json]]:
    """Return how each change ended and what was there before it, by change id."""
    outcomes = await platform.operator.asking.outcomes(TENANT, job.job_id)
    assert len({one.change_id for one in outcomes}) == len(outcomes), "a change has two recorded outcomes"
    return {one.change_id: (one.result, one.before) for one in outcomes}


async def undisturbed() -> tuple[int, dict[str, tuple[Result, Json]]]:
    """Return how many calls the recovery makes when nobody dies, and how its changes end."""
    deaths = Deaths()
    platform, job, is_as_before = await recovered(deaths)
    assert is_as_before
    return deaths.calls, await told_outcomes(platform, job)


CALLS, OUTCOMES = virtual_time.run(undisturbed())


def test_the_enumeration_covers_a_whole_recovery() -> None:
    assert CALLS > 150


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(4))
def test_a_worker_may_die_at_any_call(when: str, part: int) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        platform, job, is_as_before = await recovered(deaths)
        outcomes = await told_outcomes(platform, job)
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "successful": job.state is State.SUCCESSFUL,
            "as before": is_as_before,
            "one outcome each": sorted(outcomes) == sorted(await planned_ids(platform, job)),
            "outcomes as if nobody had died": outcomes == OUTCOMES,
            "one holder": not two_holders(platform.rows.history),
            "no hard delete": platform.simulator.tenant.history.hard_deletes == 0,
        }
        return ", ".join(name for name, holds in facts.items() if not holds)

    broken = {call: virtual_time.run(story(call)) for call in range(1 + part, CALLS + 1, STRIDES[when])}
    assert not {call: lost for call, lost in broken.items() if lost}
