"""Merge what a job's segments hold of a few shards, newest row of an object first, into the blocks of final files.

Reads only. Each file of a segment is read once for all the shards that are merged together, because a request costs
more than what it brings; frames of bodies are copied unopened. What a description does not prove raises IntegrityError.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.domain.errors import IntegrityError
from shared.formats.frames import compress_pieces
from shared.formats.link_runs import ROW_BYTES, rows_in_pieces, runs_of
from shared.formats.links import apply_increment, decode_links, opened_links
from shared.formats.packed import PACKED_BYTES, merged, moved, opened
from shared.formats.segments import File, FileWriter, Part, Segment, ShardRange
from shared.ports import Blobs

LINKS: tuple[Part, ...] = ("links",)
OBJECTS: tuple[Part, ...] = ("objects", "index")
Count = Callable[[bytes], None]  # takes link rows that lie one after the other


@dataclass(frozen=True)
class Block:
    """One shard's bytes of one file, proven by the directory's CRC; `at` is where they lie in that file.

    The bytes are a view of what one request brought for several shards: a copy costs more than proving them.
    """

    name: str
    content: memoryview
    at: int


@dataclass(frozen=True)
class Slice:
    """What one segment holds of the shards that are merged: by part and shard, the bytes."""

    is_increment: bool
    blocks: dict[tuple[Part, int], Block]


class Merge:
    """Merges shards `first` to `end` of a job's segments, of which nothing is taken over from an earlier snapshot.

    Ask for all links first, then for all objects: what lies in the segments of one is let go for the other, because the
    links of a group with every user in it and the bodies beside them are the most that a worker ever holds.
    """

    def __init__(self, work: Blobs, segments: Sequence[Segment], first: int, end: int) -> None:
        self._work, self._segments, self._first, self._end = work, segments, first, end
        self._slices: list[Slice] = []
        self._held: tuple[Part, ...] = ()

    async def links(self, shard: int, count: Count) -> tuple[bytes, int]:
        """Return the block that holds the shard's link rows, and how many they are, as merge_links does."""
        return merge_links(await self._of(LINKS), shard, count)

    async def objects(self, shard: int, bodies: FileWriter) -> bytes:
        """Append the frames of the shard to `bodies` and return its packed rows, one after the other in order."""
        return merge_objects(await self._of(OBJECTS), shard, bodies)

    async def _of(self, parts: tuple[Part, ...]) -> list[Slice]:
        if self._held != parts:
            self._slices, self._held = [], parts
            self._slices = await sliced(self._work, self._segments, self._first, self._end, parts)
        return self._slices


async def sliced(
    work: Blobs, segments: Sequence[Segment], first: int, end: int, parts: Sequence[Part] = OBJECTS + LINKS
) -> list[Slice]:
    """Return what each segment has of `parts` in shards `first` to `end`, in the order of the segments."""
    slices = []
    for segment in segments:
        blocks: dict[tuple[Part, int], Block] = {}
        for file in (known for known in segment.files if known.part in parts):
            places = [place for place in file.shards if first <= place.shard < end and place.length]
            for place, block in zip(places, await _read(work, file, places), strict=True):
                blocks[file.part, place.shard] = block
        if blocks:
            slices.append(Slice(segment.is_increment, blocks))
    return slices


def merge_objects(slices: Sequence[Slice], shard: int, bodies: FileWriter) -> bytes:
    """Append the shard's frames to `bodies` and return its packed rows; a later segment's row of an object wins.

    The rows lie one after the other, in order.
    """
    rows: list[bytes] = []
    frames: list[memoryview] = []
    place = bodies.size
    for part in slices:
        index, objects = part.blocks.get(("index", shard)), part.blocks.get(("objects", shard))
        if index is None:
            continue
        source_at = objects.at if objects else 0  # a shard that has nothing but tombstones has no bodies
        rows.append(moved(opened(index.content, name=index.name), place - source_at, name=index.name))
        if objects:
            frames.append(objects.content)
            place += len(objects.content)
    living = merged(rows)
    bodies.add_pieces(shard, frames, len(living) // PACKED_BYTES)
    return living


def merge_links(slices: Sequence[Slice], shard: int, count: Count) -> tuple[bytes, int]:
    """Return the block that holds the shard's link rows in order, and how many they are.

    `count` is given all rows, in order, some at a time.
    """
    held = [(part.is_increment, block) for part in slices if (block := part.blocks.get(("links", shard)))]
    if len(held) == 1 and not held[0][0]:
        only = held[0][1]
        content = opened_links(only.content, name=only.name)
        count(content)
        return bytes(only.content), len(content) // ROW_BYTES
    if any(is_increment for is_increment, _block in held):
        rows: set[bytes] = set()
        for is_increment, block in held:
            found = decode_links(block.content, name=block.name, is_increment=is_increment)
            if is_increment:
                apply_increment(rows, found)
            else:
                rows.update(found)
        pieces = [b"".join(sorted(rows))]
    else:
        opened_blocks = (opened_links(block.content, name=block.name) for _is_increment, block in held)
        pieces = rows_in_pieces(run for block in opened_blocks for run in runs_of(block))
    for piece in pieces:
        count(piece)
    number = sum(map(len, pieces)) // ROW_BYTES
    return compress_pieces(pieces), number


async def _read(work: Blobs, file: File, parts: Sequence[ShardRange]) -> list[Block]:
    """Return the blocks of `parts`, read in one request: a writer puts shards one after the other."""
    if not parts:
        return []
    start, end = min(part.offset for part in parts), max(part.offset + part.length for part in parts)
    content = memoryview(await work.read(file.name, start, end - start))
    blocks = []
    for part in parts:
        block = content[part.offset - start : part.offset - start + part.length]
        if len(block) != part.length or zlib.crc32(block) != part.crc32:
            raise IntegrityError(file.name, f"shard {part.shard} was cut or altered")
        blocks.append(Block(file.name, block, part.offset))
    return blocks
