"""Two sorted tables of rows side by side: which rows one has and the other lacks, found without looking at every row.

Pure. Rows have one width and are sorted by their first bytes, so stretches that are equal are passed over by comparing
them as bytes, in steps that double; a row is only looked at by itself where the tables part. An unchanged shard costs
a few comparisons whatever it holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from shared.domain.ids import KEY_BYTES
from shared.formats.objects import ROW, IndexRow

MARK_BYTES = 34  # key, type code, flags, digest: what tells whether an object is the same, without where it lies
MARK_KEY_BYTES = KEY_BYTES + 1
_MARK_ORDER = (*range(KEY_BYTES), ROW.size - 2, ROW.size - 1, *range(KEY_BYTES, 2 * KEY_BYTES))
_ROWS_AT_ONCE_MAX = 1024

Place = tuple[int, int]  # numbers of a row on the left and on the right, -1 where that side has none


def marks(index: bytes) -> bytes:
    """Return the rows of an index block without offsets, 34 bytes each, still sorted by key and type code.

    Bodies move whenever another body of their shard changes its length, so where they lie says nothing about them.
    """
    made = bytearray(len(index) // ROW.size * MARK_BYTES)
    for to, source in enumerate(_MARK_ORDER):
        made[to::MARK_BYTES] = index[source :: ROW.size]
    return bytes(made)


def row_at(index: bytes, number: int) -> IndexRow:
    """Return the index row of that number."""
    return IndexRow._make(ROW.unpack_from(index, number * ROW.size))


def find(table: bytes, key: bytes, type_code: int) -> int:
    """Return the number of the row that a table of marks has for that object, -1 when it has none."""

    def key_of(number: int) -> bytes:
        return table[number * MARK_BYTES : number * MARK_BYTES + MARK_KEY_BYTES]

    wanted = key + bytes([type_code])
    at = bisect_left(range(len(table) // MARK_BYTES), wanted, key=key_of)
    return at if key_of(at) == wanted else -1


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
