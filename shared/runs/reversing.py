"""Turn the outcomes of an ended recovery round, some objects at a time.

All outcomes of one object have to be seen together, and they lie in the files of many batches. So a large recovery's
outcomes are dealt out by object first, into files of this job that hold about OUTCOMES_AT_ONCE each; then one such part
after the other is turned, as often as somebody wants to read them. The files are named by the attempt and by no row: a
crash repeats the dealing, and leaves files that nobody reads.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from shared.domain.changes import Difference, Outcome, Result
from shared.domain.jobs import Batch, Job, Step
from shared.formats.records import OUTCOMES, encode_lines, encode_record
from shared.ports import Blobs
from shared.recover.refusals import NOT_AS_PLANNED
from shared.recover.undo import Reversal, repeating, undoing
from shared.runs.outcomes import outcomes_in, perhaps_applied
from shared.runs.renaming import Named
from shared.runs.tenure import Tenure

OUTCOMES_AT_ONCE = 20_000  # about 20 MB of outcomes and as much of differences
DEALT_BYTES_MAX = 16 * 1024 * 1024  # lines that wait for their file, of all parts together

Turn = Callable[[Iterable[Outcome]], Reversal]
Read = Callable[[], Awaitable[list[Outcome]]]


class Reversing:
    """What undoes, or repeats the failures of, the recovery that a job's options name. `deal` comes first."""

    def __init__(self, work: Blobs, tenure: Tenure) -> None:
        self._work, self._tenure = work, tenure
        self._is_undo = not tenure.job.options.repeats
        self._turn: Turn = undoing if self._is_undo else repeating
        self._parts: list[Read] = []
        self._named = Named()

    async def deal(self, batches: Sequence[Batch]) -> None:
        """Prepare the outcomes of the ended recovery with these batches."""
        files = [output for batch in batches if batch.step is Step.APPLY for output in batch.outputs]
        count = -(-sum(int(file["records"]) for file in files) // OUTCOMES_AT_ONCE)
        if count <= 1:
            found = [one async for some in self._wanted(batches, files) for one in some]
            self._parts = [lambda: _same(found)]
            return
        dealing = _Dealing(self._work, self._tenure, count)
        async for some in self._wanted(batches, files):
            await dealing.add(some)
        self._parts = await dealing.end()

    def rename(self, named: Named) -> None:
        """From now on yield rows in the form that what is created anew asks for, and those that it needs besides."""
        self._named = named

    async def reversals(self) -> AsyncIterator[Reversal]:
        """Yield what is to be done, part by part, from the first as often as it is called."""
        for read in self._parts:
            turned = self._turn(await read())
            yield Reversal(tuple(self._named.rows(turned.differences)), turned.expected)
        if self._named.more:
            yield Reversal(self._named.more)

    async def differences(self) -> AsyncIterator[list[Difference]]:
        """Yield the same as differences alone."""
        async for reversal in self.reversals():
            yield list(reversal.differences)

    async def _wanted(
        self, batches: Sequence[Batch], files: Sequence[Mapping[str, Any]]
    ) -> AsyncIterator[list[Outcome]]:
        """Yield the outcomes that are turned, in the order they happened; an undo takes what was in flight, too."""
        for file in files:
            yield [one for one in await outcomes_in(self._work, file) if self._is_wanted(one)]
        if self._is_undo:
            yield await perhaps_applied(self._work, batches)

    def _is_wanted(self, one: Outcome) -> bool:
        """Tell whether the outcome says anything to `undoing`, or to `repeating`; most say nothing to the other."""
        if self._is_undo:
            return one.result is Result.APPLIED or one.error_code == NOT_AS_PLANNED
        return one.result is Result.FAILED


class _Dealing:
    """Outcomes on their way into the files of `count` parts."""

    def __init__(self, work: Blobs, tenure: Tenure, count: int) -> None:
        self._work, self._count = work, count
        self._job: Job = tenure.job
        self._attempt = f"{tenure.batch.number:05d}-{tenure.batch.attempt}"
        self._lines: dict[int, list[bytes]] = {}
        self._bytes = 0
        self._files: dict[int, list[dict[str, Any]]] = {}
        self._made: dict[str, int] = {}

    async def add(self, outcomes: Iterable[Outcome]) -> None:
        """Put each outcome into its object's part; what happened to something made anew goes with its making."""
        for one in outcomes:
            part = self._made.get(one.object_id)
            if part is None:
                part = zlib.crc32(f"{one.type} {one.object_id}".encode()) % self._count
            if one.new_id:
                self._made[one.new_id] = part
            line = encode_record(one)
            self._lines.setdefault(part, []).append(line)
            self._bytes += len(line)
        if self._bytes > DEALT_BYTES_MAX:
            await self._store()

    async def end(self) -> list[Read]:
        """Store what is left; return how each part is read."""
        await self._store()
        return [self._reading(self._files[part]) for part in sorted(self._files)]

    async def _store(self) -> None:
        for part, lines in self._lines.items():
            files = self._files.setdefault(part, [])
            name = f"{self._job.tenant}/{self._job.job_id}/reversal/{self._attempt}-{part:05d}-{len(files):05d}.ndz"
            content, digest = encode_lines(OUTCOMES, lines)
            await self._work.create(name, content)
            files.append({"name": name, "sha256": digest})
        self._lines, self._bytes = {}, 0

    def _reading(self, files: Sequence[Mapping[str, Any]]) -> Read:
        async def read() -> list[Outcome]:
            return [one for file in files for one in await outcomes_in(self._work, file)]

        return read


async def _same(outcomes: list[Outcome]) -> list[Outcome]:
    return outcomes
