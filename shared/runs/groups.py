"""Work through the groups of one apply batch, several side by side, and record them in their order.

A write that Graph failed is repeated a second and more later. One group at a time would hold up all others for that
long, and the write quota would idle. AT_ONCE_MAX groups are under way at most. Their outcomes are recorded in order, so
the batch's row says that the first n groups are done, and which of the later ones are in flight.

A crash costs what applying.py says of one group, for each group that was under way.

A group goes alone, after all before it have ended and before any other begins, when
  - it creates anything anew: later changes need the new ids
  - it is of policies: their order is part of the lock-out guard's judgement, and Graph takes one write a second anyway
  - a kind of change in it (type and action) has not been let through yet in this job: a permission that is missing, or
    a tenant that is full, shows in one group instead of in eight
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from shared.domain.changes import Change, Json, Outcome
from shared.domain.jobs import Batch, BatchState
from shared.domain.times import format_time
from shared.formats.records import BEFORE_IMAGES, OUTCOMES, encode_records
from shared.ports import Blobs
from shared.recover.estimate import SLOW_TYPES
from shared.recover.recreating import is_created_anew
from shared.recover.refusals import has_gone_through, refused
from shared.runs.outcomes import LINKS, BeforeImage, images, in_flight
from shared.runs.tenure import Pause, Tenure

AT_ONCE_MAX = 8  # 4,000 objects or 8,000 links: a minute at the tenant's 60 writes a second, and about 20 MB of bodies

Ended = tuple[list[Outcome], list[str]]
Act = Callable[[int, Sequence[Change]], Awaitable[Ended]]


def goes_alone(changes: Sequence[Change], counts: Mapping[str, int]) -> bool:
    """Tell whether no other group may be under way beside this one; `counts` are the job's figures so far."""
    if any(change.type in SLOW_TYPES or is_created_anew(change) for change in changes):
        return True
    kinds = {(change.type, change.action) for change in changes}
    return not all(has_gone_through(type_name, action, counts) for type_name, action in kinds)


class Groups:
    """The groups of the batch that a tenure is for. Nothing else records that batch while they are under way."""

    def __init__(self, work: Blobs, tenure: Tenure, groups: Sequence[Sequence[Change]]) -> None:
        self.tenure, self._work, self._groups = tenure, work, groups
        self._done = int(tenure.batch.cursor.get("groups", 0))
        self._under_way = 0
        self._moved, self._row = asyncio.Condition(), asyncio.Lock()

    async def run(self, act: Act, counts: Callable[[], Mapping[str, int]]) -> Pause | None:
        """Let `act` carry out every group that is left and record what it returns; return why to stop early, if so.

        `act` notes a group (`note`) before it writes. What is under way when the pause comes ends first; when one group
        fails, the others are broken off, as by a crash.
        """
        first = self._done
        try:
            async with asyncio.TaskGroup() as tasks:
                for number in range(first, len(self._groups)):
                    alone = goes_alone(self._groups[number], counts())
                    await self._room(1 if alone else AT_ONCE_MAX)
                    # The groups that it waited for may have been the first of their kind.
                    alone = alone and goes_alone(self._groups[number], counts())
                    if number > first and (pause := await self.tenure.pause()):
                        return pause
                    self._under_way += 1
                    tasks.create_task(self._one(number, act))
                    if alone:
                        await self._room(1)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return None

    async def earlier(self, number: int) -> dict[str, Json]:
        """Return the before-images that an attempt which died noted for a group, by change; none if none was."""
        return await images(self._work, self.tenure.batch, number)

    async def note(self, number: int, before: Mapping[str, Json]) -> None:
        """Say that a group is about to be written, and what was found before."""
        noted = [BeforeImage(change_id=known, before=image) for known, image in before.items()]
        content, digest = encode_records(BEFORE_IMAGES, noted)
        batch = self.tenure.batch
        name = f"{self.tenure.job.tenant}/{batch.job_id}/before/{batch.number:05d}-{number:05d}-{batch.attempt}.ndz"
        await self._work.create(name, content)
        async with self._row:
            batch = self.tenure.batch  # by now others may have been noted or recorded
            others = [one for one in in_flight(batch) if one["group"] != number]
            flying = [*others, {"group": number, "name": name, "sha256": digest}]
            cursor = {"groups": int(batch.cursor.get("groups", 0)), "inFlight": flying}
            await self.tenure.record(msgspec.structs.replace(batch, cursor=cursor))

    async def _room(self, under_way_max: int) -> None:
        """Return once fewer groups than that are under way."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._under_way < under_way_max)

    async def _one(self, number: int, act: Act) -> None:
        outcomes, warnings = await act(number, self._groups[number])
        content, digest = encode_records(OUTCOMES, outcomes)
        batch = self.tenure.batch
        name = f"{self.tenure.job.tenant}/{batch.job_id}/outcomes/{batch.number:05d}-{number:05d}-{batch.attempt}.ndz"
        await self._work.create(name, content)
        stored: dict[str, Any] = {"name": name, "sha256": digest, "records": len(outcomes)}
        figures = _figures(outcomes)
        del outcomes  # a group that ended early waits for those before it, in little memory
        async with self._moved:
            await self._moved.wait_for(lambda: self._done == number)
        async with self._row:
            stored |= {"at": format_time(self.tenure.now())} | ({"warnings": warnings} if warnings else {})
            await self.tenure.record(self._recorded(number, stored, figures))
        async with self._moved:
            self._done, self._under_way = number + 1, self._under_way - 1
            self._moved.notify_all()

    def _recorded(self, number: int, stored: dict[str, Any], figures: Mapping[str, int]) -> Batch:
        """Return the batch's row with one more group done."""
        batch, is_last = self.tenure.batch, number + 1 == len(self._groups)
        counts = dict(batch.counts)
        for key, count in figures.items():
            counts[key] = counts.get(key, 0) + count
        flying = [one for one in in_flight(batch) if one["group"] > number]
        return msgspec.structs.replace(
            batch,
            state=BatchState.DONE if is_last else BatchState.RUNNING,
            cursor={"groups": number + 1} | ({"inFlight": flying} if flying else {}),
            outputs=[*batch.outputs, stored],
            counts=counts,
        )


def _figures(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in outcomes:
        kind = "links" if one.action in LINKS else "objects"
        for key in ("done", f"{kind}.{one.result}", f"outcome.{one.type}.{one.action}.{one.result}"):
            counts[key] = counts.get(key, 0) + 1
    for key, count in refused(outcomes).items():
        counts[key] = counts.get(key, 0) + count
    return counts
