"""Object bodies and their index: two files of a segment (docs/formats/segments.md).

Pure. Bodies are newline-terminated JSON as Graph sent them, at most 128 to a zstd frame, one shard to a frame; the
index has one 44-byte row per object, sorted by key, compressed shard by shard. Here are the row and the index block,
both ways, and how bodies are read and proven; spooling.py gathers objects into the two files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from shared.domain.errors import IntegrityError
from shared.formats.digests import BODY_DIGEST_BYTES
from shared.formats.frames import compress_rows, decompress
from shared.formats.packed import SOFT_DELETED, TOMBSTONE, in_order, opened

__all__ = ["SOFT_DELETED", "TOMBSTONE"]  # a row's flags are part of its meaning, wherever its bytes are handled

ROW = struct.Struct("<16s16sIIHBB")
KEY_AND_TYPE = itemgetter(0, 5)
BODY_BYTES_MAX = 16 * 1024 * 1024  # ten times Graph's largest object, the manifest of an application (1.2 MB)
NO_DIGEST = bytes(BODY_DIGEST_BYTES)

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class IndexRow(NamedTuple):
    """One object in the index: where its body lies and what proves it; `flags` are TOMBSTONE and SOFT_DELETED."""

    key: bytes
    digest: bytes
    offset: int
    length: int
    line: int
    type_code: int
    flags: int


def encode_index(rows: Iterable[IndexRow]) -> bytes:
    """Return one shard's index block: rows sorted by key and type, compressed."""
    return encode_rows([ROW.pack(*row) for row in rows])


def encode_rows(packed: list[bytes]) -> bytes:
    """Return one shard's index block of rows that are packed already."""
    return compress_rows(b"".join(in_order(packed)))


def decode_index(block: bytes | memoryview, *, name: str, move: int = 0) -> list[IndexRow]:
    """Return the rows of one shard's index block; raise IntegrityError naming the file when it is not one.

    `move` is added to where bodies lie, for a copy of the shard to another place.
    """
    content = opened(block, name=name)
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
    lines = content.split(b"\n")
    del lines[-1]  # nothing follows the last line's end
    return lines


def placed_lines(frame: bytes | memoryview, *, name: str) -> tuple[bytes, list[int]]:
    """Return what one frame holds, and where each of its bodies begins, with the place after the last one's end.

    A body is copied only when somebody takes it out: of most frames a comparison needs some.
    """
    content = decompress(frame, name=name)
    if not content.endswith(b"\n"):
        raise IntegrityError(name, "a frame's last line has no end")
    starts, place, find = [0], 0, content.find
    while place := find(b"\n", place) + 1:
        starts.append(place)
    return content, starts


def body_at(lines: list[bytes], row: IndexRow, *, name: str) -> bytes:
    """Return the body that `row` points at; raise IntegrityError when the row's digest does not prove it."""
    _key, digest, _offset, _length, line, _type_code, _flags = row
    if line >= len(lines) or sha256(lines[line]).digest()[:BODY_DIGEST_BYTES] != digest:
        raise IntegrityError(name, f"object {row.key.hex()}: the stored body does not match its digest")
    return lines[line]


def decode_body(body: bytes, *, name: str) -> dict[str, Any]:
    """Return the object that a stored body is; raise IntegrityError naming it when it is none.

    A body whose digest is right was stored as it is, which does not make it an object: whoever wrote it may have meant
    harm. It must be JSON in UTF-8, an object, and of a size that Graph could have sent.
    """
    if len(body) > BODY_BYTES_MAX:
        raise IntegrityError(name, f"a body of {len(body)} bytes is absurd")
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(name, f"the stored body is no object: {error}") from error
