"""A platform in virtual time: storage, a tenant, workers that take messages, and a watchdog that looks every minute.

Each worker has a product of its own over shared storage, as a function app's instances do. One that is killed
(deaths.py) is replaced after a while; its message comes back when its lease ends (host.py).
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from functools import partial

from shared.domain.jobs import Job
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings
from shared.graph.tokens import CachedTokens, Token
from shared.jobs.states import ENDS
from shared.memory.alerts import MemoryAlerts
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import KnownPasswords, SequentialIds
from shared.memory.signing import MemorySigning
from shared.ports import Caller, Shelf
from shared.wiring import Ports, Product, assemble
from simulator.applications import GRAPH, TIDEMARK
from simulator.service import Simulator
from tests.support.deaths import Deaths, Instance, Killed, Mortal, MortalTransport, TokenSeen
from tests.support.history import RememberedRows
from tests.support.host import QUEUES, Host
from tests.support.in_process import InProcessTransport
from tests.support.unruly import Outages, UnrulyQueue
from tests.support.virtual_time import VirtualClock
from tests.support.worm.blobs import WormBlobs

TENANT = "7d1de5a0-0000-4000-8000-00000000c0de"
BASE = "https://graph.microsoft.com/v1.0"
LEASE_SECONDS = 20
WATCHDOG_SECONDS = 60.0
REPLACEMENT_SECONDS = 3.0
STORY_SECONDS_MAX = 24 * 3600


class NobodyCalls:
    """ports.Callers for worlds without HTTP."""

    async def identify(self, authorization: str | None) -> Caller:
        """Never called here."""
        raise AssertionError(authorization)


class Platform:
    """Storage, a tenant, and workers over both. Call `run_until_idle` inside tests.support.virtual_time.run."""

    def __init__(self, simulator: Simulator, *, seed: int = 1, deaths: Deaths | None = None, workers: int = 2) -> None:
        self.simulator, self.clock, self.workers = simulator, VirtualClock(), workers
        self.deaths = deaths or Deaths()
        self.random = random.Random(seed)
        self.rows, self.work = RememberedRows(self.clock), MemoryBlobs(self.clock)
        self.vault, self.audit = WormBlobs(self.clock), WormBlobs(self.clock)
        self.shelf: Shelf = self.vault
        self.signing: MemorySigning | None = MemorySigning()
        self.queue, self.ids = UnrulyQueue(self.clock, random.Random(f"queue {seed}")), SequentialIds(seed)
        self.host = Host(self.queue, self.clock)
        self.outages = Outages(seed)
        self.application = TIDEMARK
        self.passwords = KnownPasswords(seed)
        self.transport = InProcessTransport(simulator)
        self._token = CachedTokens(self._token_of_tidemark, self.clock)
        self.alerts = MemoryAlerts(("webhook", "teams"))
        self.watches = True
        self.frozen = 0
        self.stale_writes: list[str] = []
        self._thaw_at = 0.0
        self.emergency_accounts: tuple[str, ...] = ()
        self.own_applications: tuple[str, ...] = ()
        self.operator = self.product(Instance(), Deaths())

    def product(self, instance: Instance, deaths: Deaths, outages: Outages | None = None) -> Product:
        """Return a worker's product over the shared storage and tenant."""

        def mortal(port: object) -> Mortal:
            return Mortal(port, deaths, instance, outages)

        directory = GraphDirectory(
            GraphSettings(base_url=BASE),
            tokens=self._token,
            clock=self.clock,
            jitter=random.Random(self.random.random()),
            transport=MortalTransport(self.transport, deaths, instance, partial(self._begun, instance)),
        )
        ports = Ports(
            rows=mortal(TokenSeen(self.rows, instance)),
            work=mortal(self.work),
            vault=mortal(self.vault),
            queue=mortal(self.queue),
            directory=directory,
            clock=self.clock,
            ids=self.ids,
            passwords=self.passwords,
            signer=mortal(self.signing) if self.signing else None,
            verifier=self.signing,
            alerts=self.alerts,
            vault_shelf=mortal(self.shelf),
            work_shelf=mortal(self.work),
            audit=mortal(self.audit),
        )
        return assemble(
            TENANT,
            ports,
            NobodyCalls(),
            lease_seconds=LEASE_SECONDS,
            emergency_accounts=self.emergency_accounts,
            own_applications=self.own_applications,
        )

    def _begun(self, instance: Instance, body: bytes) -> None:
        """Remember a write that a worker begins after the tenant went to somebody else."""
        newest = self.rows.newest_token
        is_write = body.count(b'"method":') != body.count(b'"method":"GET"') or b'"requests"' not in body
        if is_write and instance.token < newest:
            self.stale_writes.append(f"token {instance.token} of {newest}: {body[:200]!r}")

    async def _token_of_tidemark(self, claims: str = "") -> Token:
        issued = self.simulator.issue_token(self.application, GRAPH, base_url="https://login.microsoftonline.com")
        return Token(issued, self.clock.now() + timedelta(hours=1))

    def freeze_one_worker(self, seconds: float) -> None:
        """Make the worker that writes next stand still for `seconds`, its renewals included, then go on."""
        self._thaw_at = self.clock.elapsed() + seconds
        self.deaths.hold = self._perhaps_frozen

    async def _perhaps_frozen(self, instance: Instance) -> None:
        if self._thaw_at and not self.frozen:
            self.frozen, instance.thaws_at = 1, self._thaw_at
        if instance.thaws_at > self.clock.elapsed():
            await asyncio.sleep(instance.thaws_at - self.clock.elapsed())

    async def run_until_idle(self) -> None:
        """Let workers and watchdog work until every job has ended and every queue is empty."""
        tasks = [asyncio.create_task(self._worker(number)) for number in range(self.workers)]
        tasks.append(asyncio.create_task(self._watch()))
        began = self.clock.elapsed()
        try:
            while any(self.queue.waiting(queue) for queue in QUEUES) or not await self._is_idle():
                assert self.clock.elapsed() - began < STORY_SECONDS_MAX, "the story does not end"
                await asyncio.sleep(1.0)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self, job: Job | None) -> Job:
        """Run until idle and return the job as it ended."""
        assert job is not None, "the job was not created"
        await self.run_until_idle()
        return await self.operator.asking.job(TENANT, job.job_id)

    async def _is_idle(self) -> bool:
        jobs = await self.operator.ledger.jobs(TENANT)
        return all(job.state in ENDS for job in jobs)

    async def _worker(self, number: int) -> None:
        instance = Instance()
        product = self.product(instance, self.deaths, self.outages)
        while True:
            message = await self.host.next(number)
            if message is None:
                await self.queue.news()
                continue
            try:
                await self.host.deliver(product, message, instance)
            except Killed:
                await asyncio.sleep(REPLACEMENT_SECONDS)
                instance = Instance()
                product = self.product(instance, self.deaths, self.outages)

    async def _watch(self) -> None:
        product = self.product(Instance(), Deaths())
        while True:
            await asyncio.sleep(WATCHDOG_SECONDS)
            if self.watches:
                await product.watchdog.look(TENANT)
