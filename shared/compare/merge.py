"""Two sorted tables of rows side by side: which rows one has and the other lacks, found without looking at every row.

Pure. Rows have one width and are sorted by their first bytes, so stretches that are equal are passed over by comparing
them as bytes, in steps that double; a row is only looked at by itself where the tables part. An unchanged shard costs
a few comparisons whatever it holds.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, compress
from operator import ne
from typing import NamedTuple

from shared.domain.ids import KEY_BYTES
from shared.formats.objects import ROW, IndexRow

MARK_BYTES = KEY_BYTES + 1  # of an object in either table: key and type code, or digest and flags
_KEY_ORDER = (*range(KEY_BYTES), ROW.size - 2)
_PROOF_ORDER = (*range(KEY_BYTES, 2 * KEY_BYTES), ROW.size - 1)
_ONE_MARK = struct.Struct(f"{MARK_BYTES}s")
_ROWS_AT_ONCE_MAX = 1024
_index_row = partial(tuple.__new__, IndexRow)  # IndexRow._make without a call of Python's, for two of every pair
_PROOFS_AT_ONCE = 256  # looked at one by one when any of them differs: 15 microseconds

Place = tuple[int, int]  # numbers of a row on the left and on the right, -1 where that side has none


class Marks(NamedTuple):
    """What tells whether objects are the same, without where they lie: two tables with a row for each of them.

    Bodies move whenever another body of their shard changes its length, so where they lie says nothing about them.
    """

    keys: bytes  # key and type code, sorted
    proofs: bytes  # digest and flags


def marks(index: bytes) -> Marks:
    """Return the marks of an index block."""
    return Marks(_columns(index, _KEY_ORDER), _columns(index, _PROOF_ORDER))


def _columns(index: bytes, order: Sequence[int]) -> bytes:
    made = bytearray(len(index) // ROW.size * len(order))
    for to, source in enumerate(order):
        made[to :: len(order)] = index[source :: ROW.size]
    return bytes(made)


def row_at(index: bytes, number: int) -> IndexRow:
    """Return the index row of that number."""
    return _index_row(ROW.unpack_from(index, number * ROW.size))


def find(table: Marks, key: bytes, type_code: int) -> int:
    """Return the number of the row that a table of marks has for that object, -1 when it has none."""

    def key_of(number: int) -> bytes:
        return table.keys[number * MARK_BYTES : (number + 1) * MARK_BYTES]

    wanted = key + bytes([type_code])
    at = bisect_left(range(len(table.keys) // MARK_BYTES), wanted, key=key_of)
    return at if key_of(at) == wanted else -1


def unlike_objects(left: Marks, right: Marks) -> Iterator[Place]:
    """Yield the numbers of the rows of objects that differ, in key order: of one side only, or of both."""
    at, on = 0, 0
    ends = (len(left.keys) // MARK_BYTES, len(right.keys) // MARK_BYTES)
    for before, now in chain(unlike(left.keys, right.keys, width=MARK_BYTES, key_bytes=MARK_BYTES), [ends]):
        count = before - at if before >= 0 else now - on  # rows up to here that stand under the same keys
        for number in _unproven(left.proofs, right.proofs, (at, on), count):
            yield at + number, on + number
        if (before, now) != ends:
            yield before, now
        at, on = at + count + (before >= 0), on + count + (now >= 0)


def _unproven(left: bytes, right: bytes, place: Place, count: int) -> Iterator[int]:
    """Yield which of `count` rows, from `place` on, have other proofs; where many have, looking at each is cheapest."""
    for first in range(0, count, _PROOFS_AT_ONCE):
        end = min(first + _PROOFS_AT_ONCE, count)
        ours, theirs = (
            proofs[(start + first) * MARK_BYTES : (start + end) * MARK_BYTES]
            for proofs, start in zip((left, right), place, strict=True)
        )
        if ours != theirs:
            yield from compress(range(first, end), map(ne, _ONE_MARK.iter_unpack(ours), _ONE_MARK.iter_unpack(theirs)))


def unlike(left: bytes, right: bytes, *, width: int, key_bytes: int) -> Iterator[Place]:
    """Yield the numbers of rows that differ, in key order: a row of one side only, or of both under one key."""
    at, on, ends, rows = 0, 0, (len(left), len(right)), _ROWS_AT_ONCE_MAX
    while at < ends[0] and on < ends[1]:
        stretch = left[at : at + rows * width]
        if stretch == right[on : on + rows * width]:
            at, on, rows = at + len(stretch), on + len(stretch), min(rows * 2, _ROWS_AT_ONCE_MAX)
        elif rows > 1:
            rows = max(1, rows // 4)
        else:
            ours, theirs = stretch[:key_bytes], right[on : on + key_bytes]
            is_ours, is_theirs = ours <= theirs, theirs <= ours
            yield (at // width if is_ours else -1, on // width if is_theirs else -1)
            at, on, rows = at + width * is_ours, on + width * is_theirs, 1  # where rows part, more do
    for rest in range(at, ends[0], width):
        yield rest // width, -1
    for rest in range(on, ends[1], width):
        yield -1, rest // width
