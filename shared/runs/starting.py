"""Start, cancel and look at jobs: what the HTTP API and the timer call.

Starting is one table transaction and one message. A crash between them costs a minute: the watchdog sends the message.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.compare.sides import comparable
from shared.domain.errors import InputError, TenantBusyError
from shared.domain.ids import SNAPSHOT_ID, capture_job_id, snapshot_id
from shared.domain.jobs import Batch, Job, Kind, Options, SnapshotSummary, State, Step
from shared.domain.scope import Scope
from shared.jobs.states import ENDS
from shared.ports import Clock, Ids
from shared.runs.ledger import Ledger
from shared.runs.snapshots import Snapshots
from shared.runs.worker import Worker


class Starting:
    """Creates jobs of one deployment."""

    def __init__(self, ledger: Ledger, worker: Worker, snapshots: Snapshots, clock: Clock, ids: Ids) -> None:
        self._ledger, self._worker, self._snapshots = ledger, worker, snapshots
        self._clock, self._ids = clock, ids

    async def capture(self, tenant: str, scheduled_at: datetime, *, requested_by: str = "timer") -> Job | None:
        """Start the capture that was scheduled for `scheduled_at`; None when it exists or another job has the tenant.

        The job's id is derived from tenant and time, so a timer that fires twice starts one capture. While another
        job has the tenant, the capture is created all the same when it can be: the watchdog starts it afterwards.
        """
        job_id, now = capture_job_id(tenant, scheduled_at), self._clock.now().replace(microsecond=0)
        job = Job(
            tenant=tenant,
            job_id=job_id,
            kind=Kind.CAPTURE,
            state=State.INITIALIZED,
            snapshot_id=snapshot_id(now, job_id),
            created_at=now,
            requested_by=requested_by,
        )
        try:
            return await self._begin(job)
        except TenantBusyError as error:
            if error.job_id == job_id:
                return None
            await self._ledger.park(job, [_prepare(job)])
            return job

    async def report(
        self, tenant: str, wire_id: str, scope: Scope, *, requested_by: str, against: str = "", job_id: str = ""
    ) -> Job:
        """Start a difference report of a snapshot against the live tenant, or against the snapshot `against`.

        Both are opened first: one whose manifest is not what was sealed is refused with IntegrityError. A comparison
        of two snapshots leaves the tenant's lease alone and runs beside any other job. Raises NotFoundError,
        InputError for a type that one side has not captured, TenantBusyError.
        """
        target = await self._snapshots.on_wire(tenant, wire_id)
        opened = await self._snapshots.open(tenant, target.snapshot_id)
        known = await self._chosen(tenant, against) if against else None
        if known is not None:
            other = await self._snapshots.open(tenant, known.snapshot_id)
            comparable(scope, opened.manifest.types, other.manifest.types)
        job = self._job(Kind.REPORT, target, scope, Options(), requested_by)
        named = {"against": known.snapshot_id if known else "", "job_id": job_id or job.job_id}
        return await self._begin(msgspec.structs.replace(job, **named))

    async def recovery(self, tenant: str, wire_id: str, scope: Scope, options: Options, *, requested_by: str) -> Job:
        """Start a recovery to a snapshot; a running report or capture makes way for it.

        Raises NotFoundError, or TenantBusyError while another recovery has or wants the tenant.
        """
        return await self._start(Kind.RECOVERY, tenant, wire_id, scope, options, requested_by)

    async def cancel(self, tenant: str, job_id: str) -> Job:
        """Ask a job to stop at its next boundary; what it has applied stays. Raises NotFoundError, InputError."""
        job = await self._ledger.ask_cancel(tenant, job_id)
        if job.state in ENDS:
            raise InputError(f"job {job_id} has ended ({job.state}); there is nothing to cancel", member="job")
        return job

    async def _start(
        self, kind: Kind, tenant: str, wire_id: str, scope: Scope, options: Options, requested_by: str
    ) -> Job:
        snapshot = await self._snapshots.on_wire(tenant, wire_id)
        return await self._begin(self._job(kind, snapshot, scope, options, requested_by))

    async def _chosen(self, tenant: str, text: str) -> SnapshotSummary:
        """Return the snapshot of Tidemark's own id, or of Graph's spelling of one."""
        is_own = SNAPSHOT_ID.match(text) is not None
        return await (self._snapshots.named(tenant, text) if is_own else self._snapshots.on_wire(tenant, text))

    def _job(self, kind: Kind, snapshot: SnapshotSummary, scope: Scope, options: Options, requested_by: str) -> Job:
        return Job(
            tenant=snapshot.tenant,
            job_id=self._ids.new(),
            kind=kind,
            state=State.INITIALIZED,
            snapshot_id=snapshot.snapshot_id,
            created_at=self._clock.now().replace(microsecond=0),
            scope=scope,
            options=options,
            requested_by=requested_by,
        )

    async def _begin(self, job: Job) -> Job:
        lease = await self._ledger.begin(job, [_prepare(job)])
        if lease is not None:
            await self._worker.dispatch(job.tenant, lease)
        return job


def _prepare(job: Job) -> Batch:
    return Batch(job_id=job.job_id, number=0, wave=0, step=Step.PREPARE)
