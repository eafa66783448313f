"""The two values that cross the simulator's edge: a request that came in and the response that goes out.

Plain values without sockets, so one tenant serves an aiohttp server and a test in virtual time alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path_with_query` is the raw, still percent-encoded target."""

    method: str
    path_with_query: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"

    def lowered_headers(self) -> dict[str, str]:
        """Return the headers by lower-case name."""
        return {name.lower(): value for name, value in self.headers.items()}


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; with `reset` true the connection breaks and nothing of the rest is ever sent.

    Whoever carries it to the client waits `delay_seconds` first.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    reset: bool = False
    delay_seconds: float = 0.0
