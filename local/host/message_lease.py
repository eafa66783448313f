"""Keep one received Storage queue message hidden while a function works on it.

The lease is the message's visibility timeout, renewed at half-time. A message whose pop receipt no longer counts was
handed to somebody else; then nothing more is done with it here.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

_RENEW_AT_FRACTION = 0.5
_TAKEN_BY_ANOTHER = {"MessageNotFound", "PopReceiptMismatch"}

log = logging.getLogger("local.host")


class MessageLease:
    """The right to one delivery of a message; `is_ours` turns false when somebody else has it."""

    def __init__(self, queue: QueueClient, message: QueueMessage, *, seconds: int, facts: Mapping[str, object]) -> None:
        self._queue, self._seconds, self._facts = queue, seconds, facts
        self._message_id, self._pop_receipt = message.id, message.pop_receipt
        self.is_ours = True

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew while the block runs; an update under way is let finish, so that the receipt is known afterwards."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew_until(done))
        try:
            yield
        finally:
            done.set()
            await renewing

    async def delete(self) -> None:
        """Delete the message for good."""
        await self._queue.delete_message(self._message_id, self._pop_receipt)

    async def release(self, visible_after_seconds: int) -> None:
        """Let the message be delivered again after that time."""
        await self._hide(visible_after_seconds)

    async def _renew_until(self, done: asyncio.Event) -> None:
        while self.is_ours:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), self._seconds * _RENEW_AT_FRACTION)
            if done.is_set():
                return
            try:
                await self._hide(self._seconds)
            except AzureError as error:
                self.is_ours = not is_taken(error)
                event = "message lease not renewed" if self.is_ours else "message taken by another"
                log.warning(event, extra={**self._facts, "error": first_line(error)})

    async def _hide(self, seconds: int) -> None:
        updated = await self._queue.update_message(self._message_id, self._pop_receipt, visibility_timeout=seconds)
        self._pop_receipt = updated.pop_receipt


def is_taken(error: AzureError) -> bool:
    """Return whether an error means that the message was handed to somebody else."""
    return getattr(error, "error_code", None) in _TAKEN_BY_ANOTHER


def first_line(error: AzureError) -> str:
    """Return what an SDK error says first; the rest repeats the response."""
    return str(error).partition("\n")[0]
