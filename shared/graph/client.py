"""One exchange with Graph: a request in, its reply out, with native responses end to end (decision D1).

The host is pinned twice: the token is put on requests below the base only, and the transport speaks to no other host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.figures import Figures
from shared.graph.links import checked_base
from shared.graph.settings import GraphSettings
from shared.graph.tokens import TokenSource
from shared.graph.transport import CUT, PinnedTransport

if TYPE_CHECKING:
    from kiota_http.httpx_request_adapter import HttpxRequestAdapter

CONNECTIONS_MAX = 8
FACT_CHARS_MAX = 200


class GraphClient:
    """Send requests below one version root, with one token source and one pool of connections."""

    def __init__(
        self,
        settings: GraphSettings,
        tokens: TokenSource,
        figures: Figures,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base = checked_base(settings.base_url)
        self._settings = settings
        self._tokens = tokens
        self._figures = figures
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self._adapter: HttpxRequestAdapter | None = None

    async def exchange(self, request: Request) -> Reply:
        """Return the reply; a broken connection or a timeout is one with status NO_ANSWER.

        A 401 that carries a claims challenge is answered once with a new token.
        """
        from shared.graph import sdk  # noqa: PLC0415 - the SDK is imported when it is first needed

        if self._adapter is None:
            self._http = self._new_http()
            self._adapter = sdk.adapter(self._http, self._tokens, self.base)
        try:
            response = await sdk.send(self._adapter, request, self.base)
        except httpx.TransportError as error:
            return Reply(status=NO_ANSWER, cut=f"{type(error).__name__}: {error}"[:FACT_CHARS_MAX])
        return Reply(
            status=response.status_code,
            headers={name.lower(): text for name, text in response.headers.items()},
            body=response.content,
            cut=response.extensions.get(CUT, ""),
        )

    async def aclose(self) -> None:
        """Close the connections; the client may be used again afterwards and opens new ones."""
        if self._http is not None:
            await self._http.aclose()
        self._http = self._adapter = None

    def _new_http(self) -> httpx.AsyncClient:
        settings = self._settings
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
        wire = self._transport or httpx.AsyncHTTPTransport(http2=True, limits=limits, trust_env=False)
        pinned = PinnedTransport(wire, self.base, bytes_max=settings.answer_bytes_max, figures=self._figures)
        timeout = httpx.Timeout(settings.answer_timeout_seconds, connect=settings.connect_timeout_seconds)
        return httpx.AsyncClient(transport=pinned, timeout=timeout, trust_env=False, follow_redirects=False)
