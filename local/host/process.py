"""One instance from start to end: load the app, reach its storage, listen, drain.

Order of a start: settings, app, storage, port; then the line `listening on URL`, then the listeners. Order of an end:
nothing new is taken, calls running get their time, timer leases go back. A second signal, or a call that outlasts the
drain, ends the process as it is; its messages return when their leases end.
"""

import asyncio
import logging
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.host.admin import Admin
from local.host.calls import Calls, end_process
from local.host.functions import read_functions
from local.host.listeners import Listeners
from local.host.settings import HostOptions
from local.host.web import WebServer
from local.host.worker import Worker

log = logging.getLogger("local.host")


@dataclass(frozen=True)
class Instance:
    """What one process was asked to be."""

    app_root: Path
    name: str
    port: int
    settings: Mapping[str, str]
    options: HostOptions


async def serve(instance: Instance) -> None:
    """Run one instance until it is told to stop and has drained; CannotStartError before it listens."""
    asked_to_stop = asyncio.Event()
    _on_signals(asked_to_stop)
    worker = Worker(instance.app_root)
    worker.start()
    functions = read_functions(await worker.load(), instance.settings, route_prefix=instance.options.route_prefix)
    calls = Calls(worker, timeout_seconds=instance.options.function_timeout_seconds)
    listeners = Listeners(app_root=instance.app_root, settings=instance.settings, options=instance.options, calls=calls)
    try:
        await listeners.prepare(functions)
        admin = Admin(instance=instance.name, functions=functions, calls=calls, key=instance.options.admin_key)
        admin.listeners = listeners.by_name
        server = WebServer(functions, calls=calls, options=instance.options, admin=admin.handle)
        url = await server.start(instance.port)
        print(f"listening on {url}", flush=True)
        log.info("host started", extra={"url": url, "functions": [function.name for function in functions]})
        listeners.start(functions)
        await asked_to_stop.wait()
        await _drain(instance.options.drain_seconds, admin=admin, server=server, listeners=listeners, calls=calls)
        await server.close()
    finally:
        await listeners.close()


async def _drain(seconds: float, *, admin: Admin, server: WebServer, listeners: Listeners, calls: Calls) -> None:
    """Let what runs end, for at most `seconds`; then end the process with what is left still running."""
    log.info("drain started", extra={"inflight": len(calls.running)})
    admin.is_draining = True
    await server.stop_taking()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(listeners.stop(), admin.finish(), server.finish())
    except TimeoutError:
        left = [f"{call.function} {call.invocation_id}" for call in calls.running]
        log.warning("drain ended early", extra={"left": left})
        end_process(0)
    log.info("drain finished")


def _on_signals(asked_to_stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if asked_to_stop.is_set():
            log.warning("second signal, ending at once")
            end_process(1)
        asked_to_stop.set()

    for kind in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(kind, stop)
