"""Index rows as the 44 bytes they are stored in: put in order, moved and merged without taking them apart.

Pure. A tenant has a row per object, so sealing and verifying touch each row as few times as Python allows; what a row
means is in objects.py, where the same row has names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
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
ONE_ROW = struct.Struct(f"{PACKED_BYTES}s")
ONE_KEY = struct.Struct(f"{KEY_BYTES}s{PACKED_BYTES - KEY_BYTES}x")
PLACE_AT, PLACE_BYTES = 32, 4
PLACES = 1 << 8 * PLACE_BYTES
KEY_START = range(4)  # of two among the 20,000 rows of a shard, one pair in twenty shards begins alike by chance


def in_order(rows: Sequence[bytes]) -> list[bytes]:
    """Return the rows sorted by key and type; rows of one object stay in the order they came in."""
    ordered = sorted(rows)  # as bytes, because that compares keys first and calls no function a row
    if has_repeats([row[:KEY_BYTES] for row in ordered]):
        return sorted(rows, key=_key_and_type)
    return ordered


def has_repeats(ordered: Sequence[bytes]) -> bool:
    """Tell whether any two neighbours are the same."""
    return any(map(eq, ordered, islice(ordered, 1, None)))


def may_repeat(content: bytes, width: int, places: Iterable[int]) -> bool:
    """Tell whether two neighbours among rows of `width` bytes could be the same, from their bytes at `places` alone.

    A fraction of comparing whole rows: a column of all rows is one long number, set against itself a row further on.
    """
    unlike = 0
    for place in places:
        column = content[place::width]
        unlike |= int.from_bytes(column[1:]) ^ int.from_bytes(column[:-1])
    return 0 in unlike.to_bytes(max(0, len(content) // width - 1))


def opened(block: bytes | memoryview, *, name: str) -> bytes:
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
    count = len(content) // PACKED_BYTES
    places = bytearray(count * PLACE_BYTES)
    for byte in range(PLACE_BYTES):
        places[byte::PLACE_BYTES] = content[PLACE_AT + byte :: PACKED_BYTES]
    if not _can_move(places, by):
        raise IntegrityError(name, "an object's place lies outside every file")
    # All places are added to as one long number: none of them carries into its neighbour, which was just proven.
    step = int.from_bytes(abs(by).to_bytes(PLACE_BYTES, "little") * count, "little")
    whole = int.from_bytes(places, "little")
    there = (whole + step if by > 0 else whole - step).to_bytes(len(places), "little")
    made = bytearray(content)
    for byte in range(PLACE_BYTES):
        made[PLACE_AT + byte :: PACKED_BYTES] = there[byte::PLACE_BYTES]
    return bytes(made)


def _can_move(places: bytearray, by: int) -> bool:
    """Tell whether all places stay within four bytes; most moves are proven by the last byte of each alone."""
    last = places[PLACE_BYTES - 1 :: PLACE_BYTES]
    if by > 0 and (max(last) + 1 << 8 * (PLACE_BYTES - 1)) + by <= PLACES:
        return True
    found: tuple[int, ...] = struct.unpack(f"<{len(last)}I", places)
    return min(found) + by >= 0 and max(found) + by < PLACES


def merged(contents: Sequence[bytes]) -> bytes:
    """Return the rows of live objects in order: the last one of each object counts, and none when it is a tombstone."""
    whole = b"".join(contents)
    rows = split(whole)
    ordered = sorted(rows)
    found = b"".join(ordered)
    if may_repeat(found, PACKED_BYTES, KEY_START) and has_repeats([key for (key,) in ONE_KEY.iter_unpack(found)]):
        ordered = sorted({_key_and_type(row): row for row in rows}.values(), key=_key_and_type)
        found = b"".join(ordered)
    if TOMBSTONE & _any_flag(whole):
        return b"".join([row for row in ordered if not row[FLAGS_AT] & TOMBSTONE])
    return found


def kinds(content: bytes) -> dict[tuple[int, int], int]:
    """Return how many of the rows that lie one after the other are of each kind: the type's code and the flags.

    Rows are counted by columns, and by themselves only where they carry flags other than the most usual ones.
    """
    codes, flags = content[TYPE_AT::PACKED_BYTES], content[FLAGS_AT::PACKED_BYTES]
    usual = max(set(flags), key=flags.count, default=0)
    found = {(code, usual): codes.count(code) for code in set(codes)}
    for other in set(flags) - {usual}:
        for number in _numbers(flags, other):
            code = codes[number]
            found[code, usual] -= 1
            found[code, other] = found.get((code, other), 0) + 1
    return {kind: number for kind, number in found.items() if number}


def flagged(content: bytes, flag: int) -> list[bytes]:
    """Return those of the rows in `content` that carry the flag, in order."""
    flags = content[FLAGS_AT::PACKED_BYTES]
    numbers = sorted(number for known in set(flags) if known & flag for number in _numbers(flags, known))
    return [content[number * PACKED_BYTES : (number + 1) * PACKED_BYTES] for number in numbers]


def _numbers(column: bytes, value: int) -> Iterator[int]:
    """Yield the numbers of the rows whose byte in the column is `value`; the others cost nearly nothing."""
    number = column.find(value)
    while number >= 0:
        yield number
        number = column.find(value, number + 1)


def _any_flag(content: bytes) -> int:
    """Return every flag that any row has, in one number."""
    found = 0
    for flags in set(content[FLAGS_AT::PACKED_BYTES]):
        found |= flags
    return found


def _key_and_type(row: bytes) -> tuple[bytes, int]:
    return row[:KEY_BYTES], row[TYPE_AT]
