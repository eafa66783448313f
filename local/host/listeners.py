"""Make, start and stop the timer and queue listeners of one instance, and own their storage connections."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

from local.host.calls import Calls, end_process
from local.host.functions import Function, QueueTrigger, TimerTrigger
from local.host.queue_policy import poison_queue_of
from local.host.queues import QueueListener
from local.host.settings import HostOptions
from local.host.storage import Account, BlobLease, connection_string
from local.host.timers import TimerListener

_HOST_CONNECTION = "AzureWebJobsStorage"
_HOST_ID_LENGTH = 32

log = logging.getLogger("local.host")


class Listeners:
    """The timer and queue listeners of an instance, and the storage they use."""

    def __init__(self, *, app_root: Path, settings: Mapping[str, str], options: HostOptions, calls: Calls) -> None:
        self._app_root, self._settings, self._options = app_root, settings, options
        self._calls = calls
        self._accounts: dict[str, Account] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.by_name: dict[str, TimerListener | QueueListener] = {}

    async def prepare(self, functions: list[Function]) -> None:
        """Make a listener for every function that needs one; CannotStartError when its storage does not answer."""
        for function in functions:
            if isinstance(function.trigger, TimerTrigger):
                self.by_name[function.name] = await self._timer(function)
            elif isinstance(function.trigger, QueueTrigger):
                self.by_name[function.name] = await self._queue(function, function.trigger)

    def start(self, functions: list[Function]) -> None:
        """Start the listeners of functions that are not disabled."""
        for function in functions:
            listener = self.by_name.get(function.name)
            if listener is not None and not function.is_disabled:
                task = asyncio.create_task(listener.run(), name=f"listener of {function.name}")
                task.add_done_callback(_ended)
                self._tasks.append(task)

    async def stop(self) -> None:
        """Take nothing more, wait for the calls going on."""
        for listener in self.by_name.values():
            listener.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Close the connections to storage."""
        for account in self._accounts.values():
            await account.close()

    def _account(self, connection: str) -> Account:
        if connection not in self._accounts:
            text = connection_string(connection, self._settings)
            self._accounts[connection] = Account(connection, text)
        return self._accounts[connection]

    async def _timer(self, function: Function) -> TimerListener:
        account = self._account(_HOST_CONNECTION)
        host_id = self._options.host_id or _default_host_id(self._app_root)
        lease_blob = await account.host_blob(f"locks/{host_id}/Host.Functions.{function.name}.Listener")
        status_blob = await account.host_blob(f"timers/{host_id}/Host.Functions.{function.name}/status")
        lease = BlobLease(lease_blob, self._options.timer_lease_seconds)
        return TimerListener(function, lease=lease, status_blob=status_blob, calls=self._calls)

    async def _queue(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        account = self._account(trigger.connection)
        poison_queue_name = poison_queue_of(trigger.queue_name)
        return QueueListener(
            function,
            queue=await account.queue(trigger.queue_name),
            poison_queue=await account.queue(poison_queue_name) if poison_queue_name else None,
            calls=self._calls,
            options=self._options.queues,
            lease_seconds=self._options.message_lease_seconds,
        )


def _default_host_id(app_root: Path) -> str:
    """Return an id all instances of one app folder share; the real host derives it from the site's name."""
    return hashlib.sha256(str(app_root).encode()).hexdigest()[:_HOST_ID_LENGTH]


def _ended(task: asyncio.Task[None]) -> None:
    """A listener that ends by an error is our own mistake: the process ends too, rather than sleep on."""
    with contextlib.suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None:
            log.critical("listener failed", extra={"task": task.get_name()}, exc_info=error)
            end_process(1)
