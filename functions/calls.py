"""One HTTP request as it came, before anything in it is believed.

The path is taken from the raw address and decoded once, segment by segment: ids end in `==` and come percent-encoded
from some clients. Addresses in answers are built from what the client called, so that one that changed only its base
URL keeps talking to us; behind a gateway the X-Forwarded headers say what that was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

import azure.functions as func

HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
SCHEMES = frozenset({"http", "https"})
UNKNOWN_MEMBERS = "include-unknown-enum-members"
CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9_.{}-]{1,64}\Z")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request. `root` is scheme, host and version; `path` is raw and below the version; header names are lower."""

    method: str
    root: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    request_id: str

    @property
    def segments(self) -> tuple[str, ...]:
        """The decoded segments of the path; one trailing slash does not count."""
        return tuple(unquote(part) for part in self.path.removesuffix("/").split("/"))

    @property
    def shows_all_members(self) -> bool:
        """Whether the client knows enum members that were added later (header Prefer)."""
        preferences = self.headers.get("prefer", "").lower().replace(";", ",").split(",")
        return UNKNOWN_MEMBERS in (preference.strip() for preference in preferences)

    @property
    def client_request_id(self) -> str:
        """The caller's own id of the request, empty when it has none that may be repeated in an answer."""
        given = self.headers.get("client-request-id", "")
        return given if CLIENT_REQUEST_ID.match(given) else ""

    def address(self, *segments: str) -> str:
        """Return the absolute address below the version that the client called."""
        return "/".join([self.root, *(quote(segment, safe="=$()") for segment in segments)])

    def next_link(self, skip: int, top: int) -> str:
        """Return the address of the page that begins after `skip` items."""
        return self.asked_with({"$top": str(top), "$skip": str(skip)})

    def asked_with(self, options: Mapping[str, str]) -> str:
        """Return the address of this request with other query options, last and in their order."""
        kept = [(name, value) for name, value in self.query if name not in options]
        return f"{self.root}/{self.path}?{urlencode([*kept, *options.items()], safe='$,')}"


def received(request: func.HttpRequest, *, version: str, request_id: str) -> Call:
    """Return the request that a function was called with; `version` is the one its route stands for."""
    scheme, _, rest = request.url.partition("://")
    host, _, target = rest.partition("/")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    base = f"{_forwarded(headers, 'proto', scheme)}://{_forwarded(headers, 'host', host)}"
    return Call(
        method=request.method.upper(),
        root=f"{base}/{version}",
        path=path.partition("/")[2],
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=request.get_body(),
        request_id=request_id,
    )


def _forwarded(headers: Mapping[str, str], name: str, direct: str) -> str:
    """Return what the outermost gateway was asked for; anything that is no scheme or host is not repeated."""
    given = headers.get(f"x-forwarded-{name}", "").partition(",")[0].strip()
    is_sound = given.lower() in SCHEMES if name == "proto" else HOST.match(given) is not None
    return given if is_sound else direct
