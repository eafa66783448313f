"""The work queue on Azure Service Bus, with the tenant as session and duplicate detection on.

A duplicate is accepted and dropped without a word, so a message id must be equal for a repeated send of one call (the
SDK's own repetition) and different for a later one: a deliberate resend of the same note is a new message.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender

from shared.azure.failures import transient
from shared.domain.jobs import Note
from shared.ports import Clock

# "Service Bus quotas": a message id and a session id have at most 128 characters.
ID_CHARACTERS_MAX = 128


def message(note: Note, *, sent_at: datetime, delay_seconds: float = 0) -> ServiceBusMessage:
    """Return the message that carries `note`, receivable `delay_seconds` after `sent_at`.

    Its id is `<job>:<batch>:<fencing token>:<unix milliseconds of sent_at>`.
    """
    generation = int(sent_at.timestamp() * 1000)
    message_id = f"{note.job_id}:{note.batch}:{note.fencing_token}:{generation}"
    assert len(message_id) <= ID_CHARACTERS_MAX, f"a message id of {len(message_id)} characters"
    scheduled: dict[str, Any] = {}
    if delay_seconds > 0:
        scheduled["scheduled_enqueue_time_utc"] = sent_at + timedelta(seconds=delay_seconds)
    return ServiceBusMessage(
        msgspec.json.encode(note),
        message_id=message_id,
        session_id=note.tenant,
        content_type="application/json",
        **scheduled,
    )


class ServiceBusWorkQueue:
    """Queues of one namespace. One sender a queue is kept open, since opening one takes several round trips."""

    def __init__(self, client: ServiceBusClient, clock: Clock) -> None:
        """Use `client`, which the caller closes after this queue."""
        self._client = client
        self._clock = clock
        self._senders: dict[str, ServiceBusSender] = {}
        # A sender is one AMQP link and not made for concurrent use.
        self._locks: dict[str, asyncio.Lock] = {}

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        """Make `note` receivable from `queue` after `delay_seconds`; return when the broker has accepted it."""
        outgoing = message(note, sent_at=self._clock.now(), delay_seconds=delay_seconds)
        async with self._locks.setdefault(queue, asyncio.Lock()):
            try:
                await self._sender(queue).send_messages(outgoing)
            except AzureError as error:
                raise transient(f"send to queue {queue}", error) from error

    async def close(self) -> None:
        """Close every sender."""
        while self._senders:
            _, sender = self._senders.popitem()
            await sender.close()

    def _sender(self, queue: str) -> ServiceBusSender:
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]
