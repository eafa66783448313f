"""Listen to one Storage queue: fetch, keep hidden while the function runs, then delete, release or set aside.

At least once: a crash at any line leaves the message hidden until its lease ends, then any instance gets it again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import datetime

import msgspec
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host import queue_policy
from local.host.calls import Calls
from local.host.functions import Function, QueueTrigger
from local.host.message_lease import MessageLease, first_line, is_taken
from local.host.queue_policy import Verdict
from local.host.settings import QueueOptions
from local.host.worker_messages import TypedData

_STORAGE_FAILED_WAIT_SECONDS = 1.0

log = logging.getLogger("local.host")


class QueueListener:
    """One queue function of this instance."""

    def __init__(
        self,
        function: Function,
        *,
        queue: QueueClient,
        poison_queue: QueueClient | None,
        calls: Calls,
        options: QueueOptions,
        lease_seconds: int,
    ) -> None:
        assert isinstance(function.trigger, QueueTrigger), "a queue listener listens to a queue"
        self.function, self._trigger = function, function.trigger
        self._queue, self._poison_queue, self._calls = queue, poison_queue, calls
        self._options, self._lease_seconds = options, lease_seconds
        self._stopping = False
        self._woken = asyncio.Event()
        self._in_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Listen until `stop`, then wait for the calls going on."""
        wait_seconds = 0.0
        while not self._stopping:
            self._woken.clear()
            wanted = queue_policy.messages_wanted(len(self._in_work), self._options)
            if not wanted:
                await self._woken.wait()
                continue
            try:
                found = await self._fetch(wanted)
            except AzureError as error:
                log.warning("queue storage failed", extra={**self._facts, "error": first_line(error)})
                await self._rest(_STORAGE_FAILED_WAIT_SECONDS)
                continue
            wait_seconds = queue_policy.next_wait_seconds(wait_seconds, found=found > 0, options=self._options)
            if not found:
                await self._rest(wait_seconds)
        if self._in_work:
            await asyncio.wait(self._in_work)

    def stop(self) -> None:
        """Fetch nothing more."""
        self._stopping = True
        self._woken.set()

    async def call_now(self, text: str) -> None:
        """Call the function with a text that comes from no queue, as the admin endpoint asks."""
        metadata = {"Id": TypedData(string="admin"), "DequeueCount": TypedData(json="1")}
        await self._calls.run(self.function, self._value(text.encode()), metadata=metadata)

    async def _fetch(self, wanted: int) -> int:
        """Start work on up to `wanted` messages; return how many came. One request, so that none waits unstarted."""
        pages = self._queue.receive_messages(
            messages_per_page=wanted, max_messages=wanted, visibility_timeout=self._lease_seconds
        ).by_page()
        count = 0
        async for page in pages:
            async for message in page:
                task = asyncio.create_task(self._work_on(message))
                self._in_work.add(task)
                task.add_done_callback(self._done)
                count += 1
            break
        return count

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_work.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("message work failed", extra=self._facts, exc_info=error)

    async def _work_on(self, message: QueueMessage) -> None:
        facts = {**self._facts, "message_id": message.id, "dequeue_count": message.dequeue_count or 1}
        lease = MessageLease(self._queue, message, seconds=self._lease_seconds, facts=facts)
        try:
            verdict = await self._call(lease, message, facts)
            if lease.is_ours:
                await self._settle(lease, message, verdict, facts)
        except AzureError as error:
            if is_taken(error):
                log.warning("message taken by another", extra=facts)
            else:  # The message comes back when its lease ends; at least once is what a queue promises.
                log.warning("message not settled", extra={**facts, "error": first_line(error)})

    async def _call(self, lease: MessageLease, message: QueueMessage, facts: Mapping[str, object]) -> Verdict:
        """Call the function, unless the message is past that; return what is to be done with the message."""
        count, has_poison_queue = message.dequeue_count or 1, self._poison_queue is not None
        verdict = queue_policy.before_call(count, self._options, has_poison_queue=has_poison_queue)
        if verdict is not Verdict.CALL:
            return verdict
        try:
            body = queue_policy.message_bytes(message.content, self._options)
        except ValueError as error:
            log.error("message unreadable", extra={**facts, "error": str(error)})
            return queue_policy.set_aside(has_poison_queue=has_poison_queue)
        async with lease.kept():
            result = await self._calls.run(self.function, self._value(body), metadata=_metadata(message), facts=facts)
        return queue_policy.after_call(
            count, self._options, succeeded=result.error is None, has_poison_queue=has_poison_queue
        )

    async def _settle(
        self, lease: MessageLease, message: QueueMessage, verdict: Verdict, facts: Mapping[str, object]
    ) -> None:
        if verdict is Verdict.DELETE:
            await lease.delete()
        elif verdict is Verdict.RELEASE:
            await lease.release(self._options.visibility_seconds)
        elif verdict is Verdict.POISON:
            assert self._poison_queue is not None, "the policy knows whether there is a poison queue"
            # Copied first: a crash in between leaves the message twice rather than nowhere.
            await self._poison_queue.send_message(message.content)
            log.error("message poisoned", extra={**facts, "poison_queue": self._poison_queue.queue_name})
            await lease.delete()
        else:
            log.error("message left hidden", extra=facts)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _value(self, body: bytes) -> TypedData:
        """Return the call's input; like the real host, text unless the binding says dataType binary."""
        return TypedData(bytes=body) if self._trigger.is_binary else TypedData(string=body.decode(errors="replace"))

    @property
    def _facts(self) -> dict[str, object]:
        return {"queue": self._trigger.queue_name}


def _metadata(message: QueueMessage) -> dict[str, TypedData]:
    """Return the trigger metadata of "Azure Queue storage trigger for Azure Functions", Message metadata."""
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "QueueTrigger": TypedData(string=message.content),
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "DequeueCount": TypedData(json=str(message.dequeue_count or 1)),
        **{name: TypedData(json=_json_time(moment)) for name, moment in times.items() if moment is not None},
    }


def _json_time(moment: datetime) -> str:
    return msgspec.json.encode(moment.isoformat()).decode()
