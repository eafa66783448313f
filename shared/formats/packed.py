"""Index rows as the 44 bytes they are stored in: put in order, moved and merged without taking them apart.

Pure. A tenant has a row per object, so sealing and verifying touch each row as few times as Python allows; what a row
means is in objects.py, where the same row has names.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from operator import eq

from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.frames import decompress

PACKED_BYTES = 44
PROOF_END = 32  # the key and the body's digest come first
TYPE_AT, FLAGS_AT = 42, 43
TOMBSTONE = 1
SOFT_DELETED = 2
PLACE = struct.Struct("<32xI8x")
ONE_ROW = struct.Struct(f"{PACKED_BYTES}s")
ONE_KEY = struct.Struct(f"{KEY_BYTES}s{PACKED_BYTES - KEY_BYTES}x")
PLACE_AT, PLACE_END, PLACES = 32, 36, 1 << 32


def in_order(rows: Sequence[bytes]) -> list[bytes]:
    """Return the rows sorted by key and type; rows of one object stay in the order they came in."""
    ordered = sorted(rows)  # as bytes, because that compares keys first and calls no function a row
    if has_repeats([row[:KEY_BYTES] for row in ordered]):
        return sorted(rows, key=_key_and_type)
    return ordered


def has_repeats(ordered: Sequence[bytes]) -> bool:
    """Tell whether any two neighbours are the same."""
    return any(map(eq, ordered, islice(ordered, 1, None)))


def opened(block: bytes, *, name: str) -> bytes:
    """Return the rows of an index block, one after the other; raise IntegrityError naming the file when it is none."""
    content = decompress(block, name=name)
    if len(content) % PACKED_BYTES:
        raise IntegrityError(name, f"{len(content)} bytes of index are no whole number of {PACKED_BYTES}-byte rows")
    return content


def split(content: bytes) -> list[bytes]:
    """Return the rows that lie one after the other in `content`."""
    return [row for (row,) in ONE_ROW.iter_unpack(content)]  # in half the time that as many slices take


def moved(content: bytes, by: int, *, name: str) -> bytes:
    """Return the rows with `by` added to where their bodies lie; tombstones have no body and stay as they are.

    Raises IntegrityError naming the file when a body would lie beyond what four bytes can say.
    """
    if not by or not content:
        return content
    if TOMBSTONE & _any_flag(content):
        rows = split(content)
        return b"".join([row if row[FLAGS_AT] & TOMBSTONE else moved(row, by, name=name) for row in rows])
    places = [place for (place,) in PLACE.iter_unpack(content)]
    if min(places) + by < 0 or max(places) + by >= PLACES:
        raise IntegrityError(name, "an object's place lies outside every file")
    # All rows are added to as one long number: none of them carries into its neighbour, which was just proven.
    step = int.from_bytes(PLACE.pack(abs(by)) * len(places), "little")
    whole = int.from_bytes(content, "little")
    return (whole + step if by > 0 else whole - step).to_bytes(len(content), "little")


def merged(contents: Sequence[bytes]) -> bytes:
    """Return the rows of live objects in order: the last one of each object counts, and none when it is a tombstone."""
    whole = b"".join(contents)
    rows = split(whole)
    ordered = sorted(rows)
    found = b"".join(ordered)
    if has_repeats([key for (key,) in ONE_KEY.iter_unpack(found)]):
        ordered = sorted({_key_and_type(row): row for row in rows}.values(), key=_key_and_type)
        found = b"".join(ordered)
    if TOMBSTONE & _any_flag(whole):
        return b"".join([row for row in ordered if not row[FLAGS_AT] & TOMBSTONE])
    return found


def kinds(content: bytes) -> dict[tuple[int, int], int]:
    """Return how many of the rows that lie one after the other are of each kind: the type's code and the flags."""
    return Counter(zip(content[TYPE_AT::PACKED_BYTES], content[FLAGS_AT::PACKED_BYTES], strict=True))


def flagged(content: bytes, flag: int) -> list[bytes]:
    """Return those of the rows in `content` that carry the flag."""
    if not flag & _any_flag(content):
        return []
    return [row for row in split(content) if row[FLAGS_AT] & flag]


def _any_flag(content: bytes) -> int:
    """Return every flag that any row has, in one number."""
    found = 0
    for flags in set(content[FLAGS_AT::PACKED_BYTES]):
        found |= flags
    return found


def _key_and_type(row: bytes) -> tuple[bytes, int]:
    return row[:KEY_BYTES], row[TYPE_AT]
