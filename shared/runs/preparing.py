"""Lay out a job that reads the tenant: how large it is, from when changes are to be told, and every later batch.

A crash at any line costs asking again: nothing of the layout is seen before the one recording that holds all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shared.catalogue.entry import Listing, ObjectType, Shape
from shared.catalogue.types import BY_NAME, TYPES
from shared.domain.changes import Json
from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.formats.segments import shard_count_for
from shared.ports import Directory
from shared.runs.tenure import Pause, Tenure

SHARDS_PER_RANGE = 4  # 4 shards of 20,000 objects at 264 B stay under the 48 MiB a sealed file may have
FEW_OBJECTS_MAX = 5_000  # some seconds of reading: a message for each listing would cost more than it saves
Counts = Mapping[str, int | None]
PEOPLE = frozenset({"user", "group"})
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
        await tenure.record(done, added=_layout(tenure, types, shards, (counts, tokens)))
        return None


def _layout(
    tenure: Tenure, types: list[ObjectType], shards: int, told: tuple[dict[str, int | None], dict[str, str | None]]
) -> list[Batch]:
    """Return the batches of every later wave that is known before reading."""
    job_id = tenure.job.job_id
    laid: list[Batch] = []

    def lay(wave: int, step: Step, argument: Json) -> None:
        laid.append(Batch(job_id=job_id, number=len(laid) + 1, wave=wave, step=step, argument=argument))

    counts, tokens = told
    for argument in _early(types, counts):
        lay(WAVE_READ, Step.READ, {**argument, "shards": shards})
    for name, token in tokens.items():
        lay(WAVE_ROLL, Step.ROLL_FORWARD, {"type": name, "shards": shards, "token": token})
    for argument in _late(types, counts):
        lay(WAVE_ROLL, Step.READ, {**argument, "shards": shards})
    ranges = [(first, min(first + SHARDS_PER_RANGE, shards)) for first in range(0, shards, SHARDS_PER_RANGE)]
    for first, end in ranges:
        lay(WAVE_SEAL, Step.SEAL, {"first": first, "end": end, "shards": shards})
    lay(WAVE_MANIFEST, Step.MANIFEST, {"shards": shards, "types": [entry.name for entry in types]})
    if tenure.job.options.undoes or tenure.job.options.repeats:
        lay(WAVE_PLAN, Step.REPLAN, {})
        return laid
    if tenure.job.kind is not Kind.CAPTURE:
        for first, end in ranges:
            lay(WAVE_COMPARE, Step.COMPARE, {"first": first, "end": end, "shards": shards})
    if tenure.job.kind is Kind.RECOVERY:
        lay(WAVE_PLAN, Step.PLAN, {})
    return laid


def _early(types: Sequence[ObjectType], counts: Counts) -> Iterator[Json]:
    """Yield what the batches read that come before the roll-forward: types with delta, and policies with a bin."""
    few: list[Listing] = []
    for entry in types:
        if entry.has_delta and not _are_few(counts, entry.name):
            yield from ({"listings": [listing.name]} for listing in entry.listings())
        elif entry.has_delta and entry.name in PEOPLE:
            yield {"listings": [listing.name for listing in entry.listings()]}
        elif entry.has_delta:
            few += entry.listings()
        elif entry.has_bin:
            yield {"type": entry.name}
    if few:
        yield _together(few)


def _late(types: Sequence[ObjectType], counts: Counts) -> Iterator[Json]:
    """Yield what is read when directory objects are rolled forward, because it hides and comes back with them."""
    listings = [listing for entry in types if entry.is_late for listing in entry.listings()]
    alone = [one for one in listings if not BY_NAME[one.type].is_small and not _are_few(counts, "servicePrincipal")]
    yield from ({"listings": [listing.name]} for listing in alone)
    rest = [listing for listing in listings if listing not in alone]
    if rest:
        yield _together(rest)


def _are_few(counts: Counts, name: str) -> bool:
    return (counts.get(name) or 0) <= FEW_OBJECTS_MAX


def _together(listings: Sequence[Listing]) -> Json:
    """Return what one batch reads of many short listings: those that may share requests apart."""
    small = [one.name for one in listings if one.kind != "links" and one.shape is not Shape.CHILDREN]
    return {"small": small, "listings": [one.name for one in listings if one.name not in small]}
