"""Put one shard together from sealed files of earlier captures and the segments of this one, newest row first.

Bodies are copied in their frames, unopened. A frame of which no row is current any more is left behind, so a state that
is carried on from day to day does not grow by what it replaced. A source may count for some types only: the others are
read whole by the capture that merges, and nothing older of them may show through.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from shared.compare.shards import Key
from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.frames import compress_rows
from shared.formats.link_runs import ROW_BYTES, joined_runs, runs_of, split_rows
from shared.formats.links import ADD, RESET, opened_links
from shared.formats.objects import KEY_AND_TYPE, ROW, TOMBSTONE, IndexRow, decode_index
from shared.formats.segments import File, FileWriter, Part
from shared.formats.splicing import of_references, spliced_links
from shared.ports import Blobs
from shared.runs.layers import reference_codes
from shared.runs.merging import Count

KEPT_BYTES_MAX = 1024 * 1024  # a segment of changes is far below, a sealed file of a large tenant far above
HEAD = 1 + KEY_BYTES
NONE = frozenset[int]()


@dataclass(frozen=True)
class Source:
    """Files to merge; of the types with `codes` only, None for all. In an increment links carry operations.

    Small files are read once and kept, because what changed lies thinly over all shards.
    """

    blobs: Blobs
    files: Sequence[File]
    is_increment: bool
    codes: frozenset[int] | None = None
    _kept: dict[str, bytes] = field(default_factory=dict, compare=False)

    def file(self, part: Part, shard: int) -> File | None:
        """Return the file that holds a shard's block of `part`, None when there is none."""
        for known in self.files:
            if known.part == part and any(place.shard == shard for place in known.shards):
                return known
        return None

    async def block(self, file: File, shard: int) -> bytes:
        """Return one shard's bytes of a file, guarded by the directory's CRC; empty when it has none."""
        part = next((known for known in file.shards if known.shard == shard), None)
        if part is None or not part.length:
            return b""
        if file.length > KEPT_BYTES_MAX:
            content = await self.blobs.read(file.name, part.offset, part.length)
        else:
            if file.name not in self._kept:
                self._kept[file.name] = await self.blobs.read(file.name)
            content = self._kept[file.name][part.offset : part.offset + part.length]
        if len(content) != part.length or zlib.crc32(content) != part.crc32:
            raise IntegrityError(file.name, f"shard {shard} was cut or altered")
        return content


class Overlay:
    """Merges `sources`, the oldest first, into a whole state, or into an increment that keeps its tombstones."""

    def __init__(self, sources: Sequence[Source], *, is_increment: bool) -> None:
        self._sources, self._is_increment = sources, is_increment

    async def objects(self, shard: int, bodies: FileWriter) -> bytes:
        """Append the frames that are still needed to `bodies` as the shard's block.

        Return its packed rows, one after the other in order.
        """
        newest: dict[Key, tuple[IndexRow, int]] = {}
        for number, source in enumerate(self._sources):
            rows = await _rows(source, shard)
            newest.update(zip(map(KEY_AND_TYPE, rows), zip(rows, repeat(number)), strict=False))
        of_source: list[list[IndexRow]] = [[] for _source in self._sources]
        for row, number in newest.values():
            of_source[number].append(row)
        block, start, kept = bytearray(), bodies.size, []
        for source, rows in zip(self._sources, of_source, strict=True):
            kept += await _copied(source, shard, [row for row in rows if not row.flags & TOMBSTONE], block, start)
        bodies.add(shard, bytes(block), len(kept))
        gone = [row for row, _number in newest.values() if row.flags & TOMBSTONE]
        rows = kept + gone if self._is_increment else kept
        return b"".join([ROW.pack(*row) for row in sorted(rows, key=KEY_AND_TYPE)])

    async def links(self, shard: int, count: Count) -> tuple[bytes, int]:
        """Return the block that holds the shard's link rows in order, and how many they are; `count` is given them.

        A row has 33 bytes in a whole state, and 34 in an increment.
        """
        rows = await self._told_links(shard) if self._is_increment else await self._whole_links(shard)
        count(rows)
        return compress_rows(rows), len(rows) // (ROW_BYTES + self._is_increment)

    async def _told_links(self, shard: int) -> bytes:
        merged: set[bytes] = set()
        for source in self._sources:
            rows = split_rows(await _links(source, shard), ROW_BYTES + source.is_increment)
            merged = _over(merged, rows, is_increment=source.is_increment)
        return b"".join(sorted(merged))

    async def _whole_links(self, shard: int) -> bytes:
        """Lay each increment over what lies before it; a big group's rows are moved together, not one by one."""
        content, beside = b"", list[bytes]()
        for source in self._sources:
            rows = await _links(source, shard)
            if source.is_increment:
                content, beside = spliced_links(_joined(content, beside), split_rows(rows, ROW_BYTES + 1), NONE), []
            elif rows:
                beside.append(rows)
        return _joined(content, beside)


async def gone_keys(sources: Sequence[Source], shard_count: int) -> frozenset[bytes]:
    """Return the keys of objects that an increment among `sources` found gone and that no later one found again."""
    gone: set[bytes] = set()
    for source in sources:
        if not source.is_increment:
            continue
        for shard in range(shard_count):
            rows = await _rows(source, shard)
            gone -= {row.key for row in rows if not row.flags & TOMBSTONE}
            gone |= {row.key for row in rows if row.flags & TOMBSTONE}
    return frozenset(gone)


async def _rows(source: Source, shard: int) -> list[IndexRow]:
    file = source.file("index", shard)
    block = await source.block(file, shard) if file else b""
    if file is None or not block:
        return []
    rows = decode_index(block, name=file.name)
    return rows if source.codes is None else [row for row in rows if row.type_code in source.codes]


async def _copied(source: Source, shard: int, rows: list[IndexRow], block: bytearray, start: int) -> list[IndexRow]:
    """Append the frames that `rows` lie in to `block`, which begins at `start` of its file; return rows that fit."""
    if not rows:
        return []
    file = source.file("objects", shard)
    if file is None:
        raise IntegrityError(source.files[0].name, f"shard {shard} has rows and no bodies")
    content = await source.block(file, shard)
    source_at = next(part.offset for part in file.shards if part.shard == shard)
    moved: dict[int, int] = {}
    for offset, length in sorted({(row.offset, row.length) for row in rows}):
        at = offset - source_at
        if at < 0 or at + length > len(content):
            raise IntegrityError(file.name, f"a frame at {offset} lies outside shard {shard}")
        moved[offset] = start + len(block)
        block += content[at : at + length]
    return [
        IndexRow(key, digest, moved[offset], length, line, type_code, flags)
        for key, digest, offset, length, line, type_code, flags in rows
    ]


async def _links(source: Source, shard: int) -> bytes:
    """Return the link rows that count of a source, one after the other in order."""
    file = source.file("links", shard)
    block = await source.block(file, shard) if file else b""
    if file is None or not block:
        return b""
    rows = opened_links(block, name=file.name, is_increment=source.is_increment)
    if source.codes is None:
        return rows
    codes = reference_codes(source.codes)
    if not source.is_increment:
        return of_references(rows, codes)
    return b"".join([row for row in split_rows(rows, ROW_BYTES + 1) if row[0] in codes])


def _joined(content: bytes, beside: list[bytes]) -> bytes:
    """Return all rows in order, each of them once."""
    parts = [part for part in (content, *beside) if part]
    return joined_runs(run for part in parts for run in runs_of(part)) if len(parts) > 1 else b"".join(parts)


def _over(merged: set[bytes], rows: Iterable[bytes], *, is_increment: bool) -> set[bytes]:
    """Return an increment's rows with those of a later source over them, which has the last word on a link.

    What it resets is forgotten.
    """
    if not is_increment:
        return merged | {row + ADD for row in rows}
    later = set(rows)
    forgotten = {row[:HEAD] for row in later if row[ROW_BYTES:] == RESET}
    told = {row[:ROW_BYTES] for row in later}
    return {row for row in merged if row[:HEAD] not in forgotten and row[:ROW_BYTES] not in told} | later
