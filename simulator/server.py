"""The simulator as an HTTP server: a thin shell around `Simulator.handle`. Serves until told to end."""

import asyncio
import ipaddress
import signal
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from simulator.http import Request
from simulator.service import Simulator, is_control
from simulator.tunnel import Tunnel

BODY_BYTES_MAX = 16 * 1024 * 1024
_HOP = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One port to listen on (0: a free one), with TLS settings for HTTPS."""

    port: int
    tls: ssl.SSLContext | None = None

    @property
    def scheme(self) -> str:
        """Return the scheme clients use."""
        return "http" if self.tls is None else "https"


def application(simulator: Simulator) -> web.Application:
    """Return the aiohttp application that hands every request to `simulator`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        target = origin_form(request.raw_path)
        if is_control(target) and not is_local(request.remote):
            raise web.HTTPForbidden(text="control is open to this machine only")
        asked = Request(request.method, target, request.headers, await request.read(), request.scheme)
        response = simulator.handle(asked)
        if response.delay_seconds > 0.0:
            await asyncio.sleep(response.delay_seconds)
        if response.reset:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        headers = {name: value for name, value in response.headers.items() if name.lower() not in _HOP}
        return web.Response(status=response.status, headers=headers, body=response.body)

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def origin_form(target: str) -> str:
    """Return path and query of a request target; behind a proxy clients send whole addresses (RFC 9112, 3.2.2)."""
    scheme, mark, rest = target.partition("://")
    return "/" + rest.partition("/")[2] if mark and scheme.lower() in ("http", "https") else target


def is_local(remote: str | None) -> bool:
    """Tell whether a peer's address is this machine's own loopback."""
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False


async def serve(
    simulator: Simulator, *, host: str, endpoints: Sequence[Endpoint], proxy_port: int | None = None
) -> None:
    """Serve on `host`, say where on standard output, one line for each endpoint, end cleanly on SIGTERM or SIGINT.

    With `proxy_port` a tunnel to the last endpoint, which must be HTTPS, listens as well.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, told.set)
    runner = web.AppRunner(application(simulator), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    tunnel: Tunnel | None = None
    try:
        for endpoint in endpoints:
            await web.TCPSite(runner, host, endpoint.port, ssl_context=endpoint.tls).start()
        for endpoint, address in zip(endpoints, runner.addresses, strict=True):
            print(f"listening on {endpoint.scheme}://{host}:{address[1]}", flush=True)
        if proxy_port is not None:
            tunnel = Tunnel(host, runner.addresses[-1][1])
            print(f"proxy on http://{host}:{await tunnel.start(proxy_port)}", flush=True)
        await told.wait()
    finally:
        if tunnel is not None:
            await tunnel.stop()
        await runner.cleanup()
