"""The Azure adapters over Azurite behind the WORM stand-in: a container that protects what was written to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.storage.blob.aio import ContainerClient

from local.azurite import Azurite
from shared.azure import connections
from shared.azure.blobs import AzureBlobs
from shared.azure.connections import StorageConnection
from shared.azure.immutability import ManagedPolicy
from shared.azure.shelf import AzureShelf
from tests.contract.storage.worlds import fresh_name
from tests.support.worm.policy import WormPolicy
from tests.support.worm.proxy import WormProxy

ACCOUNT_ID = (
    "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-backup"
    "/providers/Microsoft.Storage/storageAccounts/vaultaccount1"
)


class AnyIdentity:
    """A credential that gets a token for every scope."""

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return a token."""
        return AccessToken("a-token", 2_000_000_000)

    async def close(self) -> None:
        """Close nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None


@dataclass
class Vault:
    """One protected container: the product's adapters, the policy, the stand-in, and a client that knows no rules."""

    blobs: AzureBlobs
    shelf: AzureShelf
    policy: WormPolicy
    proxy: WormProxy
    client: ContainerClient
    passed: timedelta = timedelta()

    def pass_days(self, days: float) -> None:
        """Let the storage service's clock run ahead."""
        self.passed += timedelta(days=days)


@asynccontextmanager
async def worm_vault(
    azurite: Azurite, *, days: int = 30, is_managed: bool = True, now: Callable[[], datetime] | None = None
) -> AsyncIterator[Vault]:
    """Open a container under a policy of `days`; `is_managed` when somebody may read the policy back."""
    text = azurite.connection_string
    members = dict(part.split("=", 1) for part in text.strip(";").split(";"))
    endpoint = urlsplit(members["BlobEndpoint"])
    proxy, name = WormProxy(f"{endpoint.scheme}://{endpoint.netloc}"), fresh_name()
    async with proxy.running() as address:
        behind = text.replace(members["BlobEndpoint"], f"{address}{endpoint.path}")
        connection = StorageConnection(connection_string=behind)
        async with connections.container_client(connection, name, None) as client:
            await client.create_container()
            managed = ManagedPolicy(ACCOUNT_ID, name, AnyIdentity(), management=address) if is_managed else None
            vault: Vault

            def present() -> datetime:
                return (now() if now else datetime.now(UTC)) + vault.passed

            policy = proxy.policies[name] = WormPolicy(present, days=days)
            vault = Vault(AzureBlobs(client, policy=managed), AzureShelf(client), policy, proxy, client)
            yield vault
