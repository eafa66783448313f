"""Serve HTTP functions and the admin endpoint on one port.

The request reaches the function as it came: raw path, every header, the body's bytes. Whatever the function answers
goes back the same way. An answer is due within 230 s ("Azure Functions scale and hosting", time-out of HTTP triggered
functions); after that the caller gets 504 and the function runs on.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from local.host.calls import Calls
from local.host.errors import CannotStartError
from local.host.functions import Function, HttpTrigger
from local.host.replies import response
from local.host.routes import Entry, choose
from local.host.settings import HostOptions
from local.host.worker import CallResult
from local.host.worker_messages import RpcHttp, TypedData

_BODY_BYTES_MAX = 100 * 1024 * 1024
_ADMIN_PATH = "/admin/"
_SHUTDOWN_SECONDS = 2.0

AdminHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger("local.host")


class WebServer:
    """The one port of this instance."""

    def __init__(self, functions: list[Function], *, calls: Calls, options: HostOptions, admin: AdminHandler) -> None:
        self._calls, self._options, self._admin = calls, options, admin
        self._by_name = {function.name: function for function in functions}
        self._entries = [
            Entry(function.name, function.trigger.route, function.trigger.methods)
            for function in functions
            if isinstance(function.trigger, HttpTrigger) and not function.is_disabled
        ]
        self._is_draining = False
        self._calls_begun: set[asyncio.Task[CallResult]] = set()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)

    async def start(self, port: int) -> str:
        """Listen on the loopback address, on a free port for 0; return the base URL."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError as error:
            raise CannotStartError(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}") from error
        bound_port = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{bound_port}"

    async def stop_taking(self) -> None:
        """Accept no new connection and answer new requests on old ones with 503."""
        self._is_draining = True
        for site in list(self._runner.sites):
            await site.stop()

    async def finish(self) -> None:
        """Wait for the calls of requests, also of those whose caller has gone."""
        if self._calls_begun:
            await asyncio.wait(self._calls_begun)

    async def close(self) -> None:
        """Close what is still open, after the answers under way."""
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_BODY_BYTES_MAX)
        app.router.add_route("*", "/{anything:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if path.startswith(_ADMIN_PATH):
            return await self._admin(request)
        if self._is_draining:
            return web.Response(status=503, text="this instance is stopping", headers={"Retry-After": "1"})
        choice = choose(self._entries, request.method, path)
        if choice.name is None:
            if not choice.allowed:
                return web.Response(status=404)
            return web.Response(status=405, headers={"Allow": ", ".join(sorted(choice.allowed))})
        function = self._by_name[choice.name]
        assert isinstance(function.trigger, HttpTrigger), "only HTTP functions have routes"
        if function.trigger.needs_key and not has_key(request, self._options.admin_key):
            return web.Response(status=401)
        return await self._answer(function, request, choice.values)

    async def _answer(self, function: Function, request: web.Request, params: Mapping[str, str]) -> web.StreamResponse:
        value = TypedData(http=await _rpc_request(request, params))
        call = asyncio.create_task(
            self._calls.run(function, value, trace_parent=request.headers.get("traceparent") or None)
        )
        self._calls_begun.add(call)
        call.add_done_callback(self._calls_begun.discard)
        # Not cancelled when late: in Azure, too, only the connection ends.
        done, _ = await asyncio.wait({call}, timeout=self._options.http_response_seconds)
        if not done:
            log.warning("response late", extra={"function": function.name})
            return web.Response(status=504)
        return response(call.result(), is_head=request.method == "HEAD")


def has_key(request: web.Request, key: str | None) -> bool:
    """Return whether the request carries the key as header or `code`, as function keys are; false without a key."""
    given = request.headers.get("x-functions-key") or request.query.get("code", "")
    return key is not None and hmac.compare_digest(given.encode(), key.encode())


async def _rpc_request(request: web.Request, params: Mapping[str, str]) -> RpcHttp:
    """Return the request as the host hands it to a worker; repeated headers and query names are joined by commas."""
    return RpcHttp(
        method=request.method,
        url=f"{request.scheme}://{request.host}{request.raw_path}",
        headers=_joined((name.lower(), value) for name, value in request.headers.items()),
        query=_joined(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True)),
        params=params,
        body=TypedData(bytes=await request.read()),
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
