"""What becomes of a snapshot in which a job met damaged bytes: it is marked, and nothing goes on from it any more.

A reading goes on from the newest sealed state, so one damaged file would stop every later capture, and every report of
and recovery to the sound snapshots beside it. The mark is the row of the snapshot's last verification, so it is shown
wherever snapshots are, and a verification that finds the snapshot whole takes it off. A crash before the mark costs one
more job that fails by the same name.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

from shared.domain.errors import IntegrityError
from shared.domain.ids import SNAPSHOT_ID
from shared.domain.jobs import Job, Kind, SnapshotSummary
from shared.domain.verification import Mode, Verification
from shared.formats.rows import verification_key, verification_of, verification_values
from shared.ports import ANY, Clock, Put
from shared.runs.snapshots import Snapshots

NEVER = datetime.min.replace(tzinfo=UTC)
ELSEWHERE = "choose another snapshot (tidemark snapshots)"
IN_PARTS = (
    f"{ELSEWHERE}, or name the types or objects to bring back: what is read of them is proven. A verification that "
    "finds the snapshot whole again takes this off (tidemark verify)"
)
AGAIN = "start the job again: that snapshot is marked as damaged now, and nothing goes on from it"

log = logging.getLogger(__name__)


class Damaging:
    """Keeps what verifications and jobs found of the snapshots of one deployment."""

    def __init__(self, snapshots: Snapshots, clock: Clock) -> None:
        self._snapshots, self._clock = snapshots, clock

    async def met(self, job: Job, error: IntegrityError) -> str:
        """Mark the snapshot whose file failed a job; return what to do, empty when the file is of no listed snapshot.

        A verification has kept what it found itself.
        """
        listed = {known.snapshot_id: known for known in await self._snapshots.listed(job.tenant)}
        damaged = snapshot_of(error)
        if job.kind is Kind.VERIFY or damaged not in listed:
            return ""
        told = Verification(snapshot_id=damaged, at=NEVER, mode=Mode.USED, fault=str(error), requested_by=job.job_id)
        await self.keep(job.tenant, told)
        wanted = [listed[name] for name in (job.snapshot_id, job.against) if name in listed]
        return ELSEWHERE if any(damaged in {known.snapshot_id, known.base_id} for known in wanted) else AGAIN

    async def fault(self, known: SnapshotSummary) -> str:
        """Return what is known to be wrong with a state or with the snapshot it is read through, empty for nothing."""
        for snapshot_id in filter(None, (known.snapshot_id, known.base_id)):
            key = verification_key(snapshot_id)
            row = await self._snapshots.rows.read(known.tenant, key)
            if row is not None and (told := verification_of(row.values, key=key).fault):
                return told
        return ""

    async def refuse(self, known: SnapshotSummary) -> None:
        """Raise IntegrityError for a state that is known to be damaged, with the name of the file that is."""
        if fault := await self.fault(known):
            name, _, fact = fault.partition(": ")
            raise IntegrityError(name, f"{fact}; {IN_PARTS}")

    async def keep(self, tenant: str, told: Verification) -> None:
        """Keep a result; when all of the snapshot was last proven is kept from the one before."""
        key = verification_key(told.snapshot_id)
        row = await self._snapshots.rows.read(tenant, key)
        full_at = verification_of(row.values, key=key).full_at if row else None
        now = self._clock.now()
        is_whole = told.mode is Mode.FULL and not told.fault
        kept = msgspec.structs.replace(told, at=now, full_at=now if is_whole else full_at)
        await self._snapshots.rows.write(tenant, [Put(key, verification_values(kept), ANY)])
        if told.fault:
            log.error("snapshot damaged", extra={"snapshot_id": told.snapshot_id, "reason": told.fault})


def snapshot_of(error: IntegrityError, default: str = "") -> str:
    """Return the id of the snapshot whose file is wrong, `default` when it is no snapshot's file."""
    parts = error.name.split("/")
    return parts[1] if len(parts) > 2 and SNAPSHOT_ID.match(parts[1]) else default
