"""Whole stories over the real adapters and Azurite behind the WORM stand-in, with a worker dying again and again.

Every request that reaches the vault is looked at: blobs are created on condition that they are not there, read, listed,
and deleted once they have expired. Nothing else is ever sent, and nothing protected is ever tried.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, cast

from local.azurite import Azurite
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import EVERYTHING
from shared.domain.verification import Mode
from simulator.service import Simulator
from tests.contract.storage.vaults import Vault, worm_vault
from tests.simulation.stories import play_incident
from tests.support import virtual_time
from tests.support.deaths import Deaths, Instance
from tests.support.platform import TENANT, Platform

DAY = 86_400
# What the role of a writer allows, and what the pruner's allows besides ("Infrastructure and security", Azure roles).
WRITES = re.compile(r"PUT /devstoreaccount1/[a-z0-9]+/[^?]+\Z")
READS = re.compile(r"(GET|HEAD) /")
REMOVALS = re.compile(r"DELETE /devstoreaccount1/[a-z0-9]+/[^?]+\Z")


class RealTime:
    """An event loop in a thread of its own, in real time, for what talks to real sockets."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, act: Coroutine[Any, Any, Any]) -> Any:
        """Do `act` there; the caller's own time stands still meanwhile."""
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(timeout=30)

    def end(self) -> None:
        """Stop the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class There:
    """A port whose calls are made in real time, for a story that is told in virtual time."""

    def __init__(self, inner: object, real: RealTime) -> None:
        self._inner, self._real = inner, real

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = getattr(self._inner, name)

        async def call(*given: Any, **named: Any) -> Any:
            return self._real.do(method(*given, **named))

        return call


class PlatformOverAzure(Platform):
    """A platform whose vault is a container in Azurite under a policy."""

    def __init__(self, simulator: Simulator, vault: Vault, real: RealTime) -> None:
        super().__init__(simulator, seed=7, workers=1)
        self.vault = cast(Any, There(vault.blobs, real))
        self.shelf = cast(Any, There(vault.shelf, real))
        self.operator = self.product(Instance(), Deaths())


async def story_of(platform: Platform, simulator: Simulator, vault: Vault) -> None:
    """Capture under deaths, damage, recover, verify, hold, let time pass, prune."""
    clock, operator = platform.clock, platform.operator
    platform.deaths = Deaths({call: ("before", "after")[call % 2] for call in range(40, 400, 23)})
    first = await platform.finish(await operator.scheduling.capture(TENANT, clock.now()))
    assert (first.state, first.warnings) == (State.SUCCESSFUL, ())
    assert platform.deaths.fired > 1
    platform.deaths = Deaths()
    play_incident(simulator, 7)
    recovery = await operator.starting.recovery(
        TENANT, wire_snapshot_id(first.snapshot_id), EVERYTHING, Options(), requested_by="operator"
    )
    assert (await platform.finish(recovery)).state is State.SUCCESSFUL
    for _day in range(4):
        await clock.sleep(DAY)
        await platform.finish(await operator.scheduling.capture(TENANT, clock.now()))
    proof = await platform.finish(await operator.scheduling.verification(TENANT, clock.now()))
    assert proof.state is State.SUCCESSFUL
    await operator.upkeep.holding.hold(TENANT, first.snapshot_id, is_held=True, by="somebody", reason="the good one")
    assert (await operator.upkeep.pruning.prune(TENANT)).leaving == ()
    await clock.sleep(40 * DAY)
    for _run in range(2):
        pruned = await operator.upkeep.pruning.prune(TENANT)
        await clock.sleep(DAY)
    assert len(pruned.removed) + len(await operator.snapshots.listed(TENANT)) == 5
    assert pruned.removed
    assert (await operator.verifying.verify(TENANT, first.snapshot_id, Mode.FULL)).is_chained


def test_no_path_of_the_product_overwrites_or_deletes_what_the_vault_protects(azurite: Azurite) -> None:
    real, clock = RealTime(), virtual_time.VirtualClock()
    loops: list[asyncio.AbstractEventLoop] = []

    async def story(vault: Vault) -> None:
        loops.append(asyncio.get_running_loop())
        simulator = Simulator(clock=clock.unix_seconds, seed=7, objects=12, tenant_id=TENANT)
        await story_of(PlatformOverAzure(simulator, vault, real), simulator, vault)

    def now() -> datetime:
        return virtual_time.DAWN + timedelta(seconds=loops[0].time() if loops else 0.0)

    stack = AsyncExitStack()
    try:
        vault = real.do(stack.enter_async_context(worm_vault(azurite, days=35, now=now)))
        vault.policy.lock()
        vault.proxy.requests.clear()
        vault.proxy.unconditional.clear()  # the container itself is the deployment's
        virtual_time.run(story(vault))
        requests = [request for request in vault.proxy.requests if "/subscriptions/" not in request]
        other = [one for one in requests if not any(kind.match(one) for kind in (WRITES, READS, REMOVALS))]
        assert (vault.policy.breaches, other) == ([], [])
        assert all(any(kind.match(one) for one in requests) for kind in (WRITES, READS, REMOVALS))
        assert vault.proxy.unconditional == []
    finally:
        real.do(stack.aclose())
        real.end()
