"""What goes to Service Bus, and how settings name the services; neither needs one that runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from azure.core.exceptions import HttpResponseError
from azure.servicebus import ServiceBusMessage

from shared.azure import connections
from shared.azure.connections import BusConnection, StorageConnection
from shared.azure.failures import is_ambiguous
from shared.azure.service_bus import ServiceBusWorkQueue, message
from shared.domain.errors import InputError
from shared.domain.jobs import Note
from tests.contract.storage.worlds import TENANT, HandClock, a_note


def body(sent: ServiceBusMessage) -> bytes:
    return b"".join(sent.body)


def test_a_message_carries_its_note_under_the_tenants_session() -> None:
    sent = message(a_note(7), sent_at=HandClock().now())
    assert msgspec.json.decode(body(sent), type=Note) == a_note(7)
    assert sent.session_id == TENANT
    assert sent.scheduled_enqueue_time_utc is None
    assert sent.content_type == "application/json"


def test_a_message_id_names_job_batch_fencing_token_and_time() -> None:
    note = a_note(7)
    at = HandClock().now()
    assert message(note, sent_at=at).message_id == f"{note.job_id}:7:3:{int(at.timestamp() * 1000)}"


def test_a_later_resend_of_one_note_is_not_taken_for_a_duplicate() -> None:
    at = HandClock().now()
    ids = {message(a_note(), sent_at=at + timedelta(milliseconds=step)).message_id for step in range(5)}
    assert len(ids) == 5


def test_a_delayed_message_is_scheduled_for_the_end_of_its_delay() -> None:
    at = HandClock().now()
    sent = message(a_note(), sent_at=at, delay_seconds=90)
    assert sent.scheduled_enqueue_time_utc == at + timedelta(seconds=90)


def test_a_work_queue_keeps_one_sender_a_queue_and_closes_them() -> None:
    class Sender:
        def __init__(self) -> None:
            self.sent: list[ServiceBusMessage] = []
            self.is_closed = False

        async def send_messages(self, outgoing: ServiceBusMessage) -> None:
            self.sent.append(outgoing)

        async def close(self) -> None:
            self.is_closed = True

    class Client:
        def __init__(self) -> None:
            self.opened: list[tuple[str, Sender]] = []

        def get_queue_sender(self, name: str) -> Sender:
            self.opened.append((name, Sender()))
            return self.opened[-1][1]

    async def story() -> None:
        client = Client()
        queue = ServiceBusWorkQueue(client, HandClock())  # type: ignore[arg-type]
        await queue.send("capture", a_note(1))
        await queue.send("capture", a_note(2), delay_seconds=5)
        await queue.send("recover", a_note(3))
        assert [(name, len(sender.sent)) for name, sender in client.opened] == [("capture", 2), ("recover", 1)]
        await queue.close()
        assert all(sender.is_closed for _, sender in client.opened)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Vault": "AccountName=a"}, StorageConnection(connection_string="AccountName=a")),
        (
            {"Vault__accountName": "acct", "Vault__clientId": "id", "Vault__credential": "managedidentity"},
            StorageConnection(
                blob_uri="https://acct.blob.core.windows.net",
                queue_uri="https://acct.queue.core.windows.net",
                table_uri="https://acct.table.core.windows.net",
                client_id="id",
            ),
        ),
        ({"Vault__blobServiceUri": "https://v"}, StorageConnection(blob_uri="https://v")),
        (
            {"Vault": "", "Vault__tableServiceUri": "https://t", "Vault__queueServiceUri": "https://q"},
            StorageConnection(table_uri="https://t", queue_uri="https://q"),
        ),
    ],
)
def test_settings_name_a_storage_account(settings: dict[str, str], expected: StorageConnection) -> None:
    assert connections.storage_connection(settings, "Vault") == expected


def test_settings_name_a_service_bus() -> None:
    named = {"Bus__fullyQualifiedNamespace": "n.servicebus.windows.net", "Bus__clientId": "id"}
    expected = BusConnection(namespace="n.servicebus.windows.net", client_id="id")
    assert connections.bus_connection(named, "Bus") == expected
    assert connections.bus_connection({"Bus": "Endpoint=sb://n"}, "Bus") == BusConnection(
        connection_string="Endpoint=sb://n"
    )


def test_missing_settings_are_named() -> None:
    with pytest.raises(InputError, match="Vault__accountName"):
        connections.storage_connection({"Other": "x"}, "Vault")
    with pytest.raises(InputError, match="Bus__fullyQualifiedNamespace"):
        connections.bus_connection({}, "Bus")
    with pytest.raises(InputError, match="queue"):
        connections.queue_service_client(StorageConnection(blob_uri="https://v"), None)


def test_an_identity_opens_the_services_that_have_no_connection_string() -> None:
    async def story() -> None:
        connection = connections.storage_connection({"Host__accountName": "acct", "Host__clientId": "id"}, "Host")
        identity = connections.credential(connection)
        assert identity is not None
        async with (
            identity,
            connections.table_client(connection, "jobs", identity) as table,
            connections.container_client(connection, "work", identity) as container,
            connections.queue_service_client(connection, identity) as service,
        ):
            assert table.url.startswith("https://acct.table.core.windows.net")
            assert container.url == "https://acct.blob.core.windows.net/work"
            assert service.url.startswith("https://acct.queue.core.windows.net")
        assert connections.credential(StorageConnection(connection_string="AccountName=a")) is None

    asyncio.run(story())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, True),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (408, True),
        (400, False),
        (403, False),
        (412, False),
    ],
)
def test_only_a_plain_refusal_proves_that_a_request_was_not_executed(status: int | None, expected: bool) -> None:
    error = HttpResponseError("refused")
    error.status_code = status
    assert is_ambiguous(error) is expected
