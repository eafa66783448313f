"""An HTTP transport that hands requests to the simulated tenant in this process: no sockets, no sleeping.

It keeps a log of what was sent and when, so that a test can say what the gateway did, and not only what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from simulator.http import Request
from simulator.service import Simulator


@dataclass(frozen=True)
class Sent:
    """One request as it left: `at` is the loop's time, `tail` the path and query below the version root."""

    at: float
    method: str
    host: str
    tail: str
    headers: dict[str, str]
    body: bytes
    status: int

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts of a $batch, none for any other request."""
        if not self.tail.startswith("/$batch"):
            return []
        rows: list[dict[str, Any]] = msgspec.json.decode(self.body)["requests"]
        return rows


class InProcessTransport(httpx.AsyncBaseTransport):
    """Hands every request to `simulator`; `latency_seconds` is what each exchange takes on the loop's clock."""

    def __init__(self, simulator: Simulator, latency_seconds: float = 0.05) -> None:
        self.simulator = simulator
        self.latency_seconds = latency_seconds
        self.log: list[Sent] = []
        self.after_request: Callable[[str], None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the tenant's response; raise httpx.ReadError where the simulator breaks the connection."""
        at = asyncio.get_running_loop().time()
        body = await request.aread()
        target = request.url.raw_path.decode("ascii")
        headers = dict(request.headers.items())
        await asyncio.sleep(self.latency_seconds / 2)
        response = self.simulator.handle(Request(request.method, target, headers, body, request.url.scheme))
        await asyncio.sleep(self.latency_seconds / 2)
        tail = "/" + target.lstrip("/").partition("/")[2]
        if self.after_request is not None:
            self.after_request(tail)
        status = 0 if response.reset else response.status
        self.log.append(Sent(at, request.method, request.url.host, tail, headers, body, status))
        if response.reset:
            raise httpx.ReadError("the connection was reset", request=request)
        return httpx.Response(
            response.status,
            headers=dict(response.headers),
            stream=httpx.ByteStream(response.body),
            request=request,
        )

    def sent(self, text: str = "") -> list[Sent]:
        """Return the requests whose tail holds `text`, in the order they were answered."""
        return [sent for sent in self.log if text in sent.tail]
