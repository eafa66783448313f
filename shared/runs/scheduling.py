"""Start what is due at a time: captures, verifications, restore points; for timers, and for whoever wants one now.

A job's id is made of tenant and time, so that a timer that fires twice starts one job. What a crash costs is in
beginning.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import NotFoundError, TenantBusyError
from shared.domain.ids import capture_job_id, restore_point_job_id, snapshot_id, verify_job_id
from shared.domain.jobs import Job, Kind, State, Step
from shared.ports import Clock
from shared.runs.beginning import Beginning
from shared.runs.ledger import Ledger
from shared.runs.snapshots import Snapshots


class Scheduling:
    """Starts the scheduled jobs of one deployment."""

    def __init__(self, ledger: Ledger, beginning: Beginning, snapshots: Snapshots, clock: Clock) -> None:
        self._ledger, self._beginning, self._snapshots, self._clock = ledger, beginning, snapshots, clock

    async def capture(self, tenant: str, scheduled_at: datetime, *, requested_by: str = "timer") -> Job | None:
        """Start the capture that was scheduled for `scheduled_at`; None when it exists or another job has the tenant.

        The job's id is derived from tenant and time, so a timer that fires twice starts one capture. While another
        job has the tenant, the capture is created all the same when it can be: the watchdog starts it afterwards.
        """
        job = await self._capture(tenant, capture_job_id(tenant, scheduled_at), requested_by)
        return await self._beginning.begin_or_park(job)

    async def verification(self, tenant: str, scheduled_at: datetime, *, requested_by: str = "timer") -> Job | None:
        """Start the verification that was scheduled for `scheduled_at`; None when it exists or there is no snapshot.

        Like a capture, it is created once however often its timer fires, and waits while another job has the tenant.
        """
        latest = await self._snapshots.latest(tenant)
        if latest is None:
            return None
        job = Job(
            tenant=tenant,
            job_id=verify_job_id(tenant, scheduled_at),
            kind=Kind.VERIFY,
            state=State.INITIALIZED,
            snapshot_id=latest.snapshot_id,
            created_at=self._clock.now().replace(microsecond=0),
            requested_by=requested_by,
        )
        return await self._beginning.begin_or_park(job, Step.VERIFY)

    async def restore_point(
        self, tenant: str, scheduled_at: datetime, *, requested_by: str = "timer", says_why_not: bool = False
    ) -> Job | None:
        """Start the restore point that was scheduled for `scheduled_at`; None when there is nothing it could lie over.

        None too when it exists, or another job has the tenant: one that waited would speak of a later time. With
        `says_why_not` it raises NotFoundError or TenantBusyError instead.
        """
        if await self._snapshots.latest(tenant) is None:
            if says_why_not:
                raise NotFoundError("snapshot", "latest")
            return None
        job = await self._capture(tenant, restore_point_job_id(tenant, scheduled_at), requested_by)
        try:
            return await self._beginning.begin(msgspec.structs.replace(job, is_restore_point=True))
        except TenantBusyError:
            if says_why_not:
                raise
            return None

    async def _capture(self, tenant: str, job_id: str, requested_by: str) -> Job:
        """Return a new capture; Graph's spelling of a snapshot id is its second, so no two captures share one."""
        now = self._clock.now().replace(microsecond=0)
        taken = {job.created_at for job in await self._ledger.jobs(tenant) if job.kind is Kind.CAPTURE}
        while now in taken:
            now += timedelta(seconds=1)
        return Job(
            tenant=tenant,
            job_id=job_id,
            kind=Kind.CAPTURE,
            state=State.INITIALIZED,
            snapshot_id=snapshot_id(now, job_id),
            created_at=now,
            requested_by=requested_by,
        )
