"""Pick the implementation of every port; the only module that knows them all.

`product` is what the functions call: one product per process, made on first use inside the running event loop, from
the app's settings. Heavy modules are imported when they are first needed, because they decide the cold start ("Azure
Functions for Python", section 6).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.compare.jumps import gone_percent_from
from shared.domain.errors import InputError
from shared.domain.ids import guid
from shared.jobs.freshness import freshness_from
from shared.jobs.retention import rules_from
from shared.jobs.ways import FULL_DAYS_DEFAULT
from shared.ports import Alerts, Clock, Directory, Signer, Verifier, WorkQueue
from shared.product import LEASE_SECONDS_DEFAULT, Ports, Product, assemble
from shared.runs.choosing import CaptureSettings

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

    from shared.azure.connections import StorageConnection
    from shared.azure.immutability import PolicyReader
    from shared.graph.settings import Shortcut
    from shared.graph.tokens import TokenSource

GRAPH_ROOT_DEFAULT = "https://graph.microsoft.com"
AUTHORITY_DEFAULT = "https://login.microsoftonline.com"
VAULT_CONTAINER = "snapshots"
AUDIT_CONTAINER = "audit"
# The identities that write: three at Graph's 20 writes a second have all that it allows a tenant.
IDENTITIES = (
    ("TIDEMARK_CLIENT_ID", "TIDEMARK_CLIENT_SECRET"),
    ("TIDEMARK_SECOND_CLIENT_ID", "TIDEMARK_SECOND_CLIENT_SECRET"),
    ("TIDEMARK_THIRD_CLIENT_ID", "TIDEMARK_THIRD_CLIENT_SECRET"),
)
__all__ = ["LEASE_SECONDS_DEFAULT", "Ports", "Product", "assemble", "from_settings", "product"]

_made: dict[asyncio.AbstractEventLoop, Product] = {}


async def product() -> Product:
    """Return the process's product, made from the environment on first use in the running event loop.

    Raises InputError naming the setting that is missing or wrong.
    """
    loop = asyncio.get_running_loop()
    if loop not in _made:
        made = _made[loop] = from_settings(os.environ)
        await made.upkeep.standing.announce(made.tenant)
    return _made[loop]


def from_settings(settings: Mapping[str, str]) -> Product:
    """Return a product over Azure Storage and Graph, as the app's settings say (local.settings.sample.json)."""
    from shared.azure import connections
    from shared.azure.blobs import AzureBlobs
    from shared.azure.callers import TokenCallers
    from shared.azure.clock import RandomIds, RandomPasswords, SystemClock
    from shared.azure.rows import AzureRows
    from shared.azure.shelf import AzureShelf

    tenant = guid(_setting(settings, "TIDEMARK_TENANT_ID"), member="TIDEMARK_TENANT_ID")
    clock, ids = SystemClock(), RandomIds()
    host = connections.storage_connection(settings, "AzureWebJobsStorage")
    vault = connections.storage_connection(settings, "TidemarkVault")
    # Containers and the table belong to the deployment; a local emulator starts empty, so there they are created.
    is_local = _is_loopback(host.blob_uri or host.connection_string)
    host_identity, vault_identity = connections.credential(host), connections.credential(vault)
    signer, verifier = _signing(settings, vault)
    work_files = connections.container_client(host, "work", host_identity)
    sealed = connections.container_client(vault, VAULT_CONTAINER, vault_identity)
    ports = Ports(
        rows=AzureRows(connections.table_client(host, "jobs", host_identity), ids),
        work=AzureBlobs(work_files, creates_container=is_local),
        vault=AzureBlobs(sealed, creates_container=is_local, policy=_policy(settings, vault)),
        queue=_queue(settings, clock),
        directory=_directory(settings, tenant, clock),
        clock=clock,
        ids=ids,
        passwords=RandomPasswords(),
        signer=signer,
        verifier=verifier,
        alerts=_alerts(settings, clock),
        vault_shelf=AzureShelf(_prunable(settings, sealed)),
        work_shelf=AzureShelf(work_files),
        audit=AzureBlobs(
            connections.container_client(vault, AUDIT_CONTAINER, vault_identity), creates_container=is_local
        ),
    )
    authority = settings.get("TIDEMARK_AUTHORITY") or AUTHORITY_DEFAULT
    callers = TokenCallers(authority, tenant, _setting(settings, "TIDEMARK_AUDIENCE"), clock)
    lease_seconds = int(settings.get("TIDEMARK_LEASE_SECONDS") or LEASE_SECONDS_DEFAULT)
    return assemble(
        tenant,
        ports,
        callers,
        lease_seconds=lease_seconds,
        emergency_accounts=_listed(settings, "TIDEMARK_EMERGENCY_ACCOUNTS"),
        own_applications=_listed(settings, "TIDEMARK_OWN_APPLICATIONS"),
        approvals=_approvals(settings),
        captures=_captures(settings),
        rules=rules_from(settings),
        gone_percent=gone_percent_from(settings),
        writers=len(_identities(settings)),
    )


def _approvals(settings: Mapping[str, str]) -> int:
    """Return how many approvals a recovery needs, 0 where TIDEMARK_APPROVALS is not set."""
    text = settings.get("TIDEMARK_APPROVALS") or "0"
    if text not in {"0", "1", "2"}:
        raise InputError(f"TIDEMARK_APPROVALS is {text[:20]!r}; set it to 0, 1 or 2", member="TIDEMARK_APPROVALS")
    return int(text)


def _captures(settings: Mapping[str, str]) -> CaptureSettings:
    """Return how tenants are read, as the settings for captures and TIDEMARK_LIVE_FRESHNESS_MINUTES say."""
    days = settings.get("TIDEMARK_FULL_CAPTURE_DAYS") or str(FULL_DAYS_DEFAULT)
    if days not in {str(known) for known in range(1, FULL_DAYS_DEFAULT + 1)}:
        name = "TIDEMARK_FULL_CAPTURE_DAYS"
        raise InputError(f"{name} is {days!r}; set it to 1 to {FULL_DAYS_DEFAULT}", member=name)
    watch = settings.get("TIDEMARK_NATIVE_WATCH") or "on"
    if watch not in {"on", "off"}:
        raise InputError(f"TIDEMARK_NATIVE_WATCH is {watch!r}; set it to on or off", member="TIDEMARK_NATIVE_WATCH")
    return CaptureSettings(full_days=int(days), watches_native=watch == "on", live_minutes=freshness_from(settings))


def _policy(settings: Mapping[str, str], vault: StorageConnection) -> PolicyReader | None:
    """Return what reads the vault's policy back, nothing where TIDEMARK_VAULT_RESOURCE_ID does not say which it is."""
    from shared.azure.connections import identity_of
    from shared.azure.immutability import ManagedPolicy

    account_id = settings.get("TIDEMARK_VAULT_RESOURCE_ID") or ""
    return ManagedPolicy(account_id, VAULT_CONTAINER, identity_of(vault)) if account_id else None


def _prunable(settings: Mapping[str, str], sealed: ContainerClient) -> ContainerClient:
    """Return the vault as the pruner opens it: by the connection TidemarkPruner where one is set, which may delete."""
    from shared.azure import connections

    if not any(name == "TidemarkPruner" or name.startswith("TidemarkPruner__") for name in settings):
        return sealed
    pruner = connections.storage_connection(settings, "TidemarkPruner")
    return connections.container_client(pruner, VAULT_CONTAINER, connections.credential(pruner))


def _listed(settings: Mapping[str, str], name: str) -> list[str]:
    """Return the ids under a setting, separated by commas, none where it is empty (docs/lockout.md)."""
    listed = [part.strip() for part in (settings.get(name) or "").split(",")]
    return [guid(part, member=name) for part in listed if part]


def _queue(settings: Mapping[str, str], clock: Clock) -> WorkQueue:
    """Return the work queue that TIDEMARK_QUEUES chooses (decision D11)."""
    from shared.azure import connections

    chosen = settings.get("TIDEMARK_QUEUES") or "storage"
    if chosen == "storage":
        from shared.azure.queues import StorageWorkQueue

        account = connections.storage_connection(settings, "AzureWebJobsStorage")
        return StorageWorkQueue(connections.queue_service_client(account, connections.credential(account)))
    if chosen == "serviceBus":
        from shared.azure.service_bus import ServiceBusWorkQueue

        bus = connections.bus_connection(settings, "ServiceBus")
        return ServiceBusWorkQueue(connections.service_bus_client(bus, connections.credential(bus)), clock)
    raise InputError(f"TIDEMARK_QUEUES is {chosen!r}; set it to storage or serviceBus", member="TIDEMARK_QUEUES")


def _signing(settings: Mapping[str, str], vault: StorageConnection) -> tuple[Signer | None, Verifier | None]:
    """Return what signs manifests and what demands their signatures, nothing where no key is set (decision D8)."""
    names = ("TIDEMARK_SIGNING_KEY_VAULT_KEY", "TIDEMARK_SIGNING_KEY_FILE", "TIDEMARK_TRUSTED_KEYS_FILE")
    in_vault, in_file, trusted = (settings.get(name) or "" for name in names)
    if in_vault and in_file:
        raise InputError(f"{names[0]} and {names[1]} are both set: manifests are signed by one key", member=names[0])
    if in_file:
        from shared.azure.key_files import key_files

        return key_files(in_file, trusted)
    if in_vault:
        from shared.azure.connections import identity_of
        from shared.azure.key_files import trusted_keys
        from shared.azure.key_vault import KeyVault, KeyVaultVerifier, checked_key, scope_of

        key = KeyVault(checked_key(in_vault), scope_of(in_vault), identity_of(vault))
        return key, KeyVaultVerifier(key, trusted_keys(trusted))
    if trusted:
        message = f"{names[2]} is set, but neither {names[0]} nor {names[1]} is: snapshots would be unsigned"
        raise InputError(message, member=names[2])
    return None, None


def _alerts(settings: Mapping[str, str], clock: Clock) -> Alerts:
    from shared.azure.webhooks import Webhooks

    return Webhooks(settings, clock)


def _directory(settings: Mapping[str, str], tenant: str, clock: Clock) -> Directory:
    import random

    from shared.graph.directory import GraphDirectory
    from shared.graph.settings import GraphSettings

    root = (settings.get("TIDEMARK_GRAPH_ROOT") or GRAPH_ROOT_DEFAULT).rstrip("/")
    jitter = random.Random()  # noqa: S311  spreads retries; nothing secret depends on it
    graph = GraphSettings(base_url=f"{root}/v1.0", avoids=_avoided(settings))
    first, *others = [_tokens(settings, tenant, clock, names) for names in _identities(settings)]
    return GraphDirectory(graph, tokens=first, clock=clock, jitter=jitter, writers=others)


def _avoided(settings: Mapping[str, str]) -> frozenset[Shortcut]:
    """Return the shortcuts that TIDEMARK_GRAPH_AVOIDS names, none where it is empty (docs/jobs.md)."""
    from shared.graph.settings import Shortcut

    name = "TIDEMARK_GRAPH_AVOIDS"
    listed = {part.strip() for part in (settings.get(name) or "").split(",")} - {""}
    if unknown := sorted(listed - {*Shortcut}):
        raise InputError(f"{name} has {unknown[0][:40]!r}; use some of {', '.join(sorted(Shortcut))}", member=name)
    return frozenset(map(Shortcut, listed))


def _identities(settings: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the settings that name every identity that writes, the product's own first.

    Raises InputError when the third is set and the second is not, and when two are one identity.
    """
    own, *others = IDENTITIES
    named = [names for names in others if settings.get(names[0])]
    if named != others[: len(named)]:
        first, last = others[0][0], named[-1][0]
        raise InputError(f"{last} is set and {first} is not: set the second before the third", member=first)
    ids = [guid(settings[name], member=name) for name, _secret in named]
    if named and settings.get(own[0]):
        ids.append(guid(settings[own[0]], member=own[0]))
    if len(set(ids)) != len(ids):
        raise InputError("two of the identities that write are one, which has one write quota", member=named[-1][0])
    return [own, *named]


def _tokens(settings: Mapping[str, str], tenant: str, clock: Clock, names: tuple[str, str]) -> TokenSource:
    """Return where the tokens of one identity come from: its client secret, or a managed identity of the app."""
    from shared.graph.credentials import ClientSecretTokens, ManagedIdentityTokens

    client_id, secret = (settings.get(name) or "" for name in names)
    if not secret:
        return ManagedIdentityTokens(client_id or None)
    authority = settings.get("TIDEMARK_AUTHORITY") or AUTHORITY_DEFAULT
    return ClientSecretTokens(
        authority=authority, tenant=tenant, client_id=client_id, client_secret=secret, clock=clock
    )


def _setting(settings: Mapping[str, str], name: str) -> str:
    value = settings.get(name, "")
    if not value:
        raise InputError(f"the setting {name} is missing; local.settings.sample.json lists them all", member=name)
    return value


def _is_loopback(connection: str) -> bool:
    """Tell whether a connection string or address leads to an emulator on this machine."""
    for part in connection.split(";"):
        address = part.partition("=")[2] if part.startswith("BlobEndpoint=") else part
        if urlsplit(address).hostname in {"127.0.0.1", "localhost", "::1"}:
            return True
    return False
