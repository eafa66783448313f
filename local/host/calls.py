"""Call functions on behalf of every listener, and know which calls are running.

A call that outlasts `functionTimeout` ends the whole process, as the real host kills its worker: other calls in it die
too ("host.json reference", functionTimeout). No listener calls a function any other way.
"""

import asyncio
import logging
import os
import secrets
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from local.host.functions import Function
from local.host.worker import Call, CallResult, Worker
from local.host.worker_messages import TypedData

EXIT_FUNCTION_TIMEOUT = 70
_WORKER_WATCH_SECONDS = 0.5

log = logging.getLogger("local.host")


@dataclass(frozen=True)
class RunningCall:
    """A call that has begun; `started_at` is on the monotonic clock, `facts` say what caused it."""

    function: str
    invocation_id: str
    started_at: float
    facts: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        """Return what logs and the status page say about it."""
        seconds = round(time.monotonic() - self.started_at, 3)
        return {"function": self.function, "invocation_id": self.invocation_id, "seconds": seconds, **self.facts}


class Calls:
    """The only way to call a function."""

    def __init__(self, worker: Worker, *, timeout_seconds: float | None) -> None:
        self._worker = worker
        self._timeout_seconds = timeout_seconds
        self._running: dict[str, RunningCall] = {}

    @property
    def running(self) -> list[RunningCall]:
        """The calls going on, oldest first."""
        return list(self._running.values())

    async def run(
        self,
        function: Function,
        value: TypedData,
        *,
        metadata: Mapping[str, TypedData] | None = None,
        facts: Mapping[str, object] | None = None,
        trace_parent: str | None = None,
    ) -> CallResult:
        """Call `function` once and return how it ended; beginning and end are logged, with `facts`."""
        running = RunningCall(function.name, str(uuid.uuid4()), time.monotonic(), facts or {})
        call = Call(
            function_id=function.function_id,
            invocation_id=running.invocation_id,
            parameter=function.parameter,
            value=value,
            trigger_metadata=metadata or {},
            trace_parent=trace_parent or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        )
        self._running[running.invocation_id] = running
        log.info("function started", extra=running.as_json())
        watch = asyncio.create_task(self._watch(running))
        try:
            result = await self._worker.call(call)
        finally:
            watch.cancel()
            del self._running[running.invocation_id]
        if result.error is None:
            log.info("function finished", extra=running.as_json())
        else:
            error = {"error": result.error.message, "stack_trace": result.error.stack_trace}
            log.error("function failed", extra={**running.as_json(), **error})
        return result

    async def _watch(self, call: RunningCall) -> None:
        """End the process when the call takes too long, or when the worker's loop is gone and cannot answer."""
        while True:
            await asyncio.sleep(_WORKER_WATCH_SECONDS)
            if not self._worker.is_alive:
                log.critical("worker ended", extra=call.as_json())
                end_process(EXIT_FUNCTION_TIMEOUT)
            if self._timeout_seconds is not None and time.monotonic() - call.started_at > self._timeout_seconds:
                log.critical("function timed out", extra={**call.as_json(), "timeout_seconds": self._timeout_seconds})
                end_process(EXIT_FUNCTION_TIMEOUT)


def end_process(status: int) -> None:
    """End at once, whatever the app's threads are doing; log lines are written, nothing else is tidied."""
    sys.stdout.flush()
    logging.shutdown()
    os._exit(status)
