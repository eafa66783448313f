"""Begin a job: one table transaction and one message.

A crash between them costs a minute: the watchdog sends the message.
"""

from __future__ import annotations

from shared.domain.errors import TenantBusyError
from shared.domain.jobs import Batch, Job, Step
from shared.runs.ledger import Ledger
from shared.runs.worker import Worker


class Beginning:
    """Begins the jobs of one deployment."""

    def __init__(self, ledger: Ledger, worker: Worker) -> None:
        self._ledger, self._worker = ledger, worker

    async def begin(self, job: Job, step: Step = Step.PREPARE) -> Job:
        """Create the job with `step` as its first batch, and send that unless the job has to wait for its lease.

        Raises TenantBusyError.
        """
        lease = await self._ledger.begin(job, [_first_batch(job, step)])
        if lease is not None:
            await self._worker.dispatch(job.tenant, lease)
        return job

    async def begin_or_park(self, job: Job, step: Step = Step.PREPARE) -> Job | None:
        """Begin a job that may wait for its turn; None when it exists already."""
        try:
            return await self.begin(job, step)
        except TenantBusyError as error:
            if error.job_id == job.job_id:
                return None
            await self._ledger.park(job, [_first_batch(job, step)])
            return job


def _first_batch(job: Job, step: Step) -> Batch:
    return Batch(job_id=job.job_id, number=0, wave=0, step=step)
