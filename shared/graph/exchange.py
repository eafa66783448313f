"""One request to Graph and the one reply to it, as values.

Pure. A reply with status NO_ANSWER stands for a connection that broke or a timeout: the request may or may not have
taken effect. A reply's body is decompressed and complete unless `cut` says why it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_ANSWER = 0
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `tail` is path and query below the version root and starts with a slash.

    `priority` is Graph's x-ms-throttle-priority: under pressure `low` is refused before `normal`.
    """

    method: str = "GET"
    tail: str
    body: bytes = b""
    headers: Mapping[str, str] = NO_HEADERS
    priority: str = "normal"

    @property
    def is_read(self) -> bool:
        """Whether the request changes nothing, so that losing its reply loses nothing."""
        return self.method == "GET" or self.tail.partition("?")[0].endswith("/getByIds")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    cut: str = ""

    @property
    def request_id(self) -> str:
        """Graph's id of the request, empty when it gave none."""
        return self.headers.get("request-id", "")

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300
