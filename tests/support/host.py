"""The Functions host in virtual time: it hands messages to workers, keeps them hidden meanwhile, and delivers again.

A function that fails gets its message back a little later, at most DELIVERIES_MAX times, and the message is then given
up. Of a worker that died the message comes back when its lease ends.
"""

from __future__ import annotations

import asyncio
import contextlib

from shared.memory.queue import MemoryQueue, Message
from shared.wiring import Product
from tests.support.deaths import Instance
from tests.support.virtual_time import VirtualClock

QUEUES = ("capture", "compare", "recover")
MESSAGE_LEASE_SECONDS = 45.0
RETRY_SECONDS = 5.0
DELIVERIES_MAX = 5


class Host:
    """Delivers the messages of one platform's queues; with `refuses_messages` every function fails."""

    def __init__(self, queue: MemoryQueue, clock: VirtualClock) -> None:
        self._queue, self._clock = queue, clock
        self.refuses_messages = False

    async def next(self, number: int) -> Message | None:
        """Return a message for worker `number`, whose own queue is looked at first; None when none is due."""
        for offset in range(len(QUEUES)):
            queue = QUEUES[(number + offset) % len(QUEUES)]
            message = await self._queue.receive(queue, MESSAGE_LEASE_SECONDS)
            if message is not None:
                return message
        return None

    async def deliver(self, product: Product, message: Message, instance: Instance) -> None:
        """Have a worker handle a message, which leaves the queue when that went well and comes back when not."""
        if message.dequeue_count > DELIVERIES_MAX:
            await product.worker.give_up(message.note, f"delivered {message.dequeue_count} times")
            await self._queue.delete(message)
            return
        hidden = asyncio.create_task(self._keep_hidden(message, instance))
        try:
            if self.refuses_messages:
                raise RuntimeError("the function fails every time")
            await product.worker.handle(message.note)
        except Exception:  # noqa: BLE001  whatever a function raises, the host delivers its message again
            await self._queue.release(message, RETRY_SECONDS)
        else:
            await self._queue.delete(message)
        finally:
            hidden.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hidden

    async def _keep_hidden(self, message: Message, instance: Instance) -> None:
        """Renew the message's lease while its worker lives and is not frozen, as the Functions host does."""
        while True:
            await asyncio.sleep(MESSAGE_LEASE_SECONDS / 2)
            if instance.thaws_at <= self._clock.elapsed():
                self._queue.extend(message, MESSAGE_LEASE_SECONDS)
