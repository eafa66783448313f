"""The work queue on Azure Storage queues: the alternative to Service Bus without extra cost, and the local one.

A message is the note as JSON in base64, which is what the Functions host expects by default. It lives until somebody
deletes it: work that waited longer than a week must not vanish.
"""

from __future__ import annotations

import math

import msgspec
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from shared.azure.failures import translated
from shared.domain.jobs import Note

LIVES_FOREVER = -1
# Storage queues hide a message for seven days at most ("Put Message").
DELAY_SECONDS_MAX = 7 * 24 * 3600


class StorageWorkQueue:
    """Queues of one storage account. A queue is created by the first message that finds it missing."""

    def __init__(self, service: QueueServiceClient) -> None:
        """Use `service`, which the caller closes."""
        self._service = service

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        """Make `note` receivable from `queue` after `delay_seconds` (rounded up to whole seconds, seven days at most).

        The SDK repeats a send whose reply got lost, so one call may store the note twice; handlers allow for that.
        """
        assert 0 <= delay_seconds <= DELAY_SECONDS_MAX, f"a delay of {delay_seconds} s"
        client = self._service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())
        text = msgspec.json.encode(note).decode()
        hidden_seconds = math.ceil(delay_seconds)
        with translated(f"send to queue {queue}"):
            try:
                await _put(client, text, hidden_seconds)
            except ResourceNotFoundError:
                await _create(client)
                await _put(client, text, hidden_seconds)


async def _put(client: QueueClient, text: str, hidden_seconds: int) -> None:
    await client.send_message(text, visibility_timeout=hidden_seconds, time_to_live=LIVES_FOREVER)


async def _create(client: QueueClient) -> None:
    try:
        await client.create_queue()
    except ResourceExistsError:
        return  # another worker was faster; the SDK says so for the service's 204 too
