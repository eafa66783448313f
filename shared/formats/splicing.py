"""One shard of a state put together from its base's sorted rows and those of an increment, as sorted rows again.

Pure. What the increment does not speak of is copied in stretches, so the cost follows what changed and not what is
there. Promises (tests/properties/test_splicing.py checks them against the obvious way):
  S1  the rows are those that reading the increment over its base gives, in order
  S2  a shard of which the increment says nothing is the base's own bytes
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from shared.domain.ids import KEY_BYTES
from shared.formats.link_runs import HEAD_BYTES, ROW_BYTES
from shared.formats.links import ADD, RESET, TAKE, apply_increment
from shared.formats.packed import FLAGS_AT, PACKED_BYTES, TOMBSTONE, TYPE_AT, in_order, split

TAKEN_APART = 16  # rows that cost as much, taken apart and put in order again, as one that is found by halving
AFTER = b"\xff" * (ROW_BYTES + 1)  # no row comes after a lead with this at its end


def spliced_index(base: bytes, own: Sequence[bytes], whole: frozenset[int]) -> bytes:
    """Return the index rows of the base with the increment's over them, tombstones left out.

    None of the base's rows of the types with codes in `whole` counts.
    """
    kept = without_types(base, whole)
    if not own:
        return kept
    living = [row for row in own if not row[FLAGS_AT] & TOMBSTONE]
    replaced = {row[:KEY_BYTES] + row[TYPE_AT : TYPE_AT + 1] for row in own}
    rows = [row for row in split(kept) if row[:KEY_BYTES] + row[TYPE_AT : TYPE_AT + 1] not in replaced]
    return b"".join(in_order(rows + living))


def without_types(index: bytes, codes: frozenset[int]) -> bytes:
    """Return the index rows without those of types with these codes."""
    if not codes.intersection(index[TYPE_AT::PACKED_BYTES]):
        return index
    return b"".join([row for row in split(index) if row[TYPE_AT] not in codes])


def spliced_links(base: bytes, own: Sequence[bytes], whole: frozenset[int]) -> bytes:
    """Return the link rows of the base brought up to date by the increment's 34-byte rows.

    None of the base's rows of the references with codes in `whole` counts.
    """
    kept = without_references(base, whole)
    of_head: dict[bytes, list[bytes]] = {}
    for row in own:
        of_head.setdefault(row[:HEAD_BYTES], []).append(row)
    pieces: list[bytes | memoryview] = []
    at = 0
    for head in sorted(of_head):
        first, end = _place(kept, head), _place(kept, head + AFTER)
        pieces += [memoryview(kept)[at:first], *_of_source(kept, first, end, of_head[head])]
        at = end
    return b"".join([*pieces, memoryview(kept)[at:]]) if pieces else kept


def _of_source(kept: bytes, first: int, end: int, told: Sequence[bytes]) -> Iterator[bytes | memoryview]:
    """Yield one source's rows, from `first` to `end` of `kept`, brought up to date by what is told of it.

    A few changes to a big group are put in their places, found by halving; its rows are not taken apart.
    """
    if len(told) * TAKEN_APART > (end - first) // ROW_BYTES:
        rows = {kept[start : start + ROW_BYTES] for start in range(first, end, ROW_BYTES)}
        apply_increment(rows, told)
        yield from sorted(rows)
        return
    is_added = {row[:ROW_BYTES]: False for row in told if row[ROW_BYTES:] == TAKE}
    is_added |= {row[:ROW_BYTES]: True for row in told if row[ROW_BYTES:] == ADD}  # last, as apply_increment has it
    at = end if any(row[ROW_BYTES:] == RESET for row in told) else first
    for row in sorted(is_added):
        place = _place(kept, row, at, end)
        yield memoryview(kept)[at:place]
        if is_added[row]:
            yield row
        at = place + ROW_BYTES if place < end and kept[place : place + ROW_BYTES] == row else place
    yield memoryview(kept)[at:end]


def of_references(links: bytes, codes: frozenset[int]) -> bytes:
    """Return the link rows of references with these codes alone; rows are sorted by code first."""
    places = [(_place(links, bytes([code])), _place(links, bytes([code]) + AFTER)) for code in sorted(codes)]
    return b"".join([links[first:end] for first, end in places])


def without_references(links: bytes, codes: frozenset[int]) -> bytes:
    """Return the link rows without those of references with these codes; rows are sorted by code first."""
    for code in sorted(codes):
        first, end = _place(links, bytes([code])), _place(links, bytes([code]) + AFTER)
        if first < end:
            links = links[:first] + links[end:]
    return links


def _place(links: bytes, lead: bytes, first: int = 0, end: int | None = None) -> int:
    """Return where in a block of sorted link rows the first row at or after `lead` begins, from `first` to `end`."""

    def row(number: int) -> bytes:
        return links[number * ROW_BYTES : (number + 1) * ROW_BYTES]

    rows = range(first // ROW_BYTES, (len(links) if end is None else end) // ROW_BYTES)
    return first + bisect_left(rows, lead, key=row) * ROW_BYTES
