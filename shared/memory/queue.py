"""A work queue in memory that delivers like a Storage queue, for a simulated platform to take messages from.

A received message is hidden for a lease and comes back when the lease ends before it is deleted; each delivery has a
receipt of its own, and an old receipt no longer deletes or releases anything. Order is that of becoming visible.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from shared.domain.jobs import Note
from shared.ports import Clock


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of a note: `dequeue_count` counts the deliveries so far, this one included."""

    queue: str
    message_id: int
    receipt: int
    dequeue_count: int
    note: Note


class _Stored(msgspec.Struct):
    """What the queue keeps of a message; `visible_at` moves with every delivery and release."""

    message_id: int
    text: bytes
    visible_at: datetime
    dequeue_count: int = 0
    receipt: int = 0


class MemoryQueue:
    """Every queue of one account, on the injected clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, dict[int, _Stored]] = {}
        self._numbers = 0

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        """Make `note` receivable from `queue` after `delay_seconds`."""
        await asyncio.sleep(0)
        assert delay_seconds >= 0, f"a delay of {delay_seconds} s"
        message_id = self._next()
        visible_at = self._clock.now() + timedelta(seconds=delay_seconds)
        # Kept as bytes, as a real queue does, so that no two workers ever share one note.
        self._queues.setdefault(queue, {})[message_id] = _Stored(message_id, msgspec.json.encode(note), visible_at)

    async def receive(self, queue: str, lease_seconds: float) -> Message | None:
        """Return the message that has been visible longest and hide it for `lease_seconds`; None when there is none."""
        await asyncio.sleep(0)
        now = self._clock.now()
        visible = [stored for stored in self._queues.get(queue, {}).values() if stored.visible_at <= now]
        if not visible:
            return None
        stored = min(visible, key=lambda candidate: (candidate.visible_at, candidate.message_id))
        stored.visible_at = now + timedelta(seconds=lease_seconds)
        stored.dequeue_count += 1
        stored.receipt = self._next()
        return Message(
            queue=queue,
            message_id=stored.message_id,
            receipt=stored.receipt,
            dequeue_count=stored.dequeue_count,
            note=msgspec.json.decode(stored.text, type=Note),
        )

    async def delete(self, message: Message) -> bool:
        """Remove a delivered message for good; return False when it was handed to somebody else since."""
        await asyncio.sleep(0)
        if self._held(message) is None:
            return False
        del self._queues[message.queue][message.message_id]
        return True

    async def release(self, message: Message, delay_seconds: float = 0) -> bool:
        """Make a delivered message visible again after `delay_seconds`; False when somebody else has it since."""
        await asyncio.sleep(0)
        stored = self._held(message)
        if stored is None:
            return False
        stored.visible_at = self._clock.now() + timedelta(seconds=delay_seconds)
        stored.receipt = self._next()
        return True

    def extend(self, message: Message, seconds: float) -> bool:
        """Hide a delivered message for `seconds` more, as a host does while its function runs; False when lost."""
        stored = self._held(message)
        if stored is not None:
            stored.visible_at = self._clock.now() + timedelta(seconds=seconds)
        return stored is not None

    def waiting(self, queue: str) -> int:
        """Return how many messages `queue` has, hidden ones included."""
        return len(self._queues.get(queue, {}))

    def next_visible_at(self) -> datetime | None:
        """Return when the next message of any queue can be received, None when there is no message at all."""
        times = [stored.visible_at for queue in self._queues.values() for stored in queue.values()]
        return min(times, default=None)

    def _held(self, message: Message) -> _Stored | None:
        stored = self._queues.get(message.queue, {}).get(message.message_id)
        return stored if stored is not None and stored.receipt == message.receipt else None

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers
