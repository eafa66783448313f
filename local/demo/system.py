"""Start the whole system on free ports: Azurite, a simulated tenant, and three instances of the function app.

One instance answers HTTP and fires timers; two take the queues, so that one may be killed. Nothing is left running
when the context ends, unless it is told to keep.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local import azurite, processes
from local.demo.independent import emergency_accounts
from local.processes import Child
from simulator import applications

ROOT = Path(__file__).resolve().parent.parent.parent
TENANT = "7d1de5a0-0000-4000-8000-00000000c0de"
QUEUE_FUNCTIONS = ("capture_worker", "compare_worker", "recover_worker")
TIMERS = ("daily_snapshot", "daily_verification", "daily_pruning", "watchdog")
# Short, so that a killed worker is missed within seconds; in Azure the lease is 60 s and a message hides 10 minutes.
LEASE_SECONDS = 4
MESSAGE_LEASE_SECONDS = 6


@dataclass
class System:
    """A running system: where to reach it, and its processes."""

    tenant: str
    simulator_url: str
    api_url: str
    admin_key: str
    front: Child
    workers: list[Child]
    worker_urls: list[str]
    folder: Path


@contextlib.asynccontextmanager
async def running(folder: Path, *, objects: int, seed: int, load_from: Path | None) -> AsyncIterator[System]:
    """Start everything, hand it over, and stop it again; log files stay in `folder`."""
    started: list[Child] = []
    async with await azurite.start(folder / "azurite") as storage:
        try:
            simulator = _simulator(folder, objects=objects, seed=seed, load_from=load_from)
            started.append(simulator)
            simulator_url = await simulator.listening()
            key = secrets.token_urlsafe(24)
            environment = _settings(storage, simulator_url, key, signing_key_file=_signing_key(folder))
            if load_from is None:
                # An export comes without its emergency accounts; its policies do not exclude the generated ones.
                environment["TIDEMARK_EMERGENCY_ACCOUNTS"] = ",".join(await emergency_accounts(simulator_url, TENANT))
            front = _instance("front", folder, environment, disabled=QUEUE_FUNCTIONS)
            workers = [_instance(f"worker-{number}", folder, environment, disabled=TIMERS) for number in (1, 2)]
            started += [front, *workers]
            yield System(
                tenant=TENANT,
                simulator_url=simulator_url,
                api_url=await front.listening(),
                admin_key=key,
                front=front,
                workers=workers,
                worker_urls=[await worker.listening() for worker in workers],
                folder=folder,
            )
        finally:
            for child in reversed(started):
                child.stop()


def _simulator(folder: Path, *, objects: int, seed: int, load_from: Path | None) -> Child:
    command = [sys.executable, "-m", "simulator", "--objects", str(objects), "--seed", str(seed), "--tenant", TENANT]
    command += ["--from", str(load_from)] if load_from else []
    return processes.start("simulator", command, log_file=folder / "simulator.log", workdir=ROOT)


def _instance(name: str, folder: Path, environment: dict[str, str], *, disabled: tuple[str, ...]) -> Child:
    off = {f"AzureWebJobs.{function}.Disabled": "true" for function in disabled}
    log_file = folder / f"{name}.log"
    return processes.start_host(name, app_root=ROOT, log_file=log_file, environment={**environment, **off})


def _signing_key(folder: Path) -> Path:
    """Make the key that signs this system's snapshots, readable by nobody else; return its file."""
    file = folder / "signing-key.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.touch(mode=0o600)
    file.write_bytes(pem)
    return file


def _settings(
    storage: azurite.Azurite, simulator_url: str, admin_key: str, *, signing_key_file: Path
) -> dict[str, str]:
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": storage.connection_string,
        "TidemarkVault": storage.vault_connection_string,
        "TIDEMARK_TENANT_ID": TENANT,
        "TIDEMARK_AUDIENCE": applications.TIDEMARK_API,
        "TIDEMARK_AUTHORITY": simulator_url,
        "TIDEMARK_GRAPH_ROOT": simulator_url,
        "TIDEMARK_CLIENT_ID": applications.TIDEMARK.app_id,
        "TIDEMARK_CLIENT_SECRET": applications.TIDEMARK.secret,
        "TIDEMARK_SNAPSHOT_SCHEDULE": "0 0 22 * * *",
        "TIDEMARK_RESTORE_POINT_SCHEDULE": "0 30 * * * *",
        "TIDEMARK_WATCHDOG_SCHEDULE": "0 * * * * *",
        "TIDEMARK_VERIFY_SCHEDULE": "0 0 2 * * *",
        "TIDEMARK_PRUNE_SCHEDULE": "0 30 4 * * *",
        "TIDEMARK_LEASE_SECONDS": str(LEASE_SECONDS),
        "TIDEMARK_SIGNING_KEY_FILE": str(signing_key_file),
        "TIDEMARK_LOCAL_ADMIN_KEY": admin_key,
        "AzureFunctionsLocalHost__messageLeaseSeconds": str(MESSAGE_LEASE_SECONDS),
    }
