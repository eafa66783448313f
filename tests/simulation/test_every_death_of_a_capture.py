"""One small capture, told once for every call it makes, with the worker dying there.

Enumerated, not sampled: whenever a worker is lost, one snapshot is sealed, signed and whole, or none is to be seen.
"""

from __future__ import annotations

import pytest

from shared.domain.jobs import Job, State
from shared.domain.verification import Mode
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.deaths import Deaths, Instance
from tests.support.platform import TENANT, Platform

SEED = 12
OBJECTS = 20


async def captured(deaths: Deaths, platforms: list[Platform] | None = None) -> tuple[Platform, Job]:
    """Capture the tenant under `deaths`; `platforms` is told of the platform before anything happens."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=OBJECTS, tenant_id=TENANT)
    platform = Platform(simulator, seed=SEED, workers=1)
    platform.deaths = deaths
    if platforms is not None:
        platforms.append(platform)
    return platform, await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))


async def undisturbed() -> int:
    """Return how many calls the capture makes when nobody dies."""
    deaths = Deaths()
    _platform, job = await captured(deaths)
    assert job.state is State.SUCCESSFUL
    return deaths.calls


CALLS = virtual_time.run(undisturbed())


def test_the_enumeration_covers_a_whole_capture() -> None:
    assert CALLS > 60


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_may_die_at_any_call_of_a_capture(when: str) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        platform, job = await captured(deaths)
        operator = platform.operator
        proven = await operator.verifying.verify(TENANT, job.snapshot_id)
        quick = await operator.verifying.verify(TENANT, job.snapshot_id, Mode.QUICK)
        manifests = [name for name in platform.vault.contents if name.endswith("/manifest.json")]
        signatures = [name for name in platform.vault.contents if name.endswith("/manifest.sig")]
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "successful": job.state is State.SUCCESSFUL,
            "proven": proven.is_signed and proven.is_chained and proven.objects > 0,
            "one manifest, one signature, one row": (len(manifests), len(signatures), quick.snapshots) == (1, 1, 1),
        }
        return ", ".join(name for name, holds in facts.items() if not holds)

    broken = {call: virtual_time.run(story(call)) for call in range(1, CALLS + 1)}
    assert not {call: lost for call, lost in broken.items() if lost}


def test_a_snapshot_is_listed_only_once_it_is_signed() -> None:
    async def story() -> None:
        seen: set[tuple[bool, bool, bool]] = set()
        deaths = Deaths()

        async def look(_instance: Instance) -> None:
            """Note before each call of a worker what of the snapshot is there."""
            names = {name.rpartition("/")[2] for name in platforms[0].vault.contents}
            listed = await platforms[0].operator.snapshots.listed(TENANT)
            seen.add((bool(listed), "manifest.sig" in names, "manifest.json" in names))

        deaths.hold = look
        platforms: list[Platform] = []
        await captured(deaths, platforms)
        assert seen == {(False, False, False), (False, False, True), (False, True, True), (True, True, True)}

    virtual_time.run(story())
