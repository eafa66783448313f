"""One small recovery that creates objects anew, told with one worker dying at one call: never two of anything.

A worker dies after every call that writes or may write to the tenant's neighbourhood, that is after every second call,
and before every eighth one (`make soak`: every one). The tenant afterwards is judged up to the ids in the map.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from shared.domain.changes import Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.renewals import Renewal, new_ids
from shared.domain.scope import Scope
from shared.runs.pairing import Pairing
from simulator.applications import GRAPH, TIDEMARK
from simulator.service import Simulator
from tests.simulation.deaths import PARTS, calls_of
from tests.simulation.purges import Purger, census, counted, renamed
from tests.simulation.worlds import NARROW_ROLES, NARROW_TYPES
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.history import two_holders
from tests.support.platform import TENANT, Platform

SEED, OBJECTS = 11, 25
PURGED = {"user": 2, "group": 2, "conditionalAccessPolicy": 1, "namedLocation": 1}
STRIDES = {"after": 2, "before": 8}
EMERGENCY = "Emergency Access"
ASKED = Options(recreate_deleted=True)
Told = dict[str, Result]


@dataclass
class Ended:
    """One story: the job in which the worker died, what it made, and what the tenant lacks or has too much."""

    platform: Platform
    job: Job
    renewals: list[Renewal]
    apart: tuple[list[str], list[str]]
    purged: int

    async def outcomes(self) -> Told:
        """Return how each change ended, by its id with old ids for new ones: new ones are others in every story."""
        outcomes = await self.platform.operator.asking.outcomes(TENANT, self.job.job_id)
        old = {one.new_id: one.old_id for one in self.renewals}
        told = {renamed(one.change_id, old): one.result for one in outcomes}
        assert len(told) == len(outcomes), "a change has two recorded outcomes"
        return told

    async def wrong(self, deaths: Deaths, undisturbed: Told) -> str:
        """Return what is not as if nobody had died, empty when everything is."""
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "successful": self.job.state is State.SUCCESSFUL,
            "the tenant is right up to the map": self.apart == ([], []),
            "one new object each": len({one.new_id for one in self.renewals}) == self.purged,
            "outcomes as if nobody had died": await self.outcomes() == undisturbed,
            "one holder": not two_holders(self.platform.rows.history),
        }
        return ", ".join(name for name, holds in facts.items() if not holds)


# The lock-out guard has to see who is administrator, or it leaves alone what depends on that.
GUARDED = replace(TIDEMARK, roles={GRAPH: (*NARROW_ROLES, "RoleManagement.Read.Directory")})


async def recovered(deaths: Deaths) -> Ended:
    """Capture, purge, then recover under `deaths`."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=OBJECTS, tenant_id=TENANT)
    platform = Platform(simulator, seed=SEED, workers=2)
    platform.application = GUARDED
    people = simulator.tenant.directory.stores["user"].live
    platform.emergency_accounts = tuple(key for key, one in people.items() if EMERGENCY in one["displayName"])
    before = census(simulator, NARROW_TYPES)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    purger = Purger(simulator, clock)
    await purger.purge_some(SEED, PURGED, spared=frozenset(platform.emergency_accounts))
    platform.deaths = deaths
    wire, scope = wire_snapshot_id(capture.snapshot_id), Scope(types=NARROW_TYPES)
    started = await platform.operator.starting.recovery(TENANT, wire, scope, ASKED, requested_by="operator")
    job = await platform.finish(started)
    renewals = await Pairing(platform.operator.snapshots).renewals(TENANT)
    then, now = counted(before, new_ids(renewals)), counted(census(simulator, NARROW_TYPES), {})
    apart = sorted((then - now).elements()), sorted((now - then).elements())
    return Ended(platform, job, renewals, apart, len(purger.purged))


async def undisturbed() -> tuple[int, Told]:
    """Return how many calls the recovery makes when nobody dies, and how its changes end."""
    deaths = Deaths()
    ended = await recovered(deaths)
    assert ended.apart == ([], [])
    assert ended.purged == sum(PURGED.values())
    return deaths.calls, await ended.outcomes()


CALLS, OUTCOMES = virtual_time.run(undisturbed())


def test_the_enumeration_covers_a_recovery_that_creates_and_relinks() -> None:
    assert CALLS > 150
    kinds = {change.partition(":")[0] for change in OUTCOMES}
    assert {"recreate", "update", "link"} <= kinds


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_worker_may_die_at_any_call(when: str, part: int) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        return await (await recovered(deaths)).wrong(deaths, OUTCOMES)

    broken = {call: virtual_time.run(story(call)) for call in calls_of(part, CALLS, STRIDES[when])}
    assert not {call: lost for call, lost in broken.items() if lost}
