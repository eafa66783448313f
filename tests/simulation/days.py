"""A tenant over days: captures, restore points, and somebody who changes things in between."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING, Scope
from shared.formats.manifests import Manifest, unseal
from simulator.faults import Faults, Rule
from simulator.http import Request
from simulator.service import Simulator
from tests.simulation.test_a_moving_tenant import Mover
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

ACTS = 25
HOUR = 3600.0
PLAIN, WHOLE = Options(), Options(reads_whole=True)


class Days:
    """A tenant, its platform and somebody who changes it; time passes between captures."""

    def __init__(
        self, seed: int = 1, objects: int = 40, *, faults: Sequence[Rule] = (), is_mixed: bool = False
    ) -> None:
        self.clock = virtual_time.VirtualClock()
        self.simulator = Simulator(
            clock=self.clock.unix_seconds,
            seed=seed,
            objects=objects,
            tenant_id=TENANT,
            is_mixed=is_mixed,
            faults=Faults(list(faults), seed=seed),
        )
        self.platform, self.mover = Platform(self.simulator, seed=seed, workers=2), Mover(self.simulator, seed)

    def move(self, acts: int = ACTS) -> None:
        """Change the tenant at random."""
        for _act in range(acts):
            self.mover.act()

    async def captured(self, *, hours: float = 24.0) -> Job:
        """Let time pass, capture, and return the job at its end."""
        await self.clock.sleep(hours * HOUR)
        return await self.platform.finish(await self.platform.operator.scheduling.capture(TENANT, self.clock.now()))

    async def restore_point(self, *, hours: float = 1.0) -> Job:
        """Let time pass, make a restore point, and return the job at its end."""
        await self.clock.sleep(hours * HOUR)
        scheduling = self.platform.operator.scheduling
        return await self.platform.finish(await scheduling.restore_point(TENANT, self.clock.now()))

    async def reported(self, job: Job, scope: Scope = EVERYTHING, options: Options = PLAIN) -> Job:
        """Report what separates the tenant from what `job` sealed; return the report."""
        wire_id = wire_snapshot_id(job.snapshot_id)
        starting = self.platform.operator.starting
        return await self.platform.finish(
            await starting.report(TENANT, wire_id, scope, options, requested_by="operator")
        )

    async def recovered(self, job: Job, scope: Scope = EVERYTHING) -> Job:
        """Bring the tenant, or what of it is in scope, back to what `job` sealed; return the recovery."""
        wire_id, options = wire_snapshot_id(job.snapshot_id), Options(soft_delete_newer=True)
        starting = self.platform.operator.starting
        return await self.platform.finish(
            await starting.recovery(TENANT, wire_id, scope, options, requested_by="operator")
        )

    async def found(self, job: Job) -> int:
        """Return how many objects a report against what `job` sealed finds, every object of the tenant read again."""
        report = await self.reported(job, options=WHOLE)
        assert report.state is State.SUCCESSFUL, report.error
        return report.counts.get("objectsCalculated", 0)

    def control(self, name: str, body: object = None) -> None:
        """Tell the simulator to do something that no Graph client can."""
        content = b"" if body is None else msgspec.json.encode(body)
        answer = self.simulator.handle(Request("POST", f"/_sim/{name}", {"host": "localhost"}, content, "http"))
        assert answer.status < 300, answer.body

    def manifest(self, job: Job) -> Manifest:
        """Return the manifest that `job` sealed."""
        name = f"{TENANT}/{job.snapshot_id}/manifest.json"
        return unseal(self.platform.vault.contents[name], name=name, expected=None)

    def ways(self, job: Job) -> dict[str, str]:
        """Return how each type was read."""
        return {name: facts.way for name, facts in self.manifest(job).types.items()}

    def requests(self) -> int:
        """Return how many requests were sent so far."""
        return len(self.platform.transport.log)
