"""Workers that die on demand: before or after any call of theirs to storage or to Graph takes effect.

A worker that is killed raises out of whatever call it was in and never returns from another. Every kill is counted: a
story that planted one which never happened has shown nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.jobs.lease import LEASE_KEY, lease_row
from shared.ports import Put
from tests.support.history import RememberedRows
from tests.support.unruly import Outages


class Killed(BaseException):
    """The worker process died here; nothing may catch this but the platform."""


class Instance:
    """One worker process; `is_dead` once it was killed, frozen until `thaws_at` (seconds of the story).

    `token` is the fencing token under which it last recorded or renewed anything.
    """

    def __init__(self) -> None:
        self.is_dead = False
        self.thaws_at = 0.0
        self.token = 0


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
