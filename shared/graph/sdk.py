"""The only module that touches Microsoft's SDK: its adapter and middleware, its retries and redirects off.

Imported when the first request is sent (0.3 s and more), so that importing the gateway stays cheap. Typed models are
never imported: they cost hundreds of times more CPU per object than plain JSON (decision D1).
"""

from __future__ import annotations

from typing import Any

import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.httpx_request_adapter import HttpxRequestAdapter
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]
from msgraph_core.middleware import GraphTelemetryHandler  # type: ignore[import-untyped]
from opentelemetry.trace import INVALID_SPAN, Span

from shared.domain.errors import DirectoryError
from shared.graph.challenges import decoded
from shared.graph.exchange import Request
from shared.graph.tokens import TokenSource


def adapter(client: httpx.AsyncClient, tokens: TokenSource, base: str) -> HttpxRequestAdapter:
    """Return the SDK's adapter over `client`, which it wraps in the SDK's middleware.

    That is its telemetry. The others of its default are left out: no redirect is ever followed, its retries are ours to
    decide, and what the rest rewrites or records of a request is never asked for, but paid by every one.
    """
    wrapped = GraphClientFactory.create_with_custom_middleware([_Telemetry()], client=client)
    made: HttpxRequestAdapter = _Untraced(Bearer(tokens, base), wrapped)
    made.base_url = base
    return made


async def send(through: HttpxRequestAdapter, request: Request, base: str) -> httpx.Response:
    """Return the native response to `request`, whatever its status."""
    wanted = RequestInformation(Method(request.method))
    wanted.url = base + request.tail
    wanted.content = request.body or None
    wanted.headers.try_add("accept", "application/json, text/plain;q=0.5")
    wanted.headers.try_add("x-ms-throttle-priority", request.priority)
    for name, text in request.headers.items():
        wanted.headers.try_add(name, text)
    wanted.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
    native: Any = await through.send_primitive_async(wanted, "bytes", {})
    assert isinstance(native, httpx.Response), type(native)
    return native


class _Untraced(GraphRequestAdapter):
    """The SDK's adapter without its spans of OpenTelemetry, of which it begins five a request.

    Our requests have no URL template, so all of theirs are called UNKNOWN, and what they hold is in our own figures.
    """

    def start_tracing_span(self, *_of_what: Any) -> Span:
        """Return a span that records nothing."""
        return INVALID_SPAN

    def _start_local_tracing_span(self, *_of_what: Any) -> Span:
        return INVALID_SPAN


class _Telemetry(GraphTelemetryHandler):  # type: ignore[misc]
    """The SDK's telemetry, which asks once a host, not once a request, whether it is one of Graph's."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, str, int | None], bool] = {}

    def is_graph_url(self, url: httpx.URL) -> bool:
        """Tell whether `url` is at one of Graph's hosts; there is one place only, to which all requests go."""
        place = (url.scheme, url.host, url.port)
        if place not in self._known:
            self._known = {place: bool(super().is_graph_url(url))}
        return self._known[place]


class Bearer(AuthenticationProvider):
    """Put a token on requests below `base`, and on no other."""

    def __init__(self, tokens: TokenSource, base: str) -> None:
        self._tokens = tokens
        self._base = base

    async def authenticate_request(
        self,
        request: RequestInformation,
        additional_authentication_context: dict[str, Any] = {},  # noqa: B006 - the SDK's own signature
    ) -> None:
        """Set the Authorization header; a new token is asked for when the SDK passes the claims of a challenge."""
        if not request.url.startswith(f"{self._base}/"):
            raise DirectoryError("a token was asked for a place that is not Graph")
        token = await self._tokens(_claims(additional_authentication_context.get("claims", "")))
        request.headers.remove("authorization")
        request.headers.try_add("authorization", f"Bearer {token.value}")


def _claims(challenge: str) -> str:
    """Return the JSON text of a claims challenge, which a WWW-Authenticate header carries in base64."""
    try:
        return decoded(challenge)
    except ValueError as error:
        raise DirectoryError(str(error), status=401) from error
