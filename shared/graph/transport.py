"""The last step before the wire: only the pinned host is ever spoken to, and no answer is larger than the cap.

Answers are decompressed here, under a running cap, because a small compressed body can stand for any amount of memory.
What is cut off in the middle is handed up with the reason, never as if it were whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from typing import cast

import httpx
from isal import isal_zlib

from shared.domain.errors import DirectoryError
from shared.graph.figures import Figures

CUT = "tidemark.cut"  # the response extension that says why a body is not whole
GZIP_WINDOW = 31  # 15 bits of window, with a gzip header, as zlib says it


class PinnedTransport(httpx.AsyncBaseTransport):
    """Send through `inner` to the host of `base_url` only, and read every body under a cap of decompressed bytes."""

    def __init__(self, inner: httpx.AsyncBaseTransport, base_url: str, *, bytes_max: int, figures: Figures) -> None:
        self._inner = inner
        self._base = httpx.URL(base_url)
        self._bytes_max = bytes_max
        self._figures = figures

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response with its body read and decompressed.

        Raises DirectoryError for a request to another host (our own mistake) and for an answer beyond the cap.
        """
        self._check_place(request.url)
        request.headers["accept-encoding"] = "gzip"
        self._figures.add("requests")
        response = await self._inner.handle_async_request(request)
        raw = response.headers.raw
        try:
            body, cut = await self._read(request, response, _coding(raw))
        finally:
            await response.aclose()
        headers = [(name, text) for name, text in raw if name.lower() not in _ABOUT_THE_WIRE]
        extensions = {**response.extensions, CUT: cut}
        return httpx.Response(
            response.status_code, headers=headers, content=body, request=request, extensions=extensions
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    def _check_place(self, url: httpx.URL) -> None:
        place = (url.scheme, url.host, url.port)
        if place != (self._base.scheme, self._base.host, self._base.port) or url.userinfo:
            raise DirectoryError(f"a request to {url.scheme}://{url.host} was stopped: Graph is at {self._base.host}")

    async def _read(self, request: httpx.Request, response: httpx.Response, coding: str) -> tuple[bytes, str]:
        """Return the body and why it is cut, "" when it is whole."""
        if coding not in ("gzip", "identity"):
            return b"", f"the body is encoded as {coding}, which was not asked for"
        stream = cast(AsyncIterable[bytes], response.stream)
        pieces, size = [], 0
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            self._check_size(size, request, response)
        wire = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if coding == "identity":
            return wire, ""
        unpack = isal_zlib.decompressobj(GZIP_WINDOW)  # much cheaper than zlib's (docs/decisions/0032)
        try:
            body = unpack.decompress(wire, self._bytes_max + 1)  # which stops there, whatever is left
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub has a variable here, not a class
            return b"", f"the gzip body is damaged ({error})"
        self._check_size(len(body), request, response)
        return body, "" if unpack.eof else "the gzip body ends too early"

    def _check_size(self, size: int, request: httpx.Request, response: httpx.Response) -> None:
        if size > self._bytes_max:
            asked = f"{request.method} {request.url.path}"
            request_id = response.headers.get("request-id", "")
            raise DirectoryError(f"{asked}: the answer is larger than {self._bytes_max} bytes", request_id=request_id)


def _coding(raw: Sequence[tuple[bytes, bytes]]) -> str:
    """Return how a body is encoded: of raw headers, because httpx looks one up at the price of reading all."""
    said = [text for name, text in raw if name.lower() == b"content-encoding"]
    return ", ".join(text.decode("latin-1").strip().lower() for text in said) or "identity"


_ABOUT_THE_WIRE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
