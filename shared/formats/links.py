"""Link rows: the third file of a segment (docs/formats/segments.md).

Pure. A row is 33 bytes: the reference's code, the source's key, the other end's key; rows are sorted and compressed
shard by shard, sharded by source. In an increment a 34th byte says what the row does: `=` forgets every earlier row of
that source and reference (its other end is zero), `+` adds one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES, object_key, object_keys
from shared.formats.frames import compress, decompress
from shared.formats.packed import has_repeats
from shared.formats.segments import FileWriter, shard_of

ROW_BYTES = 1 + 2 * KEY_BYTES
HEAD_BYTES = 1 + KEY_BYTES
RESET = b"="
ADD = b"+"
NOTHING = bytes(KEY_BYTES)
BLOCK_BYTES_MAX = 1024 * 1024 * 1024


class LinkSpool:
    """Links of a segment being written; call `add` or `reset`, then `file` once."""

    def __init__(self, shard_count: int, *, is_increment: bool = False) -> None:
        self.shard_count, self.is_increment = shard_count, is_increment
        self.rows = 0
        self._rows: dict[int, list[bytes]] = {}

    def add(self, code: int, source_id: str, other_id: str) -> None:
        """Add the link from `source_id` to `other_id` of the reference with `code`."""
        self._put(code, object_key(source_id), [object_key(other_id)])

    def add_pairs(self, code: int, pairs: Sequence[tuple[str, str]]) -> None:
        """Add the link of each (source id, other id) of the reference with `code`; for a page of them at once."""
        sources = object_keys([source for source, _other in pairs])
        others = object_keys([other for _source, other in pairs])
        for source, other in zip(sources, others, strict=True):
            self._put(code, source, [other])

    def add_linked(self, code: int, linked: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Add the links from each source id to the ids it names, of the reference with `code`; a page at once."""
        sources = object_keys([source for source, _others in linked])
        others = object_keys(list(chain.from_iterable(named for _source, named in linked)))
        start = 0
        for source, (_source, named) in zip(sources, linked, strict=True):
            end = start + len(named)
            self._put(code, source, others[start:end])
            start = end

    def reset(self, code: int, source_id: str) -> None:
        """Say that this increment holds all links of the source and reference; earlier ones are forgotten."""
        assert self.is_increment, "only an increment replaces what came before"
        self._put(code, object_key(source_id), [NOTHING], RESET)

    def _put(self, code: int, source: bytes, others: Sequence[bytes], operation: bytes = ADD) -> None:
        head, end = bytes([code]) + source, operation if self.is_increment else b""
        rows = self._rows.setdefault(shard_of(source, self.shard_count), [])
        rows += [head + other + end for other in others]
        self.rows += len(others)

    def file(self) -> FileWriter:
        """Return the file of link blocks."""
        writer = FileWriter("links")
        for shard in sorted(self._rows):
            rows = each_once(self._rows[shard])
            writer.add(shard, compress(b"".join(rows)), len(rows))
        return writer


def each_once(rows: Iterable[bytes]) -> list[bytes]:
    """Return the rows in order, each of them once."""
    ordered = sorted(rows)
    return sorted(set(ordered)) if has_repeats(ordered) else ordered


def encode_links(rows: Iterable[bytes]) -> bytes:
    """Return one shard's block of link rows, sorted and compressed."""
    return compress(b"".join(sorted(rows)))


def decode_links(block: bytes, *, name: str, is_increment: bool = False) -> list[bytes]:
    """Return the rows of one block; raise IntegrityError when it is no whole number of them."""
    content, width = opened_links(block, name=name, is_increment=is_increment), ROW_BYTES + is_increment
    return [content[start : start + width] for start in range(0, len(content), width)]


def opened_links(block: bytes, *, name: str, is_increment: bool = False) -> bytes:
    """Return the rows of one block, one after the other; raise IntegrityError when it is no whole number of them."""
    content = decompress(block, name=name, bytes_max=BLOCK_BYTES_MAX)
    width = ROW_BYTES + is_increment
    if len(content) % width:
        raise IntegrityError(name, f"{len(content)} bytes of links are no whole number of {width}-byte rows")
    return content


def apply_increment(rows: set[bytes], increment: Iterable[bytes]) -> None:
    """Bring `rows` (33-byte rows of one shard) up to date with an increment's 34-byte rows."""
    changes = list(increment)
    forgotten = {row[:HEAD_BYTES] for row in changes if row[ROW_BYTES:] == RESET}
    if forgotten:
        rows.difference_update({row for row in rows if row[:HEAD_BYTES] in forgotten})
    rows.update(row[:ROW_BYTES] for row in changes if row[ROW_BYTES:] == ADD)
