"""Store a plan's changes as batch files, and make the batch rows that point at them.

Files are written under the attempt's number; a crash before the rows are recorded leaves files that nothing names.
"""

from __future__ import annotations

from typing import Any

from shared.catalogue.entry import Wave
from shared.domain.changes import Change
from shared.domain.jobs import Batch, Step
from shared.formats.records import CHANGES, encode_records
from shared.ports import Blobs
from shared.recover.plan import batches
from shared.runs.preparing import WAVE_PLAN
from shared.runs.tenure import Tenure

NUMBERS_PER_WAVE = 10_000  # batches; the catalogue's wave w counts from w times this


async def lay(work: Blobs, tenure: Tenure, wave: Wave, changes: list[Change]) -> list[Batch]:
    """Return the batches that apply `changes` in the given order; their files are stored when this returns."""
    job, laid = tenure.job, []
    for part, some in enumerate(batches(changes)):
        number = wave * NUMBERS_PER_WAVE + part
        name = f"{job.tenant}/{job.job_id}/plan/{number:05d}-{tenure.batch.attempt}.ndz"
        content, digest = encode_records(CHANGES, some)
        await work.create(name, content)
        argument: dict[str, Any] = {"name": name, "sha256": digest, "changes": len(some), "wave": int(wave)}
        laid.append(Batch(job_id=job.job_id, number=number, wave=WAVE_PLAN + wave, step=Step.APPLY, argument=argument))
    return laid
