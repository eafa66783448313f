"""Start Azurite for a demonstration or a test run, or use one that is running already.

In memory, on free ports, with two accounts so that the vault and the host account are truly separate. The process ends
with the one that started it, whatever happens to that one. Where the environment names a running Azurite in
AZURITE_URL, that one is used, is left running, and lends its one well-known account for both.
"""

import asyncio
import base64
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from local import processes
from local.processes import Child, ChildEndedError

# The account every Azurite has ("Use the Azurite emulator for local Azure Storage development"); not a secret.
HOST_ACCOUNT = "devstoreaccount1"
HOST_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
VAULT_ACCOUNT = "vaultaccount1"
VAULT_KEY = base64.b64encode(b"the vault key of a local Azurite holds no secret and needs 64 bytes").decode()

_REPOSITORY = Path(__file__).resolve().parent.parent
_SERVICES = ("Blob", "Queue", "Table")
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (\S+)")
_START_SECONDS_MAX = 30.0
_STOP_SECONDS_MAX = 5.0
_KEEP_ALIVE_SECONDS = "600"  # the default of 5 s breaks a request now and then that meets the closing


class AzuriteError(Exception):
    """Azurite is not installed, did not start, or AZURITE_URL cannot be read; the message is one line."""


@dataclass(frozen=True)
class Endpoints:
    """The base URLs of the three services."""

    blob: str
    queue: str
    table: str


def connection_string(endpoints: Endpoints, account: str, key: str) -> str:
    """Return the connection string of one account, with path-style URLs as Azurite has them."""
    members = {
        "DefaultEndpointsProtocol": urlsplit(endpoints.blob).scheme,
        "AccountName": account,
        "AccountKey": key,
        "BlobEndpoint": f"{endpoints.blob}/{account}",
        "QueueEndpoint": f"{endpoints.queue}/{account}",
        "TableEndpoint": f"{endpoints.table}/{account}",
    }
    return "".join(f"{name}={value};" for name, value in members.items())


def endpoints_of(azurite_url: str) -> Endpoints:
    """Return what AZURITE_URL names: three URLs with commas, or the blob URL with queue and table on the next ports."""
    urls = [url.strip().rstrip("/") for url in azurite_url.split(",")]
    if len(urls) == len(_SERVICES):
        return Endpoints(*urls)
    parts = urlsplit(urls[0])
    if len(urls) != 1 or parts.hostname is None or parts.port is None:
        raise AzuriteError(f"AZURITE_URL is {azurite_url!r}; one blob URL with a port is needed, or three URLs")
    return Endpoints(*(f"{parts.scheme}://{parts.hostname}:{parts.port + step}" for step in range(3)))


@dataclass
class Azurite:
    """A running Azurite; stop it, or leave its `async with` block."""

    endpoints: Endpoints
    vault_account: str = HOST_ACCOUNT
    vault_key: str = HOST_KEY
    child: Child | None = None

    @property
    def connection_string(self) -> str:
        """The host account: tables, queues and work blobs."""
        return connection_string(self.endpoints, HOST_ACCOUNT, HOST_KEY)

    @property
    def vault_connection_string(self) -> str:
        """The vault account, which is another one unless AZURITE_URL was given."""
        return connection_string(self.endpoints, self.vault_account, self.vault_key)

    def stop(self) -> None:
        """End the process that was started here; one that was running before is left alone."""
        if self.child is not None:
            self.child.stop(timeout=_STOP_SECONDS_MAX)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


async def start(workdir: Path | None = None) -> Azurite:
    """Return Azurite, started or, with AZURITE_URL, found; `workdir` keeps its log (a new temporary folder if None).

    AzuriteError when it is not installed or does not start. Call it from a thread that outlives Azurite.
    """
    if azurite_url := os.environ.get("AZURITE_URL"):
        return Azurite(endpoints_of(azurite_url))
    folder = workdir or Path(tempfile.mkdtemp(prefix="azurite-"))
    child = processes.start(
        "azurite",
        _command(),
        log_file=folder / "azurite.log",
        environment={"AZURITE_ACCOUNTS": f"{HOST_ACCOUNT}:{HOST_KEY};{VAULT_ACCOUNT}:{VAULT_KEY}"},
        workdir=folder,
    )
    try:
        lines = await child.matched(_LISTENING, count=len(_SERVICES), timeout=_START_SECONDS_MAX)
    except ChildEndedError as error:
        child.kill()
        raise AzuriteError(str(error)) from error
    urls = {line[1]: line[2] for line in lines}
    endpoints = Endpoints(*(urls[service] for service in _SERVICES))
    return Azurite(endpoints, VAULT_ACCOUNT, VAULT_KEY, child)


def _command() -> list[str]:
    script = _REPOSITORY / "node_modules" / ".bin" / "azurite"
    if not script.exists():
        raise AzuriteError("Azurite is not installed: run `npm ci` in the repository's folder (Node 20 or newer)")
    if shutil.which("node") is None:
        raise AzuriteError("Azurite needs Node 20 or newer; there is no `node` on the path")
    switches = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    ports = [word for name in ("blob", "queue", "table") for word in (f"--{name}Port", "0")]
    patience = [
        word for name in ("blob", "queue", "table") for word in (f"--{name}KeepAliveTimeout", _KEEP_ALIVE_SECONDS)
    ]
    return ["node", str(script), *switches, *ports, *patience]
