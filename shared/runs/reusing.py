"""Find the reading of an earlier report that a new one may use, as jobs/freshness.py decides.

Reads only, so a crash at any line costs looking again. A reading whose files or base are gone is passed over: then the
report reads the tenant itself.
"""

from __future__ import annotations

from shared.domain.jobs import Job, Step
from shared.domain.times import parse_time
from shared.jobs.freshness import LiveReading, candidates, is_usable, minutes_for
from shared.ports import Clock
from shared.runs.ledger import Ledger

TRIED_MAX = 20  # reports looked at, the newest first


class Reusing:
    """Finds readings for a deployment that uses them for `minutes`, unless a report says otherwise."""

    def __init__(self, ledger: Ledger, clock: Clock, minutes: int) -> None:
        self._ledger, self._clock, self._minutes = ledger, clock, minutes

    async def reading_for(self, job: Job) -> LiveReading | None:
        """Return the newest reading that the job may use, None when it has to read the tenant."""
        minutes = minutes_for(job, self._minutes)
        if not minutes:
            return None
        now, jobs = self._clock.now(), await self._ledger.jobs(job.tenant)
        for earlier in candidates(job, jobs, minutes, now)[:TRIED_MAX]:
            reading = await self._reading_of(earlier)
            if reading is not None and is_usable(reading, jobs, minutes, now):
                return reading
        return None

    async def _reading_of(self, job: Job) -> LiveReading | None:
        """Return what a report has read itself, None for one that used another's reading."""
        batches = {batch.step: batch for batch in await self._ledger.batches(job.tenant, job.job_id)}
        manifest, prepared = batches.get(Step.MANIFEST), batches.get(Step.PREPARE)
        if manifest is None or prepared is None or not manifest.outputs:
            return None
        output, began_at = manifest.outputs[0], parse_time(str(prepared.cursor["beganAt"]))
        return LiveReading(name=str(output["name"]), sha256=str(output["sha256"]), job_id=job.job_id, began_at=began_at)
