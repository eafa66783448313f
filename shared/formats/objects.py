"""Object bodies and their index: two files of a segment (docs/formats/segments.md).

Pure. Bodies are newline-terminated JSON as Graph sent them, at most 128 to a zstd frame, one shard to a frame; the
index has one 44-byte row per object, sorted by key, compressed shard by shard.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats.digests import body_digest
from shared.formats.frames import compress, decompress
from shared.formats.segments import FileWriter, shard_of

ROW = struct.Struct("<16s16sIIHBB")
KEY_AND_TYPE = itemgetter(0, 5)
FRAME_LINES_MAX = 128
TOMBSTONE = 1
SOFT_DELETED = 2
NO_DIGEST = bytes(16)


class IndexRow(NamedTuple):
    """One object in the index: where its body lies and what proves it; `flags` are TOMBSTONE and SOFT_DELETED."""

    key: bytes
    digest: bytes
    offset: int
    length: int
    line: int
    type_code: int
    flags: int


class Spool:
    """Objects of a segment being written; call `add` for each, then `files` once."""

    def __init__(self, shard_count: int) -> None:
        self.shard_count = shard_count
        self.rows = 0
        self._bodies: dict[int, list[tuple[bytes, bytes, int, int]]] = {}

    def add(self, object_id: str, body: bytes, *, type_code: int, flags: int = 0) -> None:
        """Add one object; an empty `body` is a tombstone. `body` is one line of JSON."""
        key = object_key(object_id)
        shard = shard_of(key, self.shard_count)
        self._bodies.setdefault(shard, []).append((key, body, type_code, flags))
        self.rows += 1

    def files(self) -> tuple[FileWriter, FileWriter]:
        """Return the file of bodies and the file of index blocks."""
        bodies, index = FileWriter("objects"), FileWriter("index")
        for shard in sorted(self._bodies):
            block = bytearray()
            rows = list(_framed(self._bodies[shard], block, len(bodies.content)))
            bodies.add(shard, bytes(block), len(rows))
            index.add(shard, encode_index(rows), len(rows))
        return bodies, index


def _framed(entries: list[tuple[bytes, bytes, int, int]], block: bytearray, start_at: int) -> Iterable[IndexRow]:
    """Append the bodies of one shard to `block`, which will lie at `start_at`, and yield their index rows."""
    for key, _body, type_code, flags in (entry for entry in entries if not entry[1]):
        yield IndexRow(key, NO_DIGEST, 0, 0, 0, type_code, flags | TOMBSTONE)
    living = [entry for entry in entries if entry[1]]
    for start in range(0, len(living), FRAME_LINES_MAX):
        lines = living[start : start + FRAME_LINES_MAX]
        frame = compress(b"".join(body + b"\n" for _key, body, _type, _flags in lines))
        offset = start_at + len(block)
        block += frame
        for line, (key, body, type_code, flags) in enumerate(lines):
            yield IndexRow(key, body_digest(body), offset, len(frame), line, type_code, flags)


def encode_index(rows: Iterable[IndexRow]) -> bytes:
    """Return one shard's index block: rows sorted by key and type, compressed."""
    return compress(b"".join([ROW.pack(*row) for row in sorted(rows, key=KEY_AND_TYPE)]))


def decode_index(block: bytes, *, name: str, move: int = 0) -> list[IndexRow]:
    """Return the rows of one shard's index block; raise IntegrityError naming the file when it is not one.

    `move` is added to where bodies lie, for a copy of the shard to another place.
    """
    content = decompress(block, name=name)
    if len(content) % ROW.size:
        raise IntegrityError(name, f"{len(content)} bytes of index are no whole number of {ROW.size}-byte rows")
    if not move:
        return list(map(IndexRow._make, ROW.iter_unpack(content)))
    return [
        IndexRow(key, digest, offset if flags & TOMBSTONE else offset + move, length, line, type_code, flags)
        for key, digest, offset, length, line, type_code, flags in ROW.iter_unpack(content)
    ]


def lines_of(frame: bytes, *, name: str) -> list[bytes]:
    """Return the bodies of one frame, in order, without their newlines."""
    content = decompress(frame, name=name)
    if not content.endswith(b"\n"):
        raise IntegrityError(name, "a frame's last line has no end")
    return content[:-1].split(b"\n")


def body_at(lines: list[bytes], row: IndexRow, *, name: str) -> bytes:
    """Return the body that `row` points at; raise IntegrityError when the row's digest does not prove it."""
    _key, digest, _offset, _length, line, _type_code, _flags = row
    if line >= len(lines) or body_digest(lines[line]) != digest:
        raise IntegrityError(name, f"object {row.key.hex()}: the stored body does not match its digest")
    return lines[line]
