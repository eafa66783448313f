"""A platform in virtual time: workers that take messages, a watchdog that looks every minute, and deaths on demand.

Each worker has a product of its own over shared storage, as a function app's instances do. A worker that is killed
raises out of whatever call it was in, never returns from another, and is replaced after a while; its message comes
back when its lease ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import httpx

from shared.domain.jobs import Job
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings
from shared.graph.tokens import CachedTokens, Token
from shared.jobs.lease import LEASE_KEY, lease_row
from shared.jobs.states import ENDS
from shared.memory.alerts import MemoryAlerts
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import KnownPasswords, SequentialIds
from shared.memory.queue import Message
from shared.memory.signing import MemorySigning
from shared.ports import Caller, Put, Shelf
from shared.wiring import Ports, Product, assemble
from simulator.applications import GRAPH, TIDEMARK
from simulator.service import Simulator
from tests.support.history import RememberedRows
from tests.support.in_process import InProcessTransport
from tests.support.unruly import Outages, UnrulyQueue
from tests.support.virtual_time import VirtualClock
from tests.support.worm.blobs import WormBlobs

TENANT = "7d1de5a0-0000-4000-8000-00000000c0de"
BASE = "https://graph.microsoft.com/v1.0"
QUEUES = ("capture", "compare", "recover")
LEASE_SECONDS = 20
MESSAGE_LEASE_SECONDS = 45.0
RETRY_SECONDS = 5.0
DELIVERIES_MAX = 5
WATCHDOG_SECONDS = 60.0
REPLACEMENT_SECONDS = 3.0
STORY_SECONDS_MAX = 24 * 3600


class Killed(BaseException):
    """The worker process died here; nothing may catch this but the platform."""


@dataclass
class Deaths:
    """Where workers die: at the calls (counted over all workers) in `at`, before or after the call takes effect."""

    at: dict[int, str] = field(default_factory=dict)
    calls: int = 0
    fired: int = 0
    withdrawn: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    hold: Callable[[Instance], Awaitable[None]] | None = None

    async def around(self, act: Callable[[], Awaitable[Any]], instance: Instance) -> Any:
        """Do `act` unless the instance is dead or dies now."""
        if self.hold is not None:
            await self.hold(instance)
        if instance.is_dead:
            raise Killed
        self.calls += 1
        when = self.at.get(self.calls)
        if when == "before":
            self._kill(instance, when)
        try:
            result = await act()
        except asyncio.CancelledError:
            self.withdrawn += when is not None  # the worker itself gave the call up before it could die after it
            raise
        except Exception:
            if when == "after":
                self._kill(instance, when)
            raise
        if instance.is_dead:
            raise Killed
        if when == "after":
            self._kill(instance, when)
        return result

    def _kill(self, instance: Instance, when: str) -> None:
        self.fired += 1
        self.struck[f"workers killed {when} a call"] += 1
        instance.is_dead = True
        raise Killed


class Instance:
    """One worker process; `is_dead` once it was killed, frozen until `thaws_at` (seconds of the story).

    `token` is the fencing token under which it last recorded or renewed anything.
    """

    def __init__(self) -> None:
        self.is_dead = False
        self.thaws_at = 0.0
        self.token = 0


class Mortal:
    """Any port, through which its worker may die, and which may fail it."""

    def __init__(self, inner: object, deaths: Deaths, instance: Instance, outages: Outages | None = None) -> None:
        self._inner, self._deaths, self._instance = inner, deaths, instance
        self._outages = outages or Outages()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*given: Any, **named: Any) -> Any:
            return await self._deaths.around(
                lambda: self._outages.around(lambda: method(*given, **named)), self._instance
            )

        return call


class TokenSeen:
    """Rows that tell an instance under which token it recorded."""

    def __init__(self, inner: RememberedRows, instance: Instance) -> None:
        self._inner, self._instance = inner, instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def write(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Store, and remember the token when that succeeded."""
        etags = await self._inner.write(partition, puts)
        for put in puts:
            if put.key == LEASE_KEY:
                self._instance.token = lease_row(put.values).fencing_token
        return etags


class MortalTransport(httpx.AsyncBaseTransport):
    """HTTP through which its worker may die, before Graph saw the request or after it acted on it."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, deaths: Deaths, instance: Instance, begun: Callable[[bytes], None]
    ) -> None:
        self._inner, self._deaths, self._instance, self._begun = inner, deaths, instance, begun

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on."""
        if request.method != "GET":
            self._begun(await request.aread())
        answer: httpx.Response = await self._deaths.around(
            lambda: self._inner.handle_async_request(request), self._instance
        )
        return answer


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
        self.outages = Outages(seed)
        self.application = TIDEMARK
        self.passwords = KnownPasswords(seed)
        self.transport = InProcessTransport(simulator)
        self._token = CachedTokens(self._token_of_tidemark, self.clock)
        self.alerts = MemoryAlerts(("webhook", "teams"))
        self.deliveries = 0
        self.watches = True
        self.frozen = 0
        self.stale_writes: list[str] = []
        self._thaw_at = 0.0
        self.refuses_messages = False
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
            message = await self._next(number)
            if message is None:
                await self.queue.news()
                continue
            self.deliveries += 1
            try:
                await self._deliver(product, message, instance)
            except Killed:
                await asyncio.sleep(REPLACEMENT_SECONDS)
                instance = Instance()
                product = self.product(instance, self.deaths, self.outages)

    async def _next(self, number: int) -> Message | None:
        for offset in range(len(QUEUES)):
            queue = QUEUES[(number + offset) % len(QUEUES)]
            message = await self.queue.receive(queue, MESSAGE_LEASE_SECONDS)
            if message is not None:
                return message
        return None

    async def _deliver(self, product: Product, message: Message, instance: Instance) -> None:
        if message.dequeue_count > DELIVERIES_MAX:
            await product.worker.give_up(message.note, f"delivered {message.dequeue_count} times")
            await self.queue.delete(message)
            return
        hidden = asyncio.create_task(self._keep_hidden(message, instance))
        try:
            if self.refuses_messages:
                raise RuntimeError("the function fails every time")
            await product.worker.handle(message.note)
        except Exception:  # noqa: BLE001  whatever a function raises, the host delivers its message again
            await self.queue.release(message, RETRY_SECONDS)
        else:
            await self.queue.delete(message)
        finally:
            hidden.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hidden

    async def _keep_hidden(self, message: Message, instance: Instance) -> None:
        """Renew the message's lease while its worker lives and is not frozen, as the Functions host does."""
        while True:
            await asyncio.sleep(MESSAGE_LEASE_SECONDS / 2)
            if instance.thaws_at <= self.clock.elapsed():
                self.queue.extend(message, MESSAGE_LEASE_SECONDS)

    async def _watch(self) -> None:
        product = self.product(Instance(), Deaths())
        while True:
            await asyncio.sleep(WATCHDOG_SECONDS)
            if self.watches:
                await product.watchdog.look(TENANT)
