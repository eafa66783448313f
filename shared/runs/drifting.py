"""Watch a tenant for drift: compare every new snapshot with the baseline, keep the items, and tell whoever listens.

The watchdog's timer calls `look` once a minute; all that was done is in one row, so a crash at any line costs a minute.
The comparison's job id is made of its two sides, so it is started once. Items are a file that is written before the
row names it. An alert waits in the row until its channel has taken it: it may be sent twice, with the same id, and is
never lost while the row is.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.compare.drift.alerts import alert_id, teams_body, webhook_body
from shared.compare.drift.judging import Gathering, new_since
from shared.compare.drift.states import Seen, next_state
from shared.domain.drift import Allowance, DriftItem, DriftRule, PendingAlert, Watch
from shared.domain.errors import InputError, NotFoundError, RowConflictError, TenantBusyError, TransientError
from shared.domain.ids import JOB_NAMESPACE, wire_snapshot_id
from shared.domain.jobs import Job, SnapshotSummary, State
from shared.domain.scope import EVERYTHING
from shared.formats.digests import sha256
from shared.formats.records import decode_records, encode_records
from shared.formats.watches import DRIFT_ITEMS, WATCH_KEY, watch_of, watch_values
from shared.jobs.states import ENDS
from shared.ports import CREATE, Alerts, Blobs, Clock, Put, Rows
from shared.runs.ledger import Ledger
from shared.runs.showing import Showing
from shared.runs.snapshots import Snapshots
from shared.runs.starting import Starting

log = logging.getLogger(__name__)

REQUESTED_BY = "drift"
ATTEMPTS_MAX = 24  # with the waits below: a receiver may be away for about a day
WAIT_MINUTES_MAX = 60
WEBHOOK, TEAMS = "webhook", "teams"
RACES_MAX = 20


class Drifting:
    """The watch over one deployment's tenants."""

    def __init__(
        self,
        rows: Rows,
        work: Blobs,
        snapshots: Snapshots,
        ledger: Ledger,
        starting: Starting,
        showing: Showing,
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        self._rows, self._work, self._snapshots, self._ledger = rows, work, snapshots, ledger
        self._starting, self._showing, self._alerts, self._clock = starting, showing, alerts, clock

    async def watch(self, tenant: str) -> Watch:
        """Return what the tenant's drift is judged by, and where that stands."""
        return (await self._read(tenant))[0]

    async def set(
        self, tenant: str, *, is_on: bool, baseline: str, rules: Sequence[DriftRule], allowed: Sequence[Allowance]
    ) -> Watch:
        """Change what drift is judged by; the newest snapshot is judged anew. Raises NotFoundError, InputError."""
        if len({rule.name for rule in rules}) != len(rules):
            raise InputError("two rules have one name", member="rules")
        if baseline:
            await self._snapshots.named(tenant, baseline)
        wanted = {"is_on": is_on, "baseline": baseline, "rules": tuple(rules), "allowed": tuple(allowed)}
        return await self._change(tenant, lambda watch: msgspec.structs.replace(watch, compared="", error="", **wanted))

    async def items(self, tenant: str) -> list[DriftItem]:
        """Return every item that is kept, by id."""
        return await self._items(await self.watch(tenant))

    async def decide(self, tenant: str, item_id: str, decision: Seen, *, by: str, note: str) -> DriftItem:
        """Accept or deny one item. Raises NotFoundError, or InputError for one that is resolved."""
        for _race in range(RACES_MAX):
            watch, etag = await self._read(tenant)
            items = {item.item_id: item for item in await self._items(watch)}
            if item_id not in items:
                raise NotFoundError("drift item", item_id[:80])
            state = next_state(items[item_id].state, decision)
            decided = {"decided_by": by, "decided_at": self._clock.now().replace(microsecond=0), "note": note}
            items[item_id] = msgspec.structs.replace(items[item_id], state=state, **decided)
            named = await self._stored(tenant, list(items.values()))
            if await self._write(tenant, msgspec.structs.replace(watch, **named), etag):
                return items[item_id]
        raise TransientError("the items were changed by others each time")

    async def look(self, tenant: str) -> str:
        """Do what is due now; return what that was."""
        watch, etag = await self._read(tenant)
        if watch.pending:
            watch, etag = await self._sent(tenant, watch, etag)
        if not watch.is_on:
            return "off"
        newest, baseline = await self._sides(tenant, watch)
        if newest is None or newest.snapshot_id == watch.compared:
            return "nothing to do"
        if baseline is None or baseline.snapshot_id == newest.snapshot_id:
            await self._write(tenant, msgspec.structs.replace(watch, compared=newest.snapshot_id), etag)
            return "nothing to compare with"
        job = await self._job(tenant, baseline, newest)
        if job.state not in ENDS:
            return "comparing"
        done = {"compared": newest.snapshot_id, "compared_with": baseline.snapshot_id, "error": job.error}
        if job.state is State.SUCCESSFUL:
            return await self._judge(tenant, job, msgspec.structs.replace(watch, **done), etag)
        log.error("drift not judged", extra={"tenant": tenant, "job_id": job.job_id, "reason": job.error or job.state})
        failed = {**done, "error": job.error or f"the comparison is {job.state}"}
        await self._write(tenant, msgspec.structs.replace(watch, **failed), etag)
        return "failed"

    async def _sides(self, tenant: str, watch: Watch) -> tuple[SnapshotSummary | None, SnapshotSummary | None]:
        listed = await self._snapshots.listed(tenant)
        newest = listed[0] if listed else None
        if watch.baseline:
            return newest, next((known for known in listed if known.snapshot_id == watch.baseline), None)
        return newest, listed[1] if len(listed) > 1 else None

    async def _job(self, tenant: str, baseline: SnapshotSummary, newest: SnapshotSummary) -> Job:
        """Return the comparison of the two snapshots, started now when there is none."""
        job_id = str(uuid.uuid5(JOB_NAMESPACE, f"{tenant}|drift|{baseline.snapshot_id}|{newest.snapshot_id}"))
        try:
            return await self._ledger.job(tenant, job_id)
        except NotFoundError:
            pass
        try:
            return await self._starting.report(
                tenant,
                wire_snapshot_id(baseline.snapshot_id),
                EVERYTHING,
                requested_by=REQUESTED_BY,
                against=newest.snapshot_id,
                job_id=job_id,
            )
        except TenantBusyError:  # another instance started it first
            return await self._ledger.job(tenant, job_id)

    async def _judge(self, tenant: str, job: Job, watch: Watch, etag: str) -> str:
        gathering = Gathering(watch.rules, watch.allowed, self._clock.now().replace(microsecond=0))
        async for row in self._showing.rows(tenant, job.job_id):
            gathering.add(row)
        known = await self._items(watch)
        items = gathering.items(known)
        fresh = new_since(items, {item.item_id: item for item in known})
        named = await self._stored(tenant, items)
        pending = await self._announced(tenant, watch, fresh) if fresh else ()
        judged = msgspec.structs.replace(watch, pending=(*watch.pending, *pending), **named)
        if not await self._write(tenant, judged, etag):
            return "changed meanwhile"
        facts = {"tenant": tenant, "job_id": job.job_id, "new_items": len(fresh)}
        log.warning("drift found", extra=facts) if fresh else log.info("no new drift", extra=facts)
        return "judged"

    async def _announced(self, tenant: str, watch: Watch, fresh: list[DriftItem]) -> list[PendingAlert]:
        """Store what each channel is to be sent; return the alerts that wait for it."""
        identity = alert_id(tenant, watch.compared, fresh)
        sides = (tenant, watch.compared_with, watch.compared)
        contents = {WEBHOOK: webhook_body(identity, *sides, fresh), TEAMS: teams_body(*sides, fresh)}
        waiting = []
        for channel in self._alerts.channels():
            content = contents[channel]
            name = f"{tenant}/drift/{identity}-{channel}-{sha256(content)[:8]}.json"
            await self._work.create(name, content)
            waiting.append(PendingAlert(alert_id=identity, channel=channel, name=name, not_before=self._clock.now()))
        return waiting

    async def _sent(self, tenant: str, watch: Watch, etag: str) -> tuple[Watch, str]:
        """Send the alerts that are due; what was taken leaves the row, what was not waits longer each time."""
        left: list[PendingAlert] = []
        for alert in watch.pending:
            if alert.not_before > self._clock.now():
                left.append(alert)
                continue
            try:
                await self._alerts.send(alert.channel, alert.alert_id, await self._work.read(alert.name))
            except TransientError as error:
                facts = {"alert_id": alert.alert_id, "channel": alert.channel, "reason": str(error)}
                if alert.attempts + 1 >= ATTEMPTS_MAX:
                    log.error("alert given up", extra=facts)
                    continue
                log.warning("alert not taken", extra=facts)
                left.append(_later(alert, self._clock.now()))
        sent = msgspec.structs.replace(watch, pending=tuple(left))
        if sent != watch:
            await self._write(tenant, sent, etag)
        return await self._read(tenant)

    async def _items(self, watch: Watch) -> list[DriftItem]:
        if not watch.items:
            return []
        name, digest = watch.items["name"], watch.items["sha256"]
        return decode_records(await self._work.read(name), DriftItem, DRIFT_ITEMS, name=name, expected=digest)

    async def _stored(self, tenant: str, items: list[DriftItem]) -> dict[str, dict[str, str] | dict[str, int]]:
        """Write the file of all items; return what the row says of it."""
        content, digest = encode_records(DRIFT_ITEMS, items)
        name = f"{tenant}/drift/items-{digest[:32]}.ndz"
        await self._work.create(name, content)
        counts: dict[str, int] = {}
        for item in items:
            counts[item.state] = counts.get(item.state, 0) + 1
        return {"items": {"name": name, "sha256": digest}, "counts": counts}

    async def _change(self, tenant: str, change: Callable[[Watch], Watch]) -> Watch:
        for _race in range(RACES_MAX):
            watch, etag = await self._read(tenant)
            if await self._write(tenant, changed := change(watch), etag):
                return changed
        raise TransientError("the rules were changed by others each time")

    async def _read(self, tenant: str) -> tuple[Watch, str]:
        row = await self._rows.read(tenant, WATCH_KEY)
        return (watch_of(row.values, key=row.key), row.etag) if row else (Watch(), CREATE)

    async def _write(self, tenant: str, watch: Watch, etag: str) -> bool:
        """Store the row unless somebody else changed it; tell whether it was stored."""
        try:
            await self._rows.write(tenant, [Put(WATCH_KEY, watch_values(watch), etag)])
        except RowConflictError:
            return False
        return True


def _later(alert: PendingAlert, now: datetime) -> PendingAlert:
    wait = timedelta(minutes=min(2**alert.attempts, WAIT_MINUTES_MAX))
    return msgspec.structs.replace(alert, attempts=alert.attempts + 1, not_before=now + wait)
