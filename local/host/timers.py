"""Listen to one timer: hold its lease, wait for the next occurrence, call, store the status.

Every instance of an app runs this for every timer; the lease lets one of them through. A crash at any line leaves the
lease to end by itself and the status blob with the occurrence that was due, so the next holder makes up for it with
one past-due call: a monitored occurrence is never lost, but may be called twice.
"""

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob.aio import BlobClient

from local.host.calls import Calls
from local.host.functions import Function, TimerTrigger
from local.host.storage import BlobLease
from local.host.timer_status import NEVER, TimerStatus, after_call, at_start, timer_value
from local.host.worker_messages import TypedData

_TAKE_LEASE_EVERY_SECONDS = 2.0
_RENEWALS_PER_LEASE = 3
_RENEW_AGAIN_SECONDS = 1.0
_NAP_SECONDS_MAX = 30.0  # the wall clock may be set while we sleep

log = logging.getLogger("local.host")


class TimerListener:
    """One timer function of this instance."""

    def __init__(self, function: Function, *, lease: BlobLease, status_blob: BlobClient, calls: Calls) -> None:
        assert isinstance(function.trigger, TimerTrigger), "a timer listener listens to a timer"
        self.function, self._trigger = function, function.trigger
        self._lease, self._status_blob, self._calls = lease, status_blob, calls
        self._stopping = asyncio.Event()
        self._must_rest = asyncio.Event()  # stopping, or the lease is lost

    async def run(self) -> None:
        """Listen until `stop`; a storage account that fails is asked again, the schedule never ends by an error."""
        while not self._stopping.is_set():
            try:
                if await self._lease.try_take():
                    log.info("timer lease taken", extra={"function": self.function.name})
                    await self._hold()
            except AzureError as error:
                log.warning("timer storage failed", extra={"function": self.function.name, "error": str(error)})
            await _wait(self._stopping, _TAKE_LEASE_EVERY_SECONDS)

    def stop(self) -> None:
        """Take no further occurrence; `run` returns when the call going on, if any, has ended."""
        self._stopping.set()
        self._must_rest.set()

    async def call_now(self) -> None:
        """Call the function out of turn, as the admin endpoint asks; the schedule stays as it is."""
        status = await self._stored() if self._trigger.is_monitored else None
        await self._calls.run(self.function, TypedData(json=timer_value(status, is_past_due=False)))

    async def _hold(self) -> None:
        """Fire while the lease is ours, then give it back."""
        self._must_rest.clear()
        if self._stopping.is_set():
            self._must_rest.set()
        renewing = asyncio.create_task(self._keep_lease())
        try:
            await self._follow_schedule()
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing
            with contextlib.suppress(AzureError):  # an unreleased lease ends by itself
                await self._lease.release()
            log.info("timer lease released", extra={"function": self.function.name})

    async def _follow_schedule(self) -> None:
        stored = await self._stored() if self._trigger.is_monitored else None
        start = at_start(stored, self._trigger.schedule, _now())
        status, is_past_due = start.status, start.is_past_due
        if start.must_store:
            await self._store(status)
        while await self._wait_until(status.next):
            called_at = _now()
            shown = status if self._trigger.is_monitored else None
            value = TypedData(json=timer_value(shown, is_past_due=is_past_due))
            await self._calls.run(self.function, value, facts={"is_past_due": is_past_due})
            status, is_past_due = after_call(status, self._trigger.schedule, called_at), False
            if self._must_rest.is_set() and not self._stopping.is_set():
                return  # the lease was lost during the call: the status belongs to another holder now
            await self._store(status)

    async def _wait_until(self, moment: datetime) -> bool:
        """Return true at `moment`, false as soon as this listener has to rest."""
        while not self._must_rest.is_set():
            seconds = (moment - _now()).total_seconds()
            if seconds <= 0:
                return True
            await _wait(self._must_rest, min(seconds, _NAP_SECONDS_MAX))
        return False

    async def _keep_lease(self) -> None:
        """Renew until cancelled; rest as soon as the lease is somebody else's, or might be before the next look."""
        period = self._lease.seconds / _RENEWALS_PER_LEASE
        renewed_at, pause = time.monotonic(), period
        is_ours = True
        while is_ours:
            await asyncio.sleep(pause)
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(period):
                    is_ours = await self._lease.renew()
                renewed_at, pause = asked_at, period
            except (AzureError, TimeoutError):
                is_ours = time.monotonic() - renewed_at < self._lease.seconds - period
                pause = _RENEW_AGAIN_SECONDS
        log.warning("timer lease lost", extra={"function": self.function.name})
        self._must_rest.set()

    async def _stored(self) -> TimerStatus | None:
        try:
            downloaded = await self._status_blob.download_blob()
            return TimerStatus.from_bytes(await downloaded.readall())
        except ResourceNotFoundError:
            return None

    async def _store(self, status: TimerStatus) -> None:
        facts = {"function": self.function.name, "next_at": status.next.isoformat()}
        if status.last > NEVER:
            facts["last_at"] = status.last.isoformat()
        log.debug("timer scheduled", extra=facts)
        if self._trigger.is_monitored:
            await self._status_blob.upload_blob(status.to_bytes(), overwrite=True)


def _now() -> datetime:
    return datetime.now(UTC)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than `seconds`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
