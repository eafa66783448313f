"""What measurements by delta begin with: a simulated tenant is captured whole, and then some of it changes.

The tenant answers from a process of its own, so processor time is that of one worker process alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.capture import WORKERS, world_of
from bench.tenant import TenantProcess, TenantTransport
from bench.world import World
from shared.domain.jobs import SnapshotSummary
from shared.memory import virtual_time
from simulator.service import Simulator

PAUSE_SECONDS = 600.0  # what lies between two readings costs nothing, so it need not be a day


class Begun(msgspec.Struct, frozen=True):
    """A world whose tenant has changed since `captured`, which took `requests`."""

    world: World
    transport: TenantTransport
    captured: SnapshotSummary
    requests: int


async def captured_and_changed(
    tenant: TenantProcess, root: Path, change: Callable[[Simulator, float], int], share: float
) -> Begun:
    """Capture the tenant, have its process call `change`, which is a module's function, and let some time pass."""
    clock, transport = virtual_time.VirtualClock(), TenantTransport(tenant)
    world = world_of(tenant, root, clock, transport)
    captured = await world.capture(workers=WORKERS)
    begun = Begun(world, transport, captured, transport.requests)
    tenant.ask("call", change, share)
    await clock.sleep(PAUSE_SECONDS)
    return begun


def touch(simulator: Simulator, live: Sequence[tuple[str, str]], wanted: int) -> int:
    """Change `wanted` of the live (type, id), evenly spread: each in one property, groups also in one member."""
    directory, at = simulator.tenant.directory, simulator.world.now()
    for number in range(wanted):
        name, object_id = live[number * len(live) // wanted]
        directory.update(name, object_id, {"displayName": f"Changed {number}"}, at)
        if name == "group" and len(members := directory.links.targets(object_id, "members")):
            directory.unlink(object_id, "members", next(iter(members)), at)
    return wanted
