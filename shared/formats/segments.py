"""The description of a segment: which files it has and where each shard lies in them (docs/formats/segments.md).

Pure. A segment is up to four files: object bodies, their index, links, and (sealed only) the keys of soft-deleted
objects. A sealed snapshot is a list of files under one manifest; a capture in progress writes many small segments.
Readers open nothing that its description does not prove by length and SHA-256.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from shared.domain.errors import IntegrityError
from shared.formats.digests import checked, sha256
from shared.formats.tags import check_tag

FORMAT = "segment/1"
SHARD_OBJECTS_MAX = 20_000  # "Snapshot format, difference, plan": the largest shard one comparison should hold
SHARDS_MAX = 4096
FILE_BYTES_MAX = 64 * 1024 * 1024  # what one request may carry (shared/azure/blobs.py); nothing larger was ever written
DESCRIPTION_BYTES_MAX = 4 * 1024 * 1024

Part = Literal["objects", "index", "links", "deleted"]


class ShardRange(msgspec.Struct, frozen=True, array_like=True):
    """Where one shard lies in a file: byte range, number of rows, and the CRC-32 that guards an unopened copy."""

    shard: int
    offset: int
    length: int
    rows: int
    crc32: int


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stored file: its blob name, what proves it, and its shard directory."""

    part: Part
    name: str
    length: int
    sha256: str
    rows: int
    shards: tuple[ShardRange, ...]


class FileWriter:
    """The bytes of one file being put together, shard after shard, with its directory."""

    def __init__(self, part: Part) -> None:
        self.part: Part = part
        self.size = 0
        self.shards: list[ShardRange] = []
        self._pieces: list[bytes | memoryview] = []

    def add(self, shard: int, block: bytes | bytearray, rows: int) -> int:
        """Append the block of one shard; return the offset it got."""
        return self.add_pieces(shard, [bytes(block)], rows)

    def add_pieces(self, shard: int, pieces: Sequence[bytes | memoryview], rows: int) -> int:
        """Append the block of one shard, given in pieces; return the offset it got."""
        offset, crc = self.size, 0
        for piece in pieces:
            crc = zlib.crc32(piece, crc)
            self.size += len(piece)
        self._pieces += pieces
        self.shards.append(ShardRange(shard, offset, self.size - offset, rows, crc))
        return offset

    @property
    def content(self) -> bytes:
        """All bytes so far; put together once, because a copy of a file costs as much as hashing it."""
        first = self._pieces[0] if len(self._pieces) == 1 else None
        if not isinstance(first, bytes):
            first = b"".join(self._pieces)
            self._pieces = [first]
        return first

    def file(self, name: str) -> File:
        """Return the description of what was written, to be stored as `name`."""
        rows = sum(part.rows for part in self.shards)
        return File(
            part=self.part,
            name=name,
            length=self.size,
            sha256=sha256(self.content),
            rows=rows,
            shards=tuple(self.shards),
        )


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files of one segment. In an increment, link rows carry an operation and tombstones may occur."""

    format: str = FORMAT
    shard_count: int
    is_increment: bool = False
    files: tuple[File, ...]

    def file(self, part: Part) -> File | None:
        """Return the file that holds `part`, None when the segment has nothing of it."""
        return next((known for known in self.files if known.part == part), None)


def shard_count_for(objects: int) -> int:
    """Return the smallest power of two that keeps shards at or below SHARD_OBJECTS_MAX objects."""
    count = 1
    while count * SHARD_OBJECTS_MAX < objects and count < SHARDS_MAX:
        count *= 2
    return count


def shard_of(key: bytes, shard_count: int) -> int:
    """Return the shard of an object; counts are powers of two, so a smaller count folds a larger one."""
    return zlib.crc32(key) & (shard_count - 1)


def encode_segment(segment: Segment) -> tuple[bytes, str]:
    """Return the description's bytes and their SHA-256."""
    content = msgspec.json.encode(segment)
    return content, sha256(content)


def decode_segment(content: bytes, *, name: str, expected: str) -> Segment:
    """Return the description; raise IntegrityError when it is altered, unknown or out of bounds."""
    checked(content, name=name, length=len(content), expected=expected)
    if len(content) > DESCRIPTION_BYTES_MAX:
        raise IntegrityError(name, "the description of a segment is absurdly large")
    check_tag(content, FORMAT, name=name)
    try:
        segment = msgspec.json.decode(content, type=Segment)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a segment description: {error}") from error
    check_files(segment.files, segment.shard_count, name=name)
    return segment


def check_files(files: tuple[File, ...], shard_count: int, *, name: str) -> None:
    """Raise IntegrityError when a shard directory points outside its file or counts cannot be."""
    if not 1 <= shard_count <= SHARDS_MAX or shard_count & (shard_count - 1):
        raise IntegrityError(name, f"{shard_count} shards: the count must be a power of two up to {SHARDS_MAX}")
    for file in files:
        if file.length < 0 or file.rows < 0:
            raise IntegrityError(file.name, "negative length or row count")
        if file.length > FILE_BYTES_MAX:
            raise IntegrityError(file.name, f"a file of {file.length} bytes is absurd")
        for part in file.shards:
            inside = min(part.offset, part.length) >= 0 and part.offset + part.length <= file.length
            if not inside or not 0 <= part.shard < shard_count or not 0 <= part.rows <= file.rows:
                raise IntegrityError(file.name, f"shard {part.shard} points outside the file")
