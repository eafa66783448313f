"""Watch a tenant for drift: compare every new snapshot with the baseline, keep the items, and tell whoever listens.

The watchdog's timer calls `look` once a minute; all that was done is in one row (drift_store.py), so a crash at any
line costs a minute. The comparison's job id is made of its two sides, so it is started once. announcing.py tells of
what is new.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

import msgspec

from shared.compare.drift.judging import Gathering, new_since
from shared.compare.drift.states import Seen, next_state
from shared.domain.drift import Allowance, DriftItem, DriftRule, Watch
from shared.domain.errors import InputError, NotFoundError, TenantBusyError, TransientError
from shared.domain.ids import JOB_NAMESPACE, wire_snapshot_id
from shared.domain.jobs import Job, SnapshotSummary, State
from shared.domain.scope import EVERYTHING
from shared.jobs.states import ENDS
from shared.ports import Alerts, Blobs, Clock, Rows
from shared.runs.announcing import Announcing
from shared.runs.drift_store import RACES_MAX, DriftStore
from shared.runs.ledger import Ledger
from shared.runs.showing import Showing
from shared.runs.snapshots import Snapshots
from shared.runs.starting import Starting

log = logging.getLogger(__name__)

REQUESTED_BY = "drift"


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
        self._snapshots, self._ledger, self._starting = snapshots, ledger, starting
        self._showing, self._clock = showing, clock
        self._store, self._announcing = DriftStore(rows, work), Announcing(work, alerts, clock)

    async def watch(self, tenant: str) -> Watch:
        """Return what the tenant's drift is judged by, and where that stands."""
        return (await self._store.read(tenant))[0]

    async def set(
        self, tenant: str, *, is_on: bool, baseline: str, rules: Sequence[DriftRule], allowed: Sequence[Allowance]
    ) -> Watch:
        """Change what drift is judged by; the newest snapshot is judged anew. Raises NotFoundError, InputError."""
        if len({rule.name for rule in rules}) != len(rules):
            raise InputError("two rules have one name", member="rules")
        if baseline:
            await self._snapshots.named(tenant, baseline)
        wanted = {"is_on": is_on, "baseline": baseline, "rules": tuple(rules), "allowed": tuple(allowed)}
        return await self._store.change(
            tenant, lambda watch: msgspec.structs.replace(watch, compared="", error="", **wanted)
        )

    async def items(self, tenant: str) -> list[DriftItem]:
        """Return every item that is kept, by id."""
        return await self._store.items(await self.watch(tenant))

    async def decide(self, tenant: str, item_id: str, decision: Seen, *, by: str, note: str) -> DriftItem:
        """Accept or deny one item. Raises NotFoundError, or InputError for one that is resolved."""
        for _race in range(RACES_MAX):
            watch, etag = await self._store.read(tenant)
            items = {item.item_id: item for item in await self._store.items(watch)}
            if item_id not in items:
                raise NotFoundError("drift item", item_id[:80])
            state = next_state(items[item_id].state, decision)
            decided = {"decided_by": by, "decided_at": self._clock.now().replace(microsecond=0), "note": note}
            items[item_id] = msgspec.structs.replace(items[item_id], state=state, **decided)
            named = await self._store.stored(tenant, list(items.values()))
            if await self._store.write(tenant, msgspec.structs.replace(watch, **named), etag):
                return items[item_id]
        raise TransientError("the items were changed by others each time")

    async def look(self, tenant: str) -> str:
        """Do what is due now; return what that was."""
        watch, etag = await self._store.read(tenant)
        if watch.pending:
            watch, etag = await self._sent(tenant, watch, etag)
        if not watch.is_on:
            return "off"
        newest, baseline = await self._sides(tenant, watch)
        if newest is None or newest.snapshot_id == watch.compared:
            return "nothing to do"
        if baseline is None or baseline.snapshot_id == newest.snapshot_id:
            await self._store.write(tenant, msgspec.structs.replace(watch, compared=newest.snapshot_id), etag)
            return "nothing to compare with"
        job = await self._job(tenant, baseline, newest)
        if job.state not in ENDS:
            return "comparing"
        done = {"compared": newest.snapshot_id, "compared_with": baseline.snapshot_id, "error": job.error}
        if job.state is State.SUCCESSFUL:
            return await self._judge(tenant, job, msgspec.structs.replace(watch, **done), etag)
        log.error("drift not judged", extra={"tenant": tenant, "job_id": job.job_id, "reason": job.error or job.state})
        failed = {**done, "error": job.error or f"the comparison is {job.state}"}
        await self._store.write(tenant, msgspec.structs.replace(watch, **failed), etag)
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
        known = await self._store.items(watch)
        items = gathering.items(known)
        fresh = new_since(items, {item.item_id: item for item in known})
        named = await self._store.stored(tenant, items)
        pending = await self._announcing.announced(tenant, watch, fresh) if fresh else ()
        judged = msgspec.structs.replace(watch, pending=(*watch.pending, *pending), **named)
        if not await self._store.write(tenant, judged, etag):
            return "changed meanwhile"
        facts = {"tenant": tenant, "job_id": job.job_id, "new_items": len(fresh)}
        log.warning("drift found", extra=facts) if fresh else log.info("no new drift", extra=facts)
        return "judged"

    async def _sent(self, tenant: str, watch: Watch, etag: str) -> tuple[Watch, str]:
        """Send the alerts that are due; return the row, which those that were taken have left."""
        sent = msgspec.structs.replace(watch, pending=await self._announcing.sent(watch.pending))
        if sent != watch:
            await self._store.write(tenant, sent, etag)
        return await self._store.read(tenant)
