"""Run the genuine Python worker library beside the host: one app, one event loop of its own.

In Azure host and worker are two processes, so a function that keeps the worker's event loop busy delays neither lock
renewal nor HTTP. Here the worker has its own thread and loop, which keeps that true. Functions of the app share that
loop, as they do in Azure. An app is loaded once; a process never serves two.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import azure_functions_runtime as runtime

from local.host import worker_messages
from local.host.errors import CannotStartError
from local.host.worker_messages import ParameterBinding, RpcException, RpcFunctionMetadata, StatusResult, TypedData

_Answer = TypeVar("_Answer")
_SCRIPT = "function_app.py"
# The library appends its whole search path to an import error; a person needs the part before.
_IMPORT_ADVICE = ". Cannot find module."


@dataclass(frozen=True)
class Call:
    """One call of a function, as the host sends it."""

    function_id: str
    invocation_id: str
    parameter: str
    value: TypedData
    trigger_metadata: Mapping[str, TypedData]
    trace_parent: str


@dataclass(frozen=True)
class CallResult:
    """How a call ended; `error` is None when it succeeded."""

    return_value: TypedData | None
    error: RpcException | None


class Worker:
    """The worker library with one app in it."""

    def __init__(self, app_root: Path) -> None:
        self._app_root = app_root
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)

    def start(self) -> None:
        """Start the worker's event loop."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """False once something like SystemExit has ended the worker's loop; in Azure its process would be gone."""
        return self._thread.is_alive()

    async def load(self) -> list[RpcFunctionMetadata]:
        """Index the app; CannotStartError says in one line what keeps it from loading."""
        if not (self._app_root / _SCRIPT).is_file():
            raise CannotStartError(f"no {_SCRIPT} in {self._app_root}")
        return await self._on_worker_loop(self._load())

    async def call(self, call: Call) -> CallResult:
        """Call a function and return how it ended; an exception in it is a result, not raised here."""
        return await self._on_worker_loop(self._call(call))

    async def _on_worker_loop(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _load(self) -> list[RpcFunctionMetadata]:
        self._give_search_path()
        runtime.start_threadpool_executor()
        request = SimpleNamespace(capabilities={}, function_app_directory=str(self._app_root))
        answer = await runtime.worker_init_request(_envelope(worker_init_request=request))
        self._check(answer.result)
        if "HttpUri" in answer.capabilities:
            raise CannotStartError("the app uses HTTP streams, which the local host does not have")
        indexed = await runtime.functions_metadata_request(_envelope(functions_metadata_request=SimpleNamespace()))
        functions: list[RpcFunctionMetadata] = indexed.function_metadata_results or []
        for function in functions:
            load = SimpleNamespace(function_id=function.function_id)
            self._check((await runtime.function_load_request(_envelope(function_load_request=load))).result)
        return functions

    def _give_search_path(self) -> None:
        """Put the app's folder where the host's was, so that the app sees its own modules, as when deployed."""
        if sys.path and Path(sys.path[0] or ".").resolve() == Path.cwd():
            del sys.path[0]
        sys.path.insert(0, str(self._app_root))
        os.chdir(self._app_root)

    def _check(self, result: StatusResult) -> None:
        if result.status == StatusResult.Success:
            return
        error = result.exception or RpcException("the worker gave no reason")
        reason = error.message.partition(_IMPORT_ADVICE)[0].strip().replace("\n", " ")
        raise CannotStartError(f"{reason}{_place(error.stack_trace, self._app_root)}")

    async def _call(self, call: Call) -> CallResult:
        request = SimpleNamespace(
            invocation_id=call.invocation_id,
            function_id=call.function_id,
            input_data=[ParameterBinding(name=call.parameter, data=call.value)],
            trigger_metadata=call.trigger_metadata,
            trace_context=SimpleNamespace(trace_parent=call.trace_parent, trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        # The library sets this for functions in threads only; set here, log lines of async functions carry it too.
        runtime.invocation_id_cv.set(call.invocation_id)
        try:
            answer = await runtime.invocation_request(_envelope(invocation_request=request))
        except asyncio.CancelledError as error:
            # The function cancelled itself. Nobody else cancels calls, so it is that function's failure.
            return CallResult(None, RpcException(f"CancelledError: {error}"))
        if answer.result.status == StatusResult.Success:
            return CallResult(answer.return_value, None)
        return CallResult(None, answer.result.exception or RpcException("the worker gave no reason"))


def _envelope(**request: Any) -> Any:
    """Return a request as the worker process would hand it to the library."""
    properties = {"host": "127.0.0.1", "protos": worker_messages}
    return SimpleNamespace(request=SimpleNamespace(**request), properties=properties)


def _place(stack_trace: str, app_root: Path) -> str:
    """Return ` (file:line)` of the innermost line of the app in a stack trace, or nothing."""
    for line in reversed(stack_trace.splitlines()):
        path, _, rest = line.strip().removeprefix('File "').partition('", line ')
        if rest and Path(path).is_relative_to(app_root):
            return f" ({Path(path).relative_to(app_root)}:{rest.partition(',')[0]})"
    return ""
