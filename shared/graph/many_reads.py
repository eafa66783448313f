"""Read many things side by side: in batches of 20, those to be repeated together with others once their wait is over.

One request in a hundred may fail and is asked again a second and more later. The rest does not wait for it: what is to
be repeated is put back in the queue when its time has come, and fills the next batch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from shared.graph import retry
from shared.graph.exchange import Reply, Request
from shared.graph.retry import Tries


class Sending(Protocol):
    """What sends a batch, and says whether a reply is the last word (sending.py)."""

    async def send_batch(self, parts: Sequence[Request]) -> list[Reply]:
        """Send one $batch once; return the reply to each part."""

    def wait_before_repeat(self, request: Request, reply: Reply, tries: Tries) -> float | None:
        """Return the seconds to wait before `request` is repeated, None when `reply` is final."""

    def reads_per_batch(self) -> int:
        """Return how many reads one $batch may hold at present."""

    async def wait(self, seconds: float) -> None:
        """Return `seconds` later, and count it."""


class ManyReads:
    """Requests that only read, each on its way to Graph's last word on it."""

    def __init__(self, sender: Sending, requests: Sequence[Request]) -> None:
        self._sender, self._requests = sender, requests
        self._ready = deque(range(len(requests)))
        self._tries: dict[int, Tries] = {}
        self._last: dict[int, Reply] = {}
        self._bell = asyncio.Event()

    async def replies(self, batches_in_flight_max: int) -> list[Reply]:
        """Return the last word on each request, in their order; raise the first failure after stopping the rest."""
        size = self._sender.reads_per_batch()
        workers = min(batches_in_flight_max, -(-len(self._requests) // size))
        try:
            async with asyncio.TaskGroup() as group:
                for _worker in range(workers):
                    group.create_task(self._work(group))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [self._last[place] for place in range(len(self._requests))]

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while len(self._last) < len(self._requests):
            if not self._ready:
                self._bell.clear()
                await self._bell.wait()
                continue
            size = min(len(self._ready), self._sender.reads_per_batch())
            places = [self._ready.popleft() for _place in range(size)]
            replies = await self._sender.send_batch([self._requests[place] for place in places])
            for place, reply in zip(places, replies, strict=True):
                self._take(group, place, reply)
            self._bell.set()

    def _take(self, group: asyncio.TaskGroup, place: int, reply: Reply) -> None:
        tries = self._tries.get(place, Tries())
        seconds = self._sender.wait_before_repeat(self._requests[place], reply, tries)
        if seconds is None:
            self._last[place] = reply
            return
        self._tries[place] = retry.counted(tries, reply.status)
        group.create_task(self._later(place, seconds))

    async def _later(self, place: int, seconds: float) -> None:
        await self._sender.wait(seconds)
        self._ready.append(place)
        self._bell.set()
