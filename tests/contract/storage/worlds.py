"""The two storages that must behave alike, each opened with a table, a container and a queue of its own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueServiceClient

from shared.azure import connections
from shared.azure.blobs import AzureBlobs
from shared.azure.clock import RandomIds
from shared.azure.connections import StorageConnection
from shared.azure.queues import StorageWorkQueue
from shared.azure.rows import AzureRows
from shared.azure.shelf import AzureShelf
from shared.domain.jobs import Note
from shared.memory.blobs import MemoryBlobs
from shared.memory.queue import MemoryQueue
from shared.memory.rows import MemoryRows
from shared.ports import Blobs, Rows, Shelf, WorkQueue

TENANT = "0b5f8e1c-0000-4000-8000-000000000001"
QUEUE = "capture"


class HandClock:
    """Time that only moves when a test says so."""

    def __init__(self) -> None:
        self.present = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    async def sleep(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)


@dataclass(frozen=True)
class World:
    """One storage: the ports under test, how to receive what was sent, and how to let time pass."""

    rows: Rows
    blobs: Blobs
    shelf: Shelf
    queue: WorkQueue
    receive: Callable[[str], Awaitable[list[Note]]]
    pass_time: Callable[[float], Awaitable[None]]


Story = Callable[[World], Awaitable[None]]


def fresh_name() -> str:
    """Return a name that no other test uses and that a table, a container and a queue may have."""
    return f"t{uuid.uuid4().hex}"


def a_note(batch: int = 0) -> Note:
    """Return a note about a batch."""
    return Note(tenant=TENANT, job_id="0b5f8e1c-0000-4000-8000-00000000000a", batch=batch, fencing_token=3)


@asynccontextmanager
async def memory_world() -> AsyncIterator[World]:
    """Open the storage in memory, on a clock moved by hand."""
    clock = HandClock()
    queue = MemoryQueue(clock)

    async def receive(name: str) -> list[Note]:
        message = await queue.receive(name, lease_seconds=60)
        return [] if message is None else [message.note]

    blobs = MemoryBlobs(clock)
    yield World(rows=MemoryRows(clock), blobs=blobs, shelf=blobs, queue=queue, receive=receive, pass_time=clock.sleep)


@asynccontextmanager
async def azure_world(connection_string: str) -> AsyncIterator[World]:
    """Open the Azure adapters on Azurite."""
    connection = StorageConnection(connection_string=connection_string)
    suffix = fresh_name()
    async with AsyncExitStack() as stack:
        table = await stack.enter_async_context(connections.table_client(connection, suffix, None))
        container = await stack.enter_async_context(connections.container_client(connection, suffix, None))
        service = await stack.enter_async_context(connections.queue_service_client(connection, None))
        queue = StorageWorkQueue(service)
        yield World(
            rows=AzureRows(table, RandomIds()),
            blobs=AzureBlobs(container, creates_container=True),
            shelf=AzureShelf(container),
            queue=_Suffixed(queue, suffix),
            receive=lambda name: received(service, f"{name}-{suffix}"),
            pass_time=asyncio.sleep,
        )


async def received(service: QueueServiceClient, name: str) -> list[Note]:
    """Return the next note of a queue, decoded as the Functions host decodes it."""
    client = service.get_queue_client(name, message_decode_policy=TextBase64DecodePolicy())
    message = await client.receive_message(visibility_timeout=60)
    return [] if message is None else [msgspec.json.decode(message.content, type=Note)]


class _Suffixed:
    """A queue whose names no other test uses."""

    def __init__(self, queue: WorkQueue, suffix: str) -> None:
        self._queue = queue
        self._suffix = suffix

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        await self._queue.send(f"{queue}-{self._suffix}", note, delay_seconds)
