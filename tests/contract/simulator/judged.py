"""A tenant that a referee watches, and the product's main job told against it: capture, incident, report, recovery."""

from __future__ import annotations

import msgspec

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import EVERYTHING
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from simulator.switches import Switches
from tests.simulation.stories import play_incident
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform
from tests.support.referee import HAS_SLICE, SLICE


def told(
    seed: int, *, objects: int = 120, switches: Switches | None = None, faults: tuple[Fault, ...] = ()
) -> tuple[Simulator, list[str], set[str]]:
    """Tell the story; return the tenant, the states the jobs ended in, and the ids the incident made."""

    async def story() -> tuple[Simulator, list[str], set[str]]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(
            clock=clock.unix_seconds,
            seed=seed,
            objects=objects,
            tenant_id=TENANT,
            faults=Faults([Rule(kind=kind, probability=0.03, times=4) for kind in faults], seed=seed),
            switches=msgspec.structs.replace(switches) if switches else None,
            validate=SLICE if HAS_SLICE else None,
        )
        platform = Platform(simulator, seed=seed, deaths=Deaths(), workers=2)
        operator = platform.operator
        capture = await platform.finish(await operator.scheduling.capture(TENANT, clock.now()))
        wire = wire_snapshot_id(capture.snapshot_id)
        made = play_incident(simulator, seed)
        report = await platform.finish(
            await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator")
        )
        recovery = await platform.finish(
            await operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
        )
        return simulator, [job.state.value for job in (capture, report, recovery)], made

    return virtual_time.run(story())


DONE = [State.SUCCESSFUL.value] * 3
