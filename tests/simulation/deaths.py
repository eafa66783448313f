"""A small recovery, and its undo, told with one worker dying at one call: storage and Graph alike.

The tenant is a narrow one (tests/simulation/worlds.py), so that a story costs a fifth of a second, and the recovery
has everything in it: restores, properties, links, locations, policies that are staged, soft deletions.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from shared.domain.changes import Json, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import Scope
from simulator.service import Simulator
from tests.simulation.stories import planned_ids, play_incident, slip_in
from tests.simulation.worlds import NARROW, NARROW_TYPES
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.history import two_holders
from tests.support.pictures import Picture, differing, picture
from tests.support.platform import TENANT, Platform

SEED, OBJECTS = 11, 25
PARTS = 4  # tests that share the calls
IS_SOAK = bool(os.environ.get("TIDEMARK_SOAK"))  # `make soak` leaves no call out
Told = dict[str, tuple[Result, Json]]


@dataclass
class Ended:
    """One story: the job in which the worker died, and whether the tenant is as it should be."""

    platform: Platform
    job: Job
    is_right: bool

    async def outcomes(self) -> Told:
        """Return how each change ended and what was there before it, by change id."""
        outcomes = await self.platform.operator.asking.outcomes(TENANT, self.job.job_id)
        assert len({one.change_id for one in outcomes}) == len(outcomes), "a change has two recorded outcomes"
        return {one.change_id: (one.result, one.before) for one in outcomes}

    async def wrong(self, deaths: Deaths, undisturbed: Told) -> str:
        """Return what is not as if nobody had died, empty when everything is."""
        outcomes = await self.outcomes()
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "successful": self.job.state is State.SUCCESSFUL,
            "the tenant is right": self.is_right,
            "one outcome each": sorted(outcomes) == sorted(await planned_ids(self.platform, self.job)),
            "outcomes as if nobody had died": outcomes == undisturbed,
            "one holder": not two_holders(self.platform.rows.history) and not self.platform.stale_writes,
            "no hard delete": self.platform.simulator.tenant.history.hard_deletes == 0,
        }
        return ", ".join(name for name, holds in facts.items() if not holds)


async def damaged() -> tuple[Platform, str, Picture, set[str]]:
    """Return a captured and damaged tenant, its snapshot, what it was like, and what the incident left behind."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=OBJECTS, tenant_id=TENANT)
    platform = Platform(simulator, seed=SEED, workers=2)
    platform.application = NARROW
    before = picture(simulator.tenant.directory)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    rogue = play_incident(simulator, SEED)
    slip_in(simulator, SEED, rogue)
    return platform, wire_snapshot_id(capture.snapshot_id), before, rogue


async def recovered(deaths: Deaths, deaths_of_the_undo: Deaths | None = None) -> Ended:
    """Recover under `deaths`; undo that under the others, where there are any."""
    platform, wire, before, rogue = await damaged()
    directory = platform.simulator.tenant.directory
    broken = picture(directory)
    platform.deaths = deaths
    starting = platform.operator.starting
    options = Options(soft_delete_newer=True)
    job = await platform.finish(
        await starting.recovery(TENANT, wire, Scope(types=NARROW_TYPES), options, requested_by="operator")
    )
    if deaths_of_the_undo is None:
        return Ended(platform, job, not differing(before, picture(directory), rogue))
    platform.deaths = deaths_of_the_undo
    undo = await platform.finish(await starting.undo(TENANT, job.job_id, requested_by="operator"))
    return Ended(platform, undo, not differing(broken, picture(directory)))


def calls_of(part: int, count: int, stride: int) -> range:
    """Return the calls, of `count` in all, that one of the parts dies at; every call without a stride, or in a soak."""
    return range(1 + part, count + 1, PARTS * (1 if IS_SOAK else stride))
