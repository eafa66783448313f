"""Commands against the real HTTP functions over a simulated tenant: no sockets, and waiting costs nothing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from cli.main import Surroundings, run
from cli.watching import Clock
from tests.support.virtual_time import VirtualLoop
from tests.unit.functions.worlds import BASE, World

ENVIRONMENT = {"TIDEMARK_URL": BASE, "TIDEMARK_TOKEN": "administrator"}
Json = dict[str, Any]


class Terminal(io.StringIO):
    """A stream that a person may be reading or typing at."""

    def __init__(self, text: str = "", *, is_terminal: bool = False) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Tell whether a person is there."""
        return self._is_terminal


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """The one JSON document on standard output."""
        (line,) = self.out.splitlines()
        return msgspec.json.decode(line, type=Json)


class Answers(httpx.BaseTransport):
    """Answers every request by a function."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return what the function says."""
        return self._answer(request)


def command(
    *arguments: str,
    transport: httpx.BaseTransport | None = None,
    storage: httpx.BaseTransport | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
    is_terminal: bool = False,
    typed: str = "",
    clock: Clock | None = None,
) -> Ran:
    """Run one command and return how it ended."""
    out, err = Terminal(is_terminal=is_terminal), Terminal(is_terminal=is_terminal)
    stdin = Terminal(typed, is_terminal=is_terminal)
    around = Surroundings(
        environment, stdin, out, err, transport, clock or Clock(lambda: 0.0, lambda _seconds: None), storage
    )
    return Ran(run(arguments, around), out.getvalue(), err.getvalue())


class Deployment(httpx.BaseTransport):
    """A world on a loop of its own, which runs only while a request is answered or a command waits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.requests: list[str] = []

    def do(self, story: Any) -> Any:
        """Run a coroutine of the world and return what it returns."""
        return self._runner.run(story)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request to the function that a host would call."""
        target = request.url.raw_path.decode("ascii")
        self.requests.append(f"{request.method} {target}")
        version, _, path = target.removeprefix("/").partition("/")
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        asked = self.world.ask(request.method, f"/{path}", request.read(), token=token, version=version, **headers)
        reply = self.do(asked)
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

    def run(self, *arguments: str, **surroundings: Any) -> Ran:
        """Run one command against this deployment; while it waits, jobs go on to their end."""
        return command(*arguments, transport=self, clock=Clock(self._seconds, self._pass), **surroundings)

    def _seconds(self) -> float:
        return float(self._runner.get_loop().time())

    def _pass(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))
        self.do(self.world.platform.run_until_idle())

    def end(self) -> None:
        """End the loop."""
        self._runner.close()
