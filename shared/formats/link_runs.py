"""Runs of link rows: rows that begin alike, in order and each once, so that a run is moved at the price of a row.

Pure. A source names all its members in one run where they came in one page, which most do.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter

from shared.domain.ids import KEY_BYTES
from shared.formats.packed import has_repeats

ROW_BYTES = 1 + 2 * KEY_BYTES
HEAD_BYTES = 1 + KEY_BYTES
HEAD = itemgetter(slice(HEAD_BYTES))
ONE_ROW = {width: struct.Struct(f"{width}s") for width in (ROW_BYTES, ROW_BYTES + 1)}
ONE_RUN = re.compile(rb"(.{%d})(?:.{%d}\1)*+.{%d}" % (HEAD_BYTES, KEY_BYTES, KEY_BYTES), re.DOTALL)
BYTES_AT_ONCE = 2 * 1024 * 1024  # of rows that are put in order one by one; 64,000 rows


def split_rows(content: bytes, width: int) -> list[bytes]:
    """Return the rows of `width` bytes that lie one after the other in `content`; in half the time of slices."""
    return [row for (row,) in ONE_ROW[width].iter_unpack(content)]


def each_once(rows: Iterable[bytes]) -> list[bytes]:
    """Return the rows in order, each of them once."""
    ordered = sorted(rows)
    return sorted(set(ordered)) if has_repeats(ordered) else ordered


def runs_of(content: bytes) -> list[bytes]:
    """Return the rows of each source and reference, together as they lie one after the other in sorted `content`."""
    return [found.group() for found in ONE_RUN.finditer(content)]


def joined_runs(runs: Iterable[bytes], width: int = ROW_BYTES) -> bytes:
    """Return the rows of all runs in order, each of them once, one after the other."""
    return b"".join(rows_in_pieces(runs, width))


def rows_in_pieces(runs: Iterable[bytes], width: int = ROW_BYTES) -> list[bytes]:
    """Return the rows of all runs in order, each of them once: one piece, or several of BYTES_AT_ONCE where many meet.

    A run has rows that begin alike, in order and each once, so a whole run is put in its place at the price of a row.
    A group may have every user of the tenant in it, so where one source's rows came in several runs, what was used up
    is let go at once: little more than all rows is held at any time.
    """
    ordered = sorted(runs)
    heads = list(map(HEAD, ordered))
    if not has_repeats(heads):
        return [b"".join(ordered)]
    # What one source names came in several pages: its rows alone are put in order one by one.
    several: dict[bytes, list[bytes]] = {head: [] for head, following in pairwise(heads) if head == following}
    whole: list[bytes] = []
    for head, run in zip(heads, ordered, strict=True):
        several.get(head, whole).append(run)
    del ordered
    while several:
        whole += _rows_in_order(several.popitem()[1], width)
    return list(_put_together(whole))


def _put_together(runs: list[bytes]) -> Iterator[bytes]:
    """Yield what all runs hold in their order, BYTES_AT_ONCE and more together; take them out of the list."""
    runs.sort(reverse=True)
    taken: list[bytes] = []
    size = 0
    while runs:
        taken.append(runs.pop())
        size += len(taken[-1])
        if size >= BYTES_AT_ONCE or not runs:
            yield b"".join(taken)
            taken, size = [], 0


def _rows_in_order(runs: list[bytes], width: int) -> Iterator[bytes]:
    """Yield the rows of runs that begin alike, in order and each once, at most about BYTES_AT_ONCE together.

    Rows taken apart need four times their bytes. So they are taken apart range by range: each run has its rows of a
    range together, because it is in order. The runs are taken out of the list.
    """
    longest = max(runs, key=len)
    rows, ranges = len(longest) // width, -(-sum(map(len, runs)) // BYTES_AT_ONCE)
    cuts = [_row(longest, place, width) for place in [rows * number // ranges for number in range(1, ranges)]]
    del longest
    pieces: list[list[bytes]] = [[] for _range in range(ranges)]
    while runs:
        run, start = runs.pop(), 0
        for place, cut in enumerate((*cuts, b"")):
            end = _before(run, cut, width) if cut else len(run)
            pieces[place].append(run[start:end])
            start = end
    pieces.reverse()
    while pieces:
        yield b"".join(each_once(split_rows(b"".join(pieces.pop()), width)))


def _row(run: bytes, place: int, width: int) -> bytes:
    return run[place * width : (place + 1) * width]


def _before(run: bytes, row: bytes, width: int) -> int:
    """Return how many bytes of a run are rows before `row`."""
    return width * bisect_left(range(len(run) // width), row, key=lambda place: _row(run, place, width))
