"""Answer what an operator of the local host asks: its status, and "call this function now".

Paths and the key header are those of "Manually run a non HTTP-triggered function". Without the setting
TIDEMARK_LOCAL_ADMIN_KEY there is no admin endpoint at all; a key nobody chose would be no key.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import msgspec
from aiohttp import web

from local.host.calls import Calls
from local.host.functions import Function
from local.host.queues import QueueListener
from local.host.timers import TimerListener
from local.host.web import has_key

_STATUS_PATH = "/admin/host/status"
_FUNCTION_PATH = "/admin/functions/"

log = logging.getLogger("local.host")


class Admin:
    """The admin endpoint of one instance; `listeners` are by function name."""

    def __init__(self, *, instance: str, functions: list[Function], calls: Calls, key: str | None) -> None:
        self._instance, self._functions, self._calls, self._key = instance, functions, calls, key
        self._fired: set[asyncio.Task[None]] = set()
        self.listeners: dict[str, TimerListener | QueueListener] = {}
        self.is_draining = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request below /admin/."""
        if self._key is None:
            return _reply(403, error="admin is off: setting TIDEMARK_LOCAL_ADMIN_KEY is not there")
        if not has_key(request, self._key):
            return _reply(401, error="header x-functions-key must carry TIDEMARK_LOCAL_ADMIN_KEY")
        if request.path == _STATUS_PATH:
            return self._status() if request.method == "GET" else _reply(405, error="GET only")
        if request.path.startswith(_FUNCTION_PATH):
            if request.method != "POST":
                return _reply(405, error="POST only")
            return await self._fire(request.path.removeprefix(_FUNCTION_PATH), await request.read())
        return _reply(404, error=f"nothing at {request.path}")

    async def finish(self) -> None:
        """Wait for the calls that were fired here."""
        if self._fired:
            await asyncio.wait(self._fired)

    def _status(self) -> web.Response:
        running = [call.as_json() for call in self._calls.running]
        return _reply(
            200,
            state="Stopping" if self.is_draining else "Running",
            instance=self._instance,
            functions=[function.name for function in self._functions],
            inflight=len(running),
            running=running,
        )

    async def _fire(self, name: str, body: bytes) -> web.Response:
        """Start one call and answer 202 at once; its outcome is in the log."""
        if self.is_draining:
            return _reply(503, error="this instance is stopping")
        listener = self.listeners.get(name)
        if listener is None:
            is_known = any(function.name == name for function in self._functions)
            reason = "is an HTTP function; call its route" if is_known else "is not a function of this app"
            return _reply(400 if is_known else 404, error=f"{name} {reason}")
        try:
            document = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        except msgspec.MsgspecError as error:
            return _reply(400, error=f"the body must be a JSON object: {error}")
        work: Coroutine[Any, Any, None]
        if isinstance(listener, TimerListener):
            work = listener.call_now()
        elif "input" not in document:
            return _reply(400, error="a queue function needs the message text as input")
        else:
            given = document["input"]
            work = listener.call_now(given if isinstance(given, str) else msgspec.json.encode(given).decode())
        task = asyncio.create_task(work)
        self._fired.add(task)
        task.add_done_callback(self._done)
        return web.Response(status=202)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._fired.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("admin call failed", exc_info=error)


def _reply(status: int, **members: object) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(members), content_type="application/json")
