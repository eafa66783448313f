"""What a job's readers stored, described as far as each batch that seals needs it.

Reads only. A segment has a range in every shard and there are more of both in a larger tenant, so a worker that held
all of them as objects would need memory by the square of the tenant's size. They are kept packed from one batch to the
next while there is room, and taken out for the shards of the batch alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Any

import msgspec

from shared.domain.jobs import Batch, BatchState, Step
from shared.formats.segments import File, Segment, ShardRange
from shared.ports import Blobs
from shared.runs.staging import load_segment

RANGES_KEPT = 400_000  # 8 MB of them; what is beyond is read again for every batch
PLACE = Struct("<5I")  # a ShardRange: a file is far below 4 GiB, and so is each of its numbers


@dataclass(frozen=True)
class _Packed:
    """A description whose files have their ranges beside them, in 20 bytes each."""

    segment: Segment
    places: tuple[bytes, ...]

    def within(self, first: int, end: int) -> Segment:
        """Return the description without other shards' ranges; those of an increment tell what is gone anywhere."""
        if self.segment.is_increment:
            first, end = 0, self.segment.shard_count
        files = [
            msgspec.structs.replace(file, shards=_ranges(packed, first, end))
            for file, packed in zip(self.segment.files, self.places, strict=True)
        ]
        return msgspec.structs.replace(self.segment, files=tuple(files))


class Descriptions:
    """The descriptions of one job's segments; another job's are forgotten when it comes."""

    def __init__(self, work: Blobs) -> None:
        self._work = work
        self._kept: dict[str, _Packed] = {}
        self._job_id, self._count = "", 0

    async def within(self, job_id: str, batches: Iterable[Batch], first: int, end: int) -> list[Segment]:
        """Return what the readers stored, the oldest first, described as far as shards `first` to `end` go."""
        if job_id != self._job_id:
            self._job_id, self._count, self._kept = job_id, 0, {}
        readers = sorted(
            (batch for batch in batches if batch.step in {Step.READ, Step.ROLL_FORWARD}),
            key=lambda batch: (batch.wave, batch.number),
        )
        assert all(batch.state is BatchState.DONE for batch in readers), "sealing before reading has ended"
        return [(await self._packed(note)).within(first, end) for batch in readers for note in batch.outputs]

    async def _packed(self, note: dict[str, Any]) -> _Packed:
        """Return the description that a note names; kept while there is room, so that few are read twice."""
        digest = str(note["sha256"])
        found = self._kept.get(digest)
        if found is None:
            found = _pack(await load_segment(self._work, note))
            count = sum(map(len, found.places)) // PLACE.size
            if digest not in self._kept and self._count + count <= RANGES_KEPT:
                self._kept[digest] = found
                self._count += count
        return found


def _pack(segment: Segment) -> _Packed:
    files: list[File] = [msgspec.structs.replace(file, shards=()) for file in segment.files]
    places = tuple(
        b"".join([PLACE.pack(*msgspec.structs.astuple(part)) for part in file.shards]) for file in segment.files
    )
    return _Packed(msgspec.structs.replace(segment, files=tuple(files)), places)


def _ranges(packed: bytes, first: int, end: int) -> tuple[ShardRange, ...]:
    return tuple(ShardRange(*place) for place in PLACE.iter_unpack(packed) if first <= place[0] < end)
