"""Foretell what a plan comes to, store its changes as batch files, and make the batch rows that point at them.

Files are written under the attempt's number; a crash before the rows are recorded leaves files that nothing names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.catalogue.entry import Wave
from shared.domain.changes import Change
from shared.domain.errors import PlanChangedError
from shared.domain.jobs import Batch, Job, Step
from shared.formats.records import CHANGES, encode_records
from shared.ports import Blobs
from shared.recover.estimate import Estimate, estimated
from shared.recover.plan import batches, dealt
from shared.recover.recreating import in_order, is_created_anew
from shared.runs.preparing import WAVE_PLAN
from shared.runs.renewing import RENEWS
from shared.runs.tenure import Tenure

WAVE_CONFIRM = WAVE_PLAN + max(wave.place for wave in Wave) + 1
CONFIRM_NUMBER = 99_999  # the last there can be
NUMBERS_PER_PLACE = 10_000  # batches; the waves at place p count from p times this
RECREATE_NUMBER = 15_000  # re-creation follows the restores at the same place: writing steps run in order of numbers


def foretold(job: Job, waves: Mapping[Wave, Sequence[Change]], links: Iterable[Change]) -> Estimate:
    """Return what a plan comes to; raise PlanChangedError when the job was to carry out another one."""
    about: dict[str, object] = {"tenant": job.tenant, "snapshot_id": job.snapshot_id, "scope": job.scope}
    if job.options.chosen is not None:
        about["chosen"] = job.options.chosen
    objects = (change for _wave, changes in sorted(waves.items()) for change in changes)
    estimate = estimated(about, objects, links)
    if job.plan_digest and job.plan_digest != estimate.digest:
        raise PlanChangedError(planned=job.plan_digest, now=estimate.digest)
    return estimate


def confirmation(job: Job) -> Batch:
    """Return the batch that reads again what all the others have touched."""
    return Batch(job_id=job.job_id, number=CONFIRM_NUMBER, wave=WAVE_CONFIRM, step=Step.CONFIRM)


def first_number(wave: Wave) -> int:
    """Return the number of the first batch of a wave; later waves have higher ones."""
    return RECREATE_NUMBER if wave is Wave.RECREATE else wave.place * NUMBERS_PER_PLACE


def arranged(wave: Wave, changes: Sequence[Change]) -> list[Change]:
    """Return the changes to objects of one wave in the order in which they are made."""
    return in_order(changes) if wave is Wave.RECREATE else dealt(changes, 1)


async def lay(work: Blobs, tenure: Tenure, wave: Wave, changes: list[Change]) -> list[Batch]:
    """Return the batches that apply `changes` in the given order; their files are stored when this returns."""
    job, laid = tenure.job, []
    for part, some in enumerate(batches(changes)):
        number = first_number(wave) + part
        name = f"{job.tenant}/{job.job_id}/plan/{number:05d}-{tenure.batch.attempt}.ndz"
        content, digest = encode_records(CHANGES, some)
        await work.create(name, content)
        argument: dict[str, Any] = {"name": name, "sha256": digest, "changes": len(some), "wave": wave.place}
        argument |= {RENEWS: True} if any(map(is_created_anew, some)) else {}
        at = WAVE_PLAN + wave.place
        laid.append(Batch(job_id=job.job_id, number=number, wave=at, step=Step.APPLY, argument=argument))
    return laid
