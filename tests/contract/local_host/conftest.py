"""A tiny function app in real host processes over a real Azurite, watched from outside."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient
from yarl import URL

from local import processes
from local.azurite import Azurite
from local.processes import Child

TINY_APP = Path(__file__).resolve().parents[2] / "support" / "tiny_app"
KEY = "a key of this test"
NEVER_SOON = "0 0 0 1 1 *"


class TinyApp:
    """The tiny app with queue, timers and records of its own; start as many instances as the story needs."""

    def __init__(self, azurite: Azurite, folder: Path) -> None:
        self.azurite, self.folder = azurite, folder
        self.host_id = uuid.uuid4().hex
        self.queue_name = f"work-{self.host_id[:12]}"
        self.records_file = folder / "records"
        self.children: list[Child] = []

    async def start(self, name: str = "one", **settings: str) -> str:
        """Start an instance with these app settings besides its usual ones, and return its URL."""
        return await self.begin(name, settings).listening()

    def begin(
        self, name: str, settings: Mapping[str, str] | None = None, *, app_root: Path = TINY_APP, port: int = 0
    ) -> Child:
        """Start an instance without waiting."""
        environment = {
            "AzureWebJobsStorage": self.azurite.connection_string,
            "AzureFunctionsWebHost__hostid": self.host_id,
            "TIDEMARK_LOCAL_ADMIN_KEY": KEY,
            "WORK_QUEUE": self.queue_name,
            "TICK_SCHEDULE": NEVER_SOON,
            "RECORDS": str(self.records_file),
            **(settings or {}),
        }
        child = processes.start_host(
            name, app_root=app_root, log_file=self.folder / f"{name}.log", environment=environment, port=port
        )
        self.children.append(child)
        return child

    def child(self, name: str = "one") -> Child:
        """Return the instance of that name."""
        return next(child for child in self.children if child.name == name)

    def records(self, function: str) -> list[dict[str, Any]]:
        """Return what calls of a function wrote down, in order."""
        text = self.records_file.read_text() if self.records_file.exists() else ""
        lines = [msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines()]
        return [line for line in lines if line["function"] == function]

    async def recorded(self, function: str, count: int = 1) -> list[dict[str, Any]]:
        """Return a function's records once there are `count`."""
        await eventually(lambda: len(self.records(function)) >= count, f"{count} of {function}: {self.logs()}")
        return self.records(function)

    def logs(self) -> str:
        """Return what all instances wrote, for the message of a failed test."""
        return "\n".join(child.output() for child in self.children)

    def events(self, name: str, event: str) -> list[dict[str, Any]]:
        """Return the log lines of an instance that carry an event."""
        lines = [line for line in self.child(name).output().splitlines() if line.startswith("{")]
        return [line for text in lines if (line := msgspec.json.decode(text))["event"] == event]

    @asynccontextmanager
    async def queue(self, suffix: str = "", *, is_base64: bool = True) -> AsyncIterator[QueueClient]:
        """Return a client of the app's queue, or with `-poison` of its poison queue."""
        policy = TextBase64EncodePolicy() if is_base64 else None
        async with QueueClient.from_connection_string(
            self.azurite.connection_string, self.queue_name + suffix, message_encode_policy=policy
        ) as client:
            yield client

    async def send(self, **order: Any) -> None:
        """Put one order into the app's queue."""
        async with self.queue() as client:
            await client.send_message(msgspec.json.encode(order).decode())

    async def messages_left(self, suffix: str = "") -> int:
        """Return how many messages a queue holds, hidden ones included."""
        async with self.queue(suffix) as client:
            return (await client.get_queue_properties()).approximate_message_count or 0

    async def emptied(self) -> None:
        """Wait until the app's queue holds nothing, hidden messages included."""
        deadline = time.monotonic() + 20
        while (left := await self.messages_left()) > 0:
            assert time.monotonic() < deadline, f"{left} messages are left: {self.logs()}"
            await asyncio.sleep(0.05)

    async def store_timer_status(self, function: str, **status: str) -> None:
        """Write a timer's status blob as a host would."""
        async with BlobServiceClient.from_connection_string(self.azurite.connection_string) as client:
            container = client.get_container_client("azure-webjobs-hosts")
            if not await container.exists():
                await container.create_container()
            path = f"timers/{self.host_id}/Host.Functions.{function}/status"
            await container.upload_blob(path, msgspec.json.encode(status))


async def eventually(is_so: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until a condition holds; fail with `what` when it does not come about."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.05)


async def ask(url: str, method: str = "GET", *, key: str | None = None, body: bytes = b"", **headers: str) -> "Answer":
    """Send one request with its URL untouched and return the answer."""
    if key is not None:
        headers["x-functions-key"] = key
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(url, encoded=True), data=body or None, headers=headers) as reply,
    ):
        return Answer(reply.status, {name.lower(): text for name, text in reply.headers.items()}, await reply.read())


class Answer(msgspec.Struct):
    """Status, headers by lower-case name, and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def tiny(azurite: Azurite, tmp_path: Path) -> Iterator[TinyApp]:
    """A tiny app of this test's own; its instances end with the test."""
    app = TinyApp(azurite, tmp_path)
    yield app
    for child in app.children:
        child.kill()


@pytest.fixture(scope="module")
def served(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one instance that all tests of a module ask."""
    app = TinyApp(azurite, tmp_path_factory.mktemp("served"))
    yield asyncio.run(app.start("served", AzureFunctionsLocalHost__httpResponseSeconds="0.5"))
    for child in app.children:
        child.kill()
