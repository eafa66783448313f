"""Lay out a job that reads the tenant: what it may read, what it goes on from, and every later batch.

A crash at any line costs asking again: nothing of the layout is seen before the one recording that holds all of it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import BY_NAME, TYPES
from shared.compare.shards import chosen_shards
from shared.domain.changes import Json
from shared.domain.errors import DirectoryError
from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.domain.times import format_time
from shared.formats.segments import shard_count_for
from shared.jobs import partitions
from shared.jobs.audited import audited_references
from shared.jobs.choices import Choice, reads_by_ids
from shared.jobs.readings import Counts, hidden_beside, read_first, read_late
from shared.ports import Clock, Directory
from shared.runs.choosing import Choosing
from shared.runs.partitioning import filters_of
from shared.runs.tenure import Pause, Tenure

SHARDS_PER_RANGE = 4  # 4 shards of 20,000 objects at 264 B stay under the 48 MiB a sealed file may have
SHARDS_PER_COMPARISON = 16  # where one side is an increment, of which little is opened: some seconds of work
WAVE_EXPLAIN = 6  # of a report that plans nothing
WAVE_READ, WAVE_ROLL, WAVE_SEAL, WAVE_MANIFEST, WAVE_COMPARE, WAVE_PLAN = 1, 2, 3, 4, 5, 6
WAVE_INDEX_CHANGES = WAVE_COMPARE  # of a capture, which compares nothing


class Preparing:
    """The step prepare."""

    def __init__(
        self,
        directory: Directory,
        choosing: Choosing,
        clock: Clock,
        *,
        range_objects_max: int = partitions.OBJECTS_MAX,
    ) -> None:
        self._directory, self._choosing, self._clock = directory, choosing, clock
        self._range_objects_max = range_objects_max

    async def prepare(self, tenure: Tenure) -> Pause | None:
        """Ask what may be read and how large it is, choose what to go on from, and lay out every later batch.

        A type that is refused as a whole is left out by name (docs/decisions/0009); DirectoryError when all are.
        """
        job, began_at = tenure.job, self._clock.now().replace(microsecond=0)
        wanted = [entry for entry in TYPES if job.kind is Kind.CAPTURE or job.scope.covers_type(entry.name)]
        beside = [] if reads_by_ids(job) else hidden_beside(wanted)
        refused = await self._directory.refusals([*wanted, *beside])
        asked = [name for entry in wanted for name in (entry.name, *entry.own_kinds)]
        incomplete = {name: refused[name] for name in asked if name in refused}
        types = [entry for entry in wanted if entry.name not in refused]
        bins = [entry for entry in beside if entry.name not in refused]
        if not types:
            raise DirectoryError(f"no type may be read: {'; '.join(sorted(set(incomplete.values())))}", status=403)
        counts = {entry.name: await self._directory.count(entry) for entry in types}
        expected = sum(count or 0 for count in counts.values())
        choice = await self._choosing.choose(job, types, expected, incomplete)
        shards = choice.shards or shard_count_for(expected)
        most, whole = self._range_objects_max, [entry for entry in types if entry.name not in choice.carried]
        filters = {entry.name: await filters_of(self._directory, entry, counts[entry.name], most) for entry in whole}
        tokens = {known.name: await self._token(known, choice) for known in types if choice.is_rolled_forward(known)}
        facts: Json = {"beganAt": format_time(began_at), "watch": choice.watch, "incomplete": incomplete}
        facts |= {"ways": {name: {"way": known.way, "why": known.why} for name, known in choice.ways.items()}}
        done = msgspec.structs.replace(
            tenure.batch,
            state=BatchState.DONE,
            cursor={"shards": shards, "types": [entry.name for entry in types], **facts, **_goes_on_from(choice)},
            counts={"expected": expected},
        )
        await tenure.record(
            done, added=_Layout(tenure, types, bins, shards, choice, incomplete).laid(counts, tokens, filters)
        )
        return None

    async def _token(self, entry: ObjectType, choice: Choice) -> str | None:
        """Return the token that rolling forward begins with: that of the state before, or a new one."""
        way = choice.ways[entry.name]
        return way.token if way.way == "delta" else await self._directory.delta_token(entry)


def _goes_on_from(choice: Choice) -> Json:
    """Return what the steps that seal need to know of the state before; empty when there is none to go on from."""
    if not choice.carried:
        return {}
    return {"before": choice.before, "over": choice.over, "carried": choice.carried}


class _Layout:
    """The batches of every later wave that is known before reading."""

    def __init__(
        self,
        tenure: Tenure,
        types: list[ObjectType],
        bins: list[ObjectType],
        shards: int,
        choice: Choice,
        left_out: Container[str],
    ) -> None:
        self._left_out = left_out
        self._job, self._types, self._bins, self._shards, self._choice = tenure.job, types, bins, shards, choice
        self._laid: list[Batch] = []

    def laid(self, counts: Counts, tokens: dict[str, str | None], filters: Mapping[str, list[str]]) -> list[Batch]:
        """Return the batches, numbered from 1 in the order of their waves.

        `tokens` is by type with delta; `filters` are the ranges by which each type that is read whole is read.
        """
        carried, shards = self._choice.carried, {"shards": self._shards}
        whole = [entry.without(self._left_out) for entry in self._types if entry.name not in carried]
        for name in [name for name, known in self._choice.ways.items() if known.way == "ids"]:
            self._lay(WAVE_READ, Step.READ, {"named": name, **shards, **self._without(name)})
        for early in read_first(whole, counts, filters):
            self._lay(WAVE_READ, Step.READ, {**early, **shards})
        for name, token in tokens.items():
            argument = {"type": name, **shards, "token": token, "carried": name in carried}
            argument |= self._carried(name) if name in carried else {}
            argument |= self._without(name)
            self._lay(WAVE_ROLL, Step.ROLL_FORWARD, argument)
        for late in read_late(whole, counts):
            self._lay(WAVE_ROLL, Step.READ, {**late, **shards})
        if self._bins:
            self._lay(WAVE_ROLL, Step.READ, {"listings": [f"{entry.name}-deleted" for entry in self._bins], **shards})
        for first, end in self._ranges(self._shards if self._choice.over else SHARDS_PER_RANGE):
            self._lay(WAVE_SEAL, Step.SEAL, {"first": first, "end": end, **shards})
        self._lay(WAVE_MANIFEST, Step.MANIFEST, {**shards, "types": [entry.name for entry in self._types]})
        self._lay_comparison()
        return self._laid

    def _carried(self, name: str) -> Json:
        """Return what a batch is told of the state before that it goes on from."""
        since = self._choice.since if audited_references(BY_NAME[name]) else None
        return {"before": self._choice.before} | ({"since": format_time(since)} if since else {})

    def _without(self, name: str) -> Json:
        """Return what a batch is told of the derived types of its type that are refused; nothing where none is."""
        kinds = [kind for kind in BY_NAME[name].own_kinds if kind in self._left_out]
        return {"without": kinds} if kinds else {}

    def _lay_comparison(self) -> None:
        due = {name: known.token for name, known in self._choice.ways.items() if known.is_due}
        if due:
            argument: dict[str, Any] = {"tokens": due, "before": self._choice.before, "shards": self._shards}
            self._lay(WAVE_COMPARE, Step.CHECK, argument)
        if self._job.options.undoes or self._job.options.repeats:
            self._lay(WAVE_PLAN, Step.REPLAN, {})
            self._lay(WAVE_PLAN, Step.MANUAL, {})
            return
        if self._job.kind is Kind.CAPTURE:
            self._lay(WAVE_INDEX_CHANGES, Step.INDEX_CHANGES, {})
        else:
            named = chosen_shards(self._job.scope, self._shards)
            for first, end in self._ranges(SHARDS_PER_COMPARISON if self._choice.over else SHARDS_PER_RANGE):
                if named is None or not named.isdisjoint(range(first, end)):
                    self._lay(WAVE_COMPARE, Step.COMPARE, {"first": first, "end": end, "shards": self._shards})
        if self._job.kind is Kind.RECOVERY or self._job.options.makes_plan:
            self._lay(WAVE_PLAN, Step.PLAN, {})
            self._lay(WAVE_PLAN, Step.MANUAL, {})
        elif self._job.kind is Kind.REPORT:
            self._lay(WAVE_EXPLAIN, Step.EXPLAIN, {})

    def _ranges(self, size: int) -> list[tuple[int, int]]:
        """Return the ranges of `size` shards that one batch covers each; one that seals an increment covers all."""
        return [(first, min(first + size, self._shards)) for first in range(0, self._shards, size)]

    def _lay(self, wave: int, step: Step, argument: Json) -> None:
        number = len(self._laid) + 1
        self._laid.append(Batch(job_id=self._job.job_id, number=number, wave=wave, step=step, argument=argument))
