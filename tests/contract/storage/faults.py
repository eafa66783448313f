"""A transport that spoils chosen requests on their way, and counts how often it did."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from azure.core.exceptions import ServiceResponseError

from shared.azure.transport import StreamingTransport

Hook = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing between the request and the loss of its reply."""


class Seen:
    """The requests that went out, as (method, query) pairs."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def count(self, method: str) -> int:
        return sum(1 for seen, _ in self.requests if seen == method)


class FaultyTransport(StreamingTransport):
    """Spoils the first `times` requests of one method.

    LOSE_REPLY executes the request and drops the reply; LOSE_REQUEST does not execute it; DELAY_REQUEST executes it
    just before the next one of that method, as a request that was stuck on its way.
    """

    LOSE_REPLY, LOSE_REQUEST, DELAY_REQUEST = "lose reply", "lose request", "delay request"

    def __init__(self, fault: str, method: str, *, times: int = 1, meanwhile: Hook = nothing) -> None:
        super().__init__()
        self.fired = 0
        self.seen = Seen()
        self._fault, self._method, self._times, self._meanwhile = fault, method, times, meanwhile
        self._delayed: list[tuple[Any, dict[str, Any]]] = []

    async def send(self, request: Any, **config: Any) -> Any:
        """Send the request, or spoil it as the fault says."""
        self.seen.requests.append((request.method, request.url.partition("?")[2]))
        if request.method != self._method:
            return await super().send(request, **config)
        if self.fired < self._times:
            self.fired += 1
            if self._fault == self.LOSE_REPLY:
                await _dropped(await super().send(request, **dict(config)))
            elif self._fault == self.DELAY_REQUEST:
                self._delayed.append((request, dict(config)))
            await self._meanwhile()
            raise ServiceResponseError("the connection broke before the reply")
        while self._delayed:
            earlier, earlier_config = self._delayed.pop()
            await _dropped(await super().send(earlier, **earlier_config))
        return await super().send(request, **config)


async def _dropped(response: Any) -> None:
    """Let the server finish and drop what it said."""
    closed = response.close()
    if inspect.isawaitable(closed):
        await closed
