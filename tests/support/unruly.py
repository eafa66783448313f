"""A queue and a storage service on a bad day: messages come late, twice and out of order, calls fail or lose answers.

Each kind of trouble is off until its share is set, and counts how often it struck: a story that planted something
which never happened has shown nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from shared.domain.errors import TransientError
from shared.domain.jobs import Note
from shared.memory.queue import MemoryQueue, Message
from shared.ports import Clock

LATE_SECONDS_MAX = 40.0
POLL_SECONDS_MAX = 30.0
POLL_SECONDS = 0.5


class UnrulyQueue(MemoryQueue):
    """A queue that may send a message late or twice, and hand out any of those that are due."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        super().__init__(clock)
        self.late = self.reordered = self.duplicates = 0.0
        self.struck: Counter[str] = Counter()
        self._chance, self._time = chance, clock
        self._news: asyncio.Event | None = None

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        """Make `note` receivable, perhaps later than asked."""
        if self.late and self._chance.random() < self.late:
            self.struck["late messages"] += 1
            delay_seconds += self._chance.uniform(1.0, LATE_SECONDS_MAX)
        await super().send(queue, note, delay_seconds)
        self._tell()

    async def receive(self, queue: str, lease_seconds: float) -> Message | None:
        """Return a message that is due, not always the oldest, and perhaps leave a copy of it behind."""
        if self.reordered and self._chance.random() < self.reordered:
            self._shuffle(queue)
        message = await super().receive(queue, lease_seconds)
        if message is not None and self.duplicates and self._chance.random() < self.duplicates:
            self.struck["duplicate messages"] += 1
            await super().send(queue, message.note, self._chance.uniform(0, 30))
        return message

    async def release(self, message: Message, delay_seconds: float = 0) -> bool:
        """Make a delivered message visible again."""
        is_ours = await super().release(message, delay_seconds)
        self._tell()
        return is_ours

    async def news(self) -> None:
        """Return when something may have become visible: a poll would find out half a second later."""
        if self._news is None:
            self._news = asyncio.Event()
        self._news.clear()
        next_at = self.next_visible_at()
        wait = (next_at - self._time.now()).total_seconds() if next_at else POLL_SECONDS_MAX
        try:
            async with asyncio.timeout(min(max(wait, POLL_SECONDS), POLL_SECONDS_MAX)):
                await self._news.wait()
        except TimeoutError:
            return

    def _shuffle(self, queue: str) -> None:
        """Give one of the messages that are due the oldest place."""
        now = self._time.now()
        due = [stored for stored in self._queues.get(queue, {}).values() if stored.visible_at <= now]
        if len(due) > 1:
            chosen = self._chance.choice(due)
            oldest = min(stored.visible_at for stored in due)
            self.struck["reordered messages"] += chosen.visible_at > oldest
            chosen.visible_at = oldest - timedelta(seconds=1)

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()


class Outages:
    """Storage calls that fail: some never happen, of some the answer is lost; `times` in all, none unless set."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(f"outages {seed}")
        self.probability, self.times = 0.0, 0
        self.struck: Counter[str] = Counter()

    async def around(self, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do `act`, or fail before or after it."""
        if not self.times or self._chance.random() >= self.probability:
            return await act()
        self.times -= 1
        if self._chance.random() < 0.5:
            self.struck["storage calls that failed"] += 1
            raise TransientError("planted: the storage service did not take the call")
        await act()
        self.struck["storage answers that were lost"] += 1
        raise TransientError("planted: the storage service's answer was lost")
