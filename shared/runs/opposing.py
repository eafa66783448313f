"""Lay out a comparison whose sides are both stored: two snapshots, or a snapshot and what an earlier report has read.

One of two snapshots reads no tenant and takes no lease of it (decision D10).

A crash at any line costs opening two manifests again: the whole layout is one recording.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.types import BY_CODE
from shared.compare.shards import chosen_shards
from shared.domain.changes import Json
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.formats.manifests import Manifest
from shared.jobs.flow import SHARDS_PLANNED
from shared.runs.comparing import Comparing
from shared.runs.preparing import SHARDS_PER_RANGE, WAVE_COMPARE, WAVE_EXPLAIN, Preparing
from shared.runs.reusing import Reusing
from shared.runs.tenure import Pause, Tenure


class Opposing:
    """The step prepare: a job that needs no reading of the tenant is laid out here, every other by `preparing`."""

    def __init__(self, preparing: Preparing, comparing: Comparing, reusing: Reusing) -> None:
        self._preparing, self._comparing, self._reusing = preparing, comparing, reusing

    async def prepare(self, tenure: Tenure) -> Pause | None:
        """Lay out every later batch of the job; raise IntegrityError for a side that is not what was sealed."""
        cursor: Json = {}
        if tenure.job.asks_tenant:
            reading = await self._reusing.reading_for(tenure.job)
            if reading is None or not await self._comparing.can_open(reading):
                return await self._preparing.prepare(tenure)
            cursor = {"reading": msgspec.to_builtins(reading)}
        facing = await self._comparing.facing(tenure.job, cursor)
        shards = common_shards(facing.target.manifest, facing.current.manifest)
        cursor |= {"shards": shards, "types": sorted(BY_CODE[code].name for code in facing.codes)}
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, cursor=cursor)
        await tenure.record(done, added=_layout(tenure.job, shards))
        return None


def common_shards(target: Manifest, current: Manifest) -> int:
    """Return how many shards to compare: those of the side that has more, so that none is larger than it was sealed."""
    return max(target.shard_count, current.shard_count)


def _layout(job: Job, shards: int) -> list[Batch]:
    """Return the batches of the comparison; a scope of single objects has only the ranges that hold one of them."""
    laid: list[Batch] = []
    named = chosen_shards(job.scope, shards)
    for first in range(0, shards, SHARDS_PER_RANGE):
        argument = {"first": first, "end": min(first + SHARDS_PER_RANGE, shards), "shards": shards}
        if named is None or not named.isdisjoint(range(first, argument["end"])):
            batch = Batch(
                job_id=job.job_id, number=len(laid) + 1, wave=WAVE_COMPARE, step=Step.COMPARE, argument=argument
            )
            # Nothing is read that could be counted meanwhile, so progress is told in shards (functions/wire/job.py).
            laid.append(msgspec.structs.replace(batch, counts={SHARDS_PLANNED: argument["end"] - first}))
    laid.append(Batch(job_id=job.job_id, number=len(laid) + 1, wave=WAVE_EXPLAIN, step=Step.EXPLAIN))
    return laid
