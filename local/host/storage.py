"""Reach the Storage account behind a connection setting: queues to listen to, a blob lease, a status blob.

Retries are short: a listener asks again by itself, and a person who forgot to start Azurite waits for an answer.
"""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobClient, BlobLeaseClient, BlobServiceClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.errors import CannotStartError

HOSTS_CONTAINER = "azure-webjobs-hosts"
# Three attempts, a second apart; the SDK's own default waits 15 s before the second.
_PATIENCE: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 30,
    "retry_total": 2,
    "initial_backoff": 0,
    "increment_base": 1,
    "random_jitter_range": 0,
}
_DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"
# Account and key every installation of Azurite has ("Use the Azurite emulator", well-known storage account and key).
_DEVELOPMENT_ACCOUNT = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


def connection_string(name: str, settings: Mapping[str, str]) -> str:
    """Return the connection string of a connection setting, looked up as WebJobs does (AzureWebJobs + name first)."""
    text = settings.get("AzureWebJobs" + name) or settings.get(name)
    if not text:
        by_identity = [setting for setting in settings if setting.startswith(name + "__")]
        reason = f" (only {by_identity[0]}: the local host takes connection strings)" if by_identity else ""
        raise CannotStartError(f"connection {name} is not among the settings{reason}")
    return _DEVELOPMENT_ACCOUNT if text.strip().rstrip(";") == _DEVELOPMENT_STORAGE else text


class Account:
    """One Storage account; `name` is the connection setting it was found by."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        try:
            self._queues = QueueServiceClient.from_connection_string(text, **_PATIENCE)
            self._blobs = BlobServiceClient.from_connection_string(text, **_PATIENCE)
        except ValueError as error:
            raise CannotStartError(f"connection {name} cannot be read: {error}") from error

    async def queue(self, queue_name: str) -> QueueClient:
        """Return a client of a queue, which is created when it is missing."""
        client = self._queues.get_queue_client(queue_name)
        try:
            await client.create_queue()
        except ResourceExistsError:
            pass  # raised with status 204 when the queue is there already
        except AzureError as error:
            raise self._unreachable(f"queue {queue_name}", error) from error
        return client

    async def host_blob(self, path: str) -> BlobClient:
        """Return a client of a blob in the hosts' container, which is created when it is missing."""
        try:
            await self._blobs.create_container(HOSTS_CONTAINER)
        except ResourceExistsError:
            pass
        except AzureError as error:
            raise self._unreachable(f"container {HOSTS_CONTAINER}", error) from error
        return self._blobs.get_blob_client(HOSTS_CONTAINER, path)

    def _unreachable(self, what: str, error: AzureError) -> CannotStartError:
        reason = str(error).partition("\n")[0]
        return CannotStartError(f"storage of connection {self._name} does not give {what}: {reason}")

    async def close(self) -> None:
        """Close the connections."""
        await self._queues.close()
        await self._blobs.close()


class BlobLease:
    """The right to run one timer, kept by a lease on a blob; at most one process has it at a time."""

    def __init__(self, blob: BlobClient, seconds: int) -> None:
        self._blob, self.seconds = blob, seconds
        self._held: BlobLeaseClient | None = None

    async def try_take(self) -> bool:
        """Return whether the lease is ours now; false when another process has it."""
        try:
            self._held = await self._blob.acquire_lease(lease_duration=self.seconds)
        except ResourceNotFoundError:
            await self._create()
            return await self.try_take()
        except ResourceExistsError:  # 409 LeaseAlreadyPresent
            return False
        return True

    async def renew(self) -> bool:
        """Return whether the lease is still ours; an account that does not answer raises AzureError."""
        assert self._held is not None, "renew comes after a successful try_take"
        try:
            await self._held.renew()
        except HttpResponseError as error:
            if error.status_code in {404, 409, 412}:
                return False
            raise
        return True

    async def release(self) -> None:
        """Give the lease back at once, so that another instance need not wait for its end."""
        if self._held is not None:
            held, self._held = self._held, None
            await held.release()

    async def _create(self) -> None:
        try:
            await self._blob.upload_blob(b"", overwrite=False)
        except ResourceExistsError:
            return  # another instance was quicker
