"""One exchange with Graph: a request in, its reply out, with native responses end to end (decision D1).

The host is pinned twice: the token is put on requests below the base only, and the transport speaks to no other host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx

from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.figures import Figures
from shared.graph.links import checked_base
from shared.graph.settings import GraphSettings
from shared.graph.tokens import TokenSource, application_of
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
        self._wire: PinnedTransport | None = None
        self._adapter: HttpxRequestAdapter | None = None

    async def exchange(self, request: Request) -> Reply:
        """Return the reply; a broken connection or a timeout is one with status NO_ANSWER.

        A 401 that carries a claims challenge is answered once with a new token.
        """
        from shared.graph import sdk  # here, because the SDK is imported when it is first needed

        if self._adapter is None:
            self._wire = self._new_wire()
            self._adapter = sdk.adapter(self._new_http(self._wire), self._tokens, self.base)
        try:
            response = await sdk.send(self._adapter, request, self.base)
        except httpx.TransportError as error:
            return Reply(status=NO_ANSWER, cut=f"{type(error).__name__}: {error}"[:FACT_CHARS_MAX])
        headers = {name.lower(): text for name, text in response.headers.items()}
        cut = response.extensions.get(CUT, "") or _ends_early(headers, response.content)
        return Reply(status=response.status_code, headers=headers, body=response.content, cut=cut)

    async def renew_token(self, claims: str) -> None:
        """Have the next requests sent with a token that has `claims`, the JSON text of a challenge."""
        await self._tokens(claims)

    async def own_application(self) -> str:
        """Return the lower-case id of the application that our token is for, empty when the token does not say."""
        return application_of((await self._tokens()).value)

    async def aclose(self) -> None:
        """Close the connections; the client may be used again afterwards and opens new ones."""
        if self._wire is not None:
            await self._wire.aclose()  # closing the HTTP client would not: the SDK's transport does not pass it on
        self._wire = self._adapter = None

    def _new_wire(self) -> PinnedTransport:
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
        network = self._transport or httpx.AsyncHTTPTransport(http2=True, limits=limits, trust_env=False)
        bytes_max = self._settings.answer_bytes_max
        return PinnedTransport(network, self.base, bytes_max=bytes_max, figures=self._figures)

    def _new_http(self, wire: PinnedTransport) -> httpx.AsyncClient:
        settings = self._settings
        timeout = httpx.Timeout(settings.answer_timeout_seconds, connect=settings.connect_timeout_seconds)
        return _Direct(transport=wire, timeout=timeout, trust_env=False, follow_redirects=False)


class _Direct(httpx.AsyncClient):
    """A client that hands a request to its transport and returns what came, whole, as PinnedTransport reads it.

    Cookies, redirects, HTTP authentication and a log line with the URL are never wanted of Graph, and looking for them
    costs each request a quarter of its time. httpx's own stream, which it binds to the response, would besides keep
    every page in memory until the next full collection.
    """

    def build_request(self, method: str, url: httpx.URL | str, **given: Any) -> httpx.Request:
        """Return the request, with the headers that are given."""
        headers = {"user-agent": self.headers["user-agent"], **(given.get("headers") or {})}
        extensions = {**(given.get("extensions") or {}), "timeout": self.timeout.as_dict()}
        return httpx.Request(method, url, headers=headers, content=given.get("content"), extensions=extensions)

    async def send(self, request: httpx.Request, **_given: Any) -> httpx.Response:
        """Return the response to `request`; its body has been read."""
        return await self._transport.handle_async_request(request)


def _ends_early(headers: Mapping[str, str], body: bytes) -> str:
    """Return why a JSON body that does not end as an object does is cut, "" for any other.

    This only spares a read from failing over a transfer that broke; whether a page is whole is proven where it is read.
    """
    is_json = headers.get("content-type", "").startswith("application/json")
    return "the JSON body ends too early" if is_json and body and not body.rstrip().endswith(b"}") else ""
