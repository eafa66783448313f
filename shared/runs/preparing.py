"""Lay out a job that reads the tenant: how large it is, from when changes are to be told, and every later batch.

A crash at any line costs asking again: nothing of the layout is seen before the one recording that holds all of it.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import TYPES
from shared.domain.changes import Json
from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.formats.segments import shard_count_for
from shared.ports import Directory
from shared.runs.tenure import Pause, Tenure

SHARDS_PER_RANGE = 4  # 4 shards of 20,000 objects at 264 B stay under the 48 MiB a sealed file may have
WAVE_EXPLAIN = 6  # of a report, which plans nothing
WAVE_READ, WAVE_ROLL, WAVE_SEAL, WAVE_MANIFEST, WAVE_COMPARE, WAVE_PLAN = 1, 2, 3, 4, 5, 6


class Preparing:
    """The step prepare."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def prepare(self, tenure: Tenure) -> Pause | None:
        """Ask how large the tenant is, take delta tokens, and lay out every later batch of the job."""
        scope = tenure.job.scope
        types = [entry for entry in TYPES if tenure.job.kind is Kind.CAPTURE or scope.covers_type(entry.name)]
        counts = {entry.name: await self._directory.count(entry) for entry in types}
        shards = shard_count_for(sum(count or 0 for count in counts.values()))
        tokens = {entry.name: await self._directory.delta_token(entry) for entry in types if entry.has_delta}
        done = msgspec.structs.replace(
            tenure.batch,
            state=BatchState.DONE,
            cursor={"shards": shards, "types": [entry.name for entry in types]},
            counts={"expected": sum(count or 0 for count in counts.values())},
        )
        await tenure.record(done, added=_layout(tenure, types, shards, tokens))
        return None


def _layout(tenure: Tenure, types: list[ObjectType], shards: int, tokens: dict[str, str | None]) -> list[Batch]:
    """Return the batches of every later wave that is known before reading."""
    job_id = tenure.job.job_id
    laid: list[Batch] = []

    def lay(wave: int, step: Step, argument: Json) -> None:
        laid.append(Batch(job_id=job_id, number=len(laid) + 1, wave=wave, step=step, argument=argument))

    for entry in types:
        if not entry.has_delta:
            lay(WAVE_READ, Step.READ, {"type": entry.name, "shards": shards})
            continue
        for listing in entry.listings():
            lay(WAVE_READ, Step.READ, {"listing": listing.name, "shards": shards})
    for name, token in tokens.items():
        lay(WAVE_ROLL, Step.ROLL_FORWARD, {"type": name, "shards": shards, "token": token})
    ranges = [(first, min(first + SHARDS_PER_RANGE, shards)) for first in range(0, shards, SHARDS_PER_RANGE)]
    for first, end in ranges:
        lay(WAVE_SEAL, Step.SEAL, {"first": first, "end": end, "shards": shards})
    lay(WAVE_MANIFEST, Step.MANIFEST, {"shards": shards, "types": [entry.name for entry in types]})
    if tenure.job.kind is not Kind.CAPTURE:
        for first, end in ranges:
            lay(WAVE_COMPARE, Step.COMPARE, {"first": first, "end": end, "shards": shards})
    if tenure.job.kind is Kind.REPORT:
        lay(WAVE_EXPLAIN, Step.EXPLAIN, {})
    if tenure.job.kind is Kind.RECOVERY:
        lay(WAVE_PLAN, Step.PLAN, {})
    return laid
