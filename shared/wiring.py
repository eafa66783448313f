"""Pick the implementation of every port; the only module that knows them all.

`assemble` is pure wiring and serves tests and simulations with ports of their own. `product` is what the functions
call: one product per process, made on first use inside the running event loop, from the app's settings. Heavy modules
are imported when they are first needed, because they decide the cold start ("Azure Functions for Python", section 6).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.domain.errors import InputError
from shared.domain.ids import guid
from shared.domain.jobs import Step
from shared.memory.alerts import MemoryAlerts
from shared.ports import Alerts, Blobs, Callers, Clock, Directory, Ids, Rows, Signer, Verifier, WorkQueue
from shared.runs.applying import Applying
from shared.runs.asking import Asking
from shared.runs.comparing import Comparing
from shared.runs.drifting import Drifting
from shared.runs.explaining import Explaining
from shared.runs.guarding import Guarding
from shared.runs.ledger import Ledger
from shared.runs.opposing import Opposing
from shared.runs.planning import Planning
from shared.runs.preparing import Preparing
from shared.runs.reading import Reading
from shared.runs.rolling import Rolling
from shared.runs.sealing import Sealing
from shared.runs.showing import Showing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.starting import Starting
from shared.runs.verifying import Verifying
from shared.runs.watchdog import Watchdog
from shared.runs.worker import Worker

LEASE_SECONDS_DEFAULT = 60  # "Azure Storage: the lease": renewed every 20 s, a dead holder is noticed after 62 s
GRAPH_ROOT_DEFAULT = "https://graph.microsoft.com"
AUTHORITY_DEFAULT = "https://login.microsoftonline.com"


@dataclass(frozen=True)
class Ports:
    """Everything the runs need from outside; without a signer and a verifier, snapshots are unsigned."""

    rows: Rows
    work: Blobs
    vault: Blobs
    queue: WorkQueue
    directory: Directory
    clock: Clock
    ids: Ids
    signer: Signer | None = None
    verifier: Verifier | None = None
    alerts: Alerts | None = None


@dataclass(frozen=True)
class Product:
    """The product, ready to be called: one attribute per thing a trigger may do."""

    tenant: str
    starting: Starting
    asking: Asking
    snapshots: Snapshots
    verifying: Verifying
    showing: Showing
    drifting: Drifting
    worker: Worker
    watchdog: Watchdog
    ledger: Ledger
    clock: Clock
    callers: Callers


def assemble(
    tenant: str,
    ports: Ports,
    callers: Callers,
    *,
    lease_seconds: int = LEASE_SECONDS_DEFAULT,
    emergency_accounts: Sequence[str] = (),
) -> Product:
    """Return the product over the given ports; recoveries never lock `emergency_accounts` (object ids) out."""
    ledger = Ledger(ports.rows, ports.clock, ports.ids, lease_seconds=lease_seconds)
    snapshots = Snapshots(ports.rows, ports.vault, Signing(ports.signer, ports.verifier))
    sealing = Sealing(ledger, ports.work, snapshots, ports.clock)
    comparing = Comparing(ledger, ports.work, snapshots)
    guarding = Guarding(ports.directory, emergency_accounts)
    planning = Planning(ledger, ports.directory, ports.work, snapshots, comparing, guarding)
    applying = Applying(ports.directory, ports.work)
    steps = {
        Step.PREPARE: Opposing(Preparing(ports.directory), comparing).prepare,
        Step.READ: Reading(ports.directory, ports.work).read,
        Step.ROLL_FORWARD: Rolling(ports.directory, ports.work).roll_forward,
        Step.SEAL: sealing.seal,
        Step.MANIFEST: sealing.manifest,
        Step.COMPARE: comparing.compare,
        Step.PLAN: planning.plan,
        Step.RELINK: planning.relink,
        Step.APPLY: applying.apply,
        Step.EXPLAIN: Explaining(ledger, ports.directory, ports.work, comparing, ports.clock).explain,
    }
    worker = Worker(ledger, ports.queue, steps)
    starting = Starting(ledger, worker, snapshots, ports.clock, ports.ids)
    showing = Showing(ledger, ports.work, comparing)
    alerts = ports.alerts or MemoryAlerts()
    return Product(
        tenant=tenant,
        starting=starting,
        asking=Asking(ledger, ports.work, comparing),
        snapshots=snapshots,
        verifying=Verifying(snapshots),
        showing=showing,
        drifting=Drifting(ports.rows, ports.work, snapshots, ledger, starting, showing, alerts, ports.clock),
        worker=worker,
        watchdog=Watchdog(ledger, worker),
        ledger=ledger,
        clock=ports.clock,
        callers=callers,
    )


_made: dict[asyncio.AbstractEventLoop, Product] = {}


async def product() -> Product:
    """Return the process's product, made from the environment on first use in the running event loop.

    Raises InputError naming the setting that is missing or wrong.
    """
    loop = asyncio.get_running_loop()
    if loop not in _made:
        _made[loop] = from_settings(os.environ)
    return _made[loop]


def from_settings(settings: Mapping[str, str]) -> Product:
    """Return a product over Azure Storage and Graph, as the app's settings say (local.settings.sample.json)."""
    from shared.azure import connections
    from shared.azure.blobs import AzureBlobs
    from shared.azure.callers import TokenCallers
    from shared.azure.clock import RandomIds, SystemClock
    from shared.azure.rows import AzureRows

    tenant = guid(_setting(settings, "TIDEMARK_TENANT_ID"), member="TIDEMARK_TENANT_ID")
    clock, ids = SystemClock(), RandomIds()
    host = connections.storage_connection(settings, "AzureWebJobsStorage")
    vault = connections.storage_connection(settings, "TidemarkVault")
    # Containers and the table belong to the deployment; a local emulator starts empty, so there they are created.
    is_local = _is_loopback(host.blob_uri or host.connection_string)
    host_identity, vault_identity = connections.credential(host), connections.credential(vault)
    signer, verifier = _signing(settings)
    ports = Ports(
        rows=AzureRows(connections.table_client(host, "jobs", host_identity), ids),
        work=AzureBlobs(connections.container_client(host, "work", host_identity), creates_container=is_local),
        vault=AzureBlobs(connections.container_client(vault, "snapshots", vault_identity), creates_container=is_local),
        queue=_queue(settings, clock),
        directory=_directory(settings, tenant, clock),
        clock=clock,
        ids=ids,
        signer=signer,
        verifier=verifier,
        alerts=_alerts(settings, clock),
    )
    authority = settings.get("TIDEMARK_AUTHORITY") or AUTHORITY_DEFAULT
    callers = TokenCallers(authority, tenant, _setting(settings, "TIDEMARK_AUDIENCE"), clock)
    lease_seconds = int(settings.get("TIDEMARK_LEASE_SECONDS") or LEASE_SECONDS_DEFAULT)
    return assemble(
        tenant, ports, callers, lease_seconds=lease_seconds, emergency_accounts=_emergency_accounts(settings)
    )


def _emergency_accounts(settings: Mapping[str, str]) -> list[str]:
    """Return the object ids under TIDEMARK_EMERGENCY_ACCOUNTS, none where it is empty (docs/lockout.md)."""
    name = "TIDEMARK_EMERGENCY_ACCOUNTS"
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


def _signing(settings: Mapping[str, str]) -> tuple[Signer | None, Verifier | None]:
    """Return what signs manifests and what demands their signatures, nothing where no key is set (decision D8)."""
    signing, trusted = settings.get("TIDEMARK_SIGNING_KEY_FILE") or "", settings.get("TIDEMARK_TRUSTED_KEYS_FILE") or ""
    if signing:
        from shared.azure.key_files import key_files

        return key_files(signing, trusted)
    if trusted:
        name = "TIDEMARK_TRUSTED_KEYS_FILE"
        raise InputError(
            f"{name} is set, but TIDEMARK_SIGNING_KEY_FILE is not: snapshots would be unsigned", member=name
        )
    return None, None


def _alerts(settings: Mapping[str, str], clock: Clock) -> Alerts:
    from shared.azure.webhooks import Webhooks

    return Webhooks(settings, clock)


def _directory(settings: Mapping[str, str], tenant: str, clock: Clock) -> Directory:
    import random

    from shared.graph.credentials import ClientSecretTokens, ManagedIdentityTokens
    from shared.graph.directory import GraphDirectory
    from shared.graph.settings import GraphSettings
    from shared.graph.tokens import TokenSource

    root = (settings.get("TIDEMARK_GRAPH_ROOT") or GRAPH_ROOT_DEFAULT).rstrip("/")
    client_id = settings.get("TIDEMARK_CLIENT_ID") or ""
    secret = settings.get("TIDEMARK_CLIENT_SECRET") or ""
    tokens: TokenSource = ManagedIdentityTokens(client_id or None)
    if secret:
        authority = settings.get("TIDEMARK_AUTHORITY") or AUTHORITY_DEFAULT
        tokens = ClientSecretTokens(
            authority=authority, tenant=tenant, client_id=client_id, client_secret=secret, clock=clock
        )
    jitter = random.Random()  # noqa: S311  spreads retries; nothing secret depends on it
    return GraphDirectory(GraphSettings(base_url=f"{root}/v1.0"), tokens=tokens, clock=clock, jitter=jitter)


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
