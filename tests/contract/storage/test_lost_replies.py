"""What the Azure adapters do when a connection breaks: a request that was executed is never taken for a failure.

Each test also proves that its fault fired.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from local.azurite import Azurite
from shared.azure import connections, rows
from shared.azure.blobs import AzureBlobs
from shared.azure.clock import RandomIds
from shared.azure.connections import StorageConnection
from shared.azure.queues import StorageWorkQueue
from shared.azure.rows import AzureRows
from shared.domain.errors import IntegrityError, RowConflictError, TransientError
from shared.ports import CREATE, Put
from tests.contract.storage.faults import FaultyTransport
from tests.contract.storage.worlds import QUEUE, TENANT, a_note, fresh_name, received

AT_ONCE = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}


def a_put(key: str, etag: str = CREATE, **values: str | int | bool) -> Put:
    return Put(key=key, values=values, etag=etag)


@asynccontextmanager
async def two_tables(azurite: Azurite, fault: FaultyTransport) -> AsyncIterator[tuple[AzureRows, AzureRows]]:
    """Open one table twice: over the faulty transport, and plainly."""
    connection = StorageConnection(connection_string=azurite.connection_string)
    name = fresh_name()
    async with (
        connections.table_client(connection, name, None) as plain,
        connections.table_client(connection, name, None, transport=fault) as faulty,
    ):
        await plain.create_table()
        yield AzureRows(faulty, RandomIds()), AzureRows(plain, RandomIds())


@asynccontextmanager
async def two_containers(azurite: Azurite, fault: FaultyTransport) -> AsyncIterator[tuple[AzureBlobs, AzureBlobs]]:
    """Open one container twice: over the faulty transport, and plainly."""
    connection = StorageConnection(connection_string=azurite.vault_connection_string)
    name = fresh_name()
    async with (
        connections.container_client(connection, name, None) as plain,
        connections.container_client(connection, name, None, transport=fault, **AT_ONCE) as faulty,
    ):
        await plain.create_container()
        yield AzureBlobs(faulty), AzureBlobs(plain)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat as often as ever, without waiting."""
    monkeypatch.setattr(rows, "PAUSES_SECONDS", tuple(0.0 for _ in rows.PAUSES_SECONDS))


@pytest.mark.parametrize(
    "fault", [FaultyTransport.LOSE_REPLY, FaultyTransport.LOSE_REQUEST, FaultyTransport.DELAY_REQUEST]
)
def test_a_transaction_whose_reply_got_lost_is_a_success_stored_once(azurite: Azurite, fault: str) -> None:
    async def story() -> None:
        transport = FaultyTransport(fault, "POST")
        async with two_tables(azurite, transport) as (faulty, plain):
            (lease,) = await plain.write(TENANT, [a_put("lease", n=0)])
            etags = await faulty.write(TENANT, [a_put("batch:1", n=1), a_put("lease", lease, n=2)])
            found = await plain.scan(TENANT, "")
            assert [(row.key, row.values, row.etag) for row in found] == [
                ("batch:1", {"n": 1}, etags[0]),
                ("lease", {"n": 2}, etags[1]),
            ]
            await faulty.write(TENANT, [a_put("lease", etags[1], n=3)])
        assert transport.fired == 1

    asyncio.run(story())


def test_a_race_that_was_lost_while_a_reply_got_lost_is_still_a_conflict(azurite: Azurite) -> None:
    async def story() -> None:
        async def another_creates_it() -> None:
            await plain.write(TENANT, [a_put("lease", owner="another")])

        transport = FaultyTransport(FaultyTransport.LOSE_REQUEST, "POST", meanwhile=another_creates_it)
        async with two_tables(azurite, transport) as (faulty, plain):
            with pytest.raises(RowConflictError) as caught:
                await faulty.write(TENANT, [a_put("batch:1"), a_put("lease", owner="us")])
            assert caught.value.key == "lease"
            assert [row.values for row in await plain.scan(TENANT, "")] == [{"owner": "another"}]
        assert transport.fired == 1

    asyncio.run(story())


def test_a_stored_row_replaced_before_its_lost_reply_was_settled_has_an_etag_that_never_holds(azurite: Azurite) -> None:
    async def story() -> None:
        async def another_replaces_it() -> None:
            row = await plain.read(TENANT, "lease")
            assert row is not None
            await plain.write(TENANT, [a_put("lease", row.etag, owner="another")])

        transport = FaultyTransport(FaultyTransport.LOSE_REPLY, "POST", meanwhile=another_replaces_it)
        async with two_tables(azurite, transport) as (faulty, plain):
            batch, lease = await faulty.write(TENANT, [a_put("batch:1", n=1), a_put("lease", owner="us")])
            assert lease == rows.REPLACED_ETAG
            assert [row.values for row in await plain.scan(TENANT, "")] == [{"n": 1}, {"owner": "another"}]
            with pytest.raises(RowConflictError):
                await faulty.write(TENANT, [a_put("lease", lease, owner="us again")])
            await faulty.write(TENANT, [a_put("batch:1", batch, n=2)])
        assert transport.fired == 1

    asyncio.run(story())


@pytest.mark.usefixtures("no_pauses")
def test_a_write_gives_up_after_its_last_attempt_and_lets_the_message_come_again(azurite: Azurite) -> None:
    async def story() -> None:
        attempts = len(rows.PAUSES_SECONDS)
        transport = FaultyTransport(FaultyTransport.LOSE_REQUEST, "POST", times=attempts)
        async with two_tables(azurite, transport) as (faulty, plain):
            with pytest.raises(TransientError) as caught:
                await faulty.write(TENANT, [a_put("lease")])
            assert "the connection broke" in str(caught.value)
            assert await plain.scan(TENANT, "") == []
            await faulty.write(TENANT, [a_put("lease")])
        assert transport.fired == attempts

    asyncio.run(story())


@pytest.mark.parametrize("fault", [FaultyTransport.LOSE_REPLY, FaultyTransport.LOSE_REQUEST])
def test_a_blob_whose_creation_lost_its_reply_is_there_once_and_whole(azurite: Azurite, fault: str) -> None:
    async def story() -> None:
        transport = FaultyTransport(fault, "PUT")
        async with two_containers(azurite, transport) as (faulty, plain):
            await faulty.create("users.seg", b"content")
            assert await plain.read("users.seg") == b"content"
        assert transport.fired == 1
        assert transport.seen.count("PUT") == 2

    asyncio.run(story())


def test_a_blob_created_by_another_while_our_request_was_lost_is_compared(azurite: Azurite) -> None:
    async def outcome_of(others: bytes) -> bytes:
        async def another_creates_it() -> None:
            await plain.create("manifest", others)

        transport = FaultyTransport(FaultyTransport.LOSE_REQUEST, "PUT", meanwhile=another_creates_it)
        async with two_containers(azurite, transport) as (faulty, plain):
            try:
                await faulty.create("manifest", b"ours")
            finally:
                assert transport.fired == 1
            return await plain.read("manifest")

    assert asyncio.run(outcome_of(b"ours")) == b"ours"
    with pytest.raises(IntegrityError):
        asyncio.run(outcome_of(b"else"))


def test_a_blob_of_many_megabytes_is_one_request_that_creates_and_one_that_reads(azurite: Azurite) -> None:
    async def story() -> None:
        transport = FaultyTransport(FaultyTransport.LOSE_REPLY, "PATCH")
        content = bytes(range(256)) * (4096 * 33)
        async with two_containers(azurite, transport) as (blobs, _):
            await blobs.create("users.seg", content, {"format": "segment"})
            assert transport.seen.requests == [("PUT", "")]
            assert await blobs.read("users.seg") == content
            assert transport.seen.count("GET") == 1

    asyncio.run(story())


def test_a_note_whose_send_lost_its_reply_is_there_at_least_once(azurite: Azurite) -> None:
    async def story() -> None:
        connection = StorageConnection(connection_string=azurite.connection_string)
        transport = FaultyTransport(FaultyTransport.LOSE_REPLY, "POST")
        name = f"{QUEUE}-{fresh_name()}"
        async with connections.queue_service_client(connection, None, transport=transport, **AT_ONCE) as service:
            await StorageWorkQueue(service).send(name, a_note())
            assert await received(service, name) == [a_note()]
        assert transport.fired >= 1

    asyncio.run(story())


def test_a_delay_is_rounded_up_to_whole_seconds_and_a_message_never_expires(azurite: Azurite) -> None:
    async def story() -> None:
        connection = StorageConnection(connection_string=azurite.connection_string)
        transport = FaultyTransport(FaultyTransport.LOSE_REPLY, "PATCH")
        async with connections.queue_service_client(connection, None, transport=transport) as service:
            await StorageWorkQueue(service).send(f"{QUEUE}-{fresh_name()}", a_note(), delay_seconds=0.2)
        sent = [query for method, query in transport.seen.requests if method == "POST"]
        assert all("visibilitytimeout=1" in query and "messagettl=-1" in query for query in sent)
        assert sent

    asyncio.run(story())


def test_a_missing_vault_container_is_never_made_by_a_writer(azurite: Azurite) -> None:
    async def story() -> None:
        connection = StorageConnection(connection_string=azurite.vault_connection_string)
        async with connections.container_client(connection, fresh_name(), None) as container:
            with pytest.raises(TransientError):
                await AzureBlobs(container).create("manifest", b"x")
            assert not await container.exists()

    asyncio.run(story())


def test_storage_that_cannot_be_reached_lets_the_message_come_again() -> None:
    async def story() -> None:
        nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=QQ==;" + "".join(
            f"{service}Endpoint=http://127.0.0.1:1/a;" for service in ("Blob", "Queue", "Table")
        )
        connection = StorageConnection(connection_string=nowhere)
        options = {**AT_ONCE, "retry_total": 1}
        async with (
            connections.container_client(connection, "work", None, **options) as container,
            connections.queue_service_client(connection, None, **options) as service,
            connections.table_client(connection, "jobs", None, retry_total=0) as table,
        ):
            for call in (
                AzureBlobs(container).create("a", b"x"),
                AzureBlobs(container).read("a"),
                AzureBlobs(container).names(""),
                StorageWorkQueue(service).send(QUEUE, a_note()),
                AzureRows(table, RandomIds()).read(TENANT, "lease"),
                AzureRows(table, RandomIds()).scan(TENANT, ""),
            ):
                with pytest.raises(TransientError):
                    await call

    asyncio.run(story())
