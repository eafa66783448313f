"""From settings to clients of Azure Storage and Service Bus.

A connection is one prefix of the app's settings, written as the Functions host reads it (the page "Azure Functions:
connections"): `<PREFIX>` holds a connection string, or `<PREFIX>__blobServiceUri`, `__queueServiceUri` and
`__tableServiceUri` (or `__accountName` for all three) name services that a managed identity opens. Parsing is pure;
the functions below only construct. Whoever asks for a client or a credential closes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient
from azure.identity.aio import ManagedIdentityCredential
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueServiceClient

from shared.azure.blobs import BLOB_BYTES_MAX
from shared.azure.transport import StreamingTransport
from shared.domain.errors import InputError

# Three repetitions after about 2, 4 and 8 s, where the SDK's own first wait is 15 s: a message that fails comes again.
RETRIES: Mapping[str, Any] = {"initial_backoff": 0, "increment_base": 2, "random_jitter_range": 1, "retry_total": 3}
# The table SDK would wait 300 s for each; a message has one to three minutes for all it does.
TABLE_TIMEOUTS: Mapping[str, Any] = {"connection_timeout": 10, "read_timeout": 30}


class StorageConnection(msgspec.Struct, frozen=True, kw_only=True):
    """One storage account: a connection string, or the addresses of its services and an identity to open them."""

    connection_string: str = ""
    blob_uri: str = ""
    queue_uri: str = ""
    table_uri: str = ""
    client_id: str = ""


class BusConnection(msgspec.Struct, frozen=True, kw_only=True):
    """One Service Bus namespace: a connection string, or its host name and an identity to open it."""

    connection_string: str = ""
    namespace: str = ""
    client_id: str = ""


def storage_connection(settings: Mapping[str, str], prefix: str) -> StorageConnection:
    """Return the storage account that `settings` names under `prefix`; raise InputError when they name none."""
    if text := settings.get(prefix, ""):
        return StorageConnection(connection_string=text)
    account = settings.get(f"{prefix}__accountName", "")
    uris = {
        f"{service}_uri": settings.get(f"{prefix}__{service}ServiceUri")
        or (f"https://{account}.{service}.core.windows.net" if account else "")
        for service in ("blob", "queue", "table")
    }
    if not any(uris.values()):
        raise InputError(f"set {prefix}, {prefix}__accountName or {prefix}__blobServiceUri", member=prefix)
    return StorageConnection(client_id=settings.get(f"{prefix}__clientId", ""), **uris)


def bus_connection(settings: Mapping[str, str], prefix: str) -> BusConnection:
    """Return the Service Bus namespace that `settings` names under `prefix`; raise InputError when they name none."""
    if text := settings.get(prefix, ""):
        return BusConnection(connection_string=text)
    namespace = settings.get(f"{prefix}__fullyQualifiedNamespace", "")
    if not namespace:
        raise InputError(f"set {prefix} or {prefix}__fullyQualifiedNamespace", member=prefix)
    return BusConnection(namespace=namespace, client_id=settings.get(f"{prefix}__clientId", ""))


def credential(connection: StorageConnection | BusConnection) -> ManagedIdentityCredential | None:
    """Return the managed identity that opens `connection`, or None when its connection string does."""
    return None if connection.connection_string else identity_of(connection)


def identity_of(connection: StorageConnection | BusConnection) -> ManagedIdentityCredential:
    """Return the managed identity that `connection` names, the app's own one where it names none."""
    if connection.client_id:
        return ManagedIdentityCredential(client_id=connection.client_id)
    return ManagedIdentityCredential()


def table_client(
    connection: StorageConnection, table: str, identity: AsyncTokenCredential | None, **options: Any
) -> TableClient:
    """Return a client of one table; `options` go to the SDK's client."""
    settled: dict[str, Any] = {**TABLE_TIMEOUTS, "transport": StreamingTransport(), **options}
    if connection.connection_string:
        return TableClient.from_connection_string(connection.connection_string, table, **settled)
    uri = _required(connection.table_uri, "table")
    return TableClient(uri, table, credential=identity, **settled)


def container_client(
    connection: StorageConnection, container: str, identity: AsyncTokenCredential | None, **options: Any
) -> ContainerClient:
    """Return a client of one blob container that uploads and reads a blob in a single request."""
    settled: dict[str, Any] = {
        "max_single_put_size": BLOB_BYTES_MAX,
        "max_single_get_size": BLOB_BYTES_MAX,
        **RETRIES,
        "transport": StreamingTransport(),
        **options,
    }
    if connection.connection_string:
        return ContainerClient.from_connection_string(connection.connection_string, container, **settled)
    return ContainerClient(_required(connection.blob_uri, "blob"), container, credential=identity, **settled)


def queue_service_client(
    connection: StorageConnection, identity: AsyncTokenCredential | None, **options: Any
) -> QueueServiceClient:
    """Return a client of the account's queues."""
    settled: dict[str, Any] = {**RETRIES, "transport": StreamingTransport(), **options}
    if connection.connection_string:
        return QueueServiceClient.from_connection_string(connection.connection_string, **settled)
    return QueueServiceClient(_required(connection.queue_uri, "queue"), credential=identity, **settled)


def service_bus_client(connection: BusConnection, identity: AsyncTokenCredential | None) -> ServiceBusClient:
    """Return a client of the namespace."""
    if connection.connection_string:
        return ServiceBusClient.from_connection_string(connection.connection_string)
    assert identity is not None, "a namespace without a connection string needs an identity"
    return ServiceBusClient(connection.namespace, identity)


def _required(uri: str, service: str) -> str:
    if not uri:
        raise InputError(f"the connection names no {service} service", member=f"{service}ServiceUri")
    return uri
