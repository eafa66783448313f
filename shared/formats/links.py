"""Link rows: the third file of a segment (docs/formats/segments.md).

Pure. A row is 33 bytes: the reference's code, the source's key, the other end's key; rows are sorted and compressed
shard by shard, sharded by source. In an increment a 34th byte says what the row does: `=` forgets every earlier row of
that source and reference (its other end is zero), `-` takes one away, `+` adds one; they are applied in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

from shared.domain.errors import IntegrityError
from shared.domain.ids import GUID_CHARS, GUID_DASHES, KEY_BYTES, object_key, object_keys
from shared.formats.frames import compress_rows, decompress
from shared.formats.link_runs import HEAD_BYTES, ROW_BYTES, each_once, joined_runs, split_rows
from shared.formats.packed import may_repeat
from shared.formats.segments import FileWriter, shard_of

RESET = b"="
ADD = b"+"
TAKE = b"-"
NOTHING = bytes(KEY_BYTES)
BLOCK_BYTES_MAX = 1024 * 1024 * 1024
TELLING = (*range(1, 4), *range(HEAD_BYTES, HEAD_BYTES + 3))  # the first bytes of both ends; most ids are random
SOURCE_CHARS = 2 + GUID_CHARS + 1  # of a row as text: the code, the source, a line end
TEXT_CHARS = SOURCE_CHARS + GUID_CHARS + 1
TEXT_MARKS = (
    *((start + dash, "-") for start in (2, SOURCE_CHARS) for dash in GUID_DASHES),
    (SOURCE_CHARS - 1, "\n"),
    (TEXT_CHARS - 1, "\n"),
)


class LinkSpool:
    """Links of a segment being written; call `add` or `reset`, then `file` once.

    What is kept is a run for each source as it came: rows that begin alike, in order, each of them once.
    """

    def __init__(self, shard_count: int, *, is_increment: bool = False) -> None:
        self.shard_count, self.is_increment = shard_count, is_increment
        self.rows = 0
        self._runs: dict[int, list[bytes]] = {}

    def add(self, code: int, source_id: str, other_id: str) -> None:
        """Add the link from `source_id` to `other_id` of the reference with `code`."""
        self._put(code, object_key(source_id), [object_key(other_id)])

    def add_pairs(self, code: int, pairs: Sequence[tuple[str, str]]) -> None:
        """Add the link of each (source id, other id) of the reference with `code`; for a page of them at once."""
        self.add_linked(code, [(source, (other,)) for source, other in pairs])

    def add_linked(self, code: int, linked: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Add the links from each source id to the ids it names, of the reference with `code`; a page at once."""
        texts = [] if self.is_increment else _run_texts(code, linked)
        packed = _packed("".join(texts))
        if packed and may_repeat(packed, ROW_BYTES, TELLING):
            texts = _run_texts(code, [(source, list(set(named))) for source, named in linked])
            packed = _packed("".join(texts))
        if packed is None:
            for source, named in linked:
                if named:
                    self._put(code, object_key(source), object_keys(named))
            return
        runs, mask, start = self._runs, self.shard_count - 1, 0
        for text in texts:
            end = start + len(text) // TEXT_CHARS * ROW_BYTES
            number = crc32(packed[start + 1 : start + HEAD_BYTES]) & mask  # shard_of, whose call would cost as much
            (runs.get(number) or runs.setdefault(number, [])).append(packed[start:end])
            start = end
        self.rows += len(packed) // ROW_BYTES

    def reset(self, code: int, source_id: str) -> None:
        """Say that this increment holds all links of the source and reference; earlier ones are forgotten."""
        assert self.is_increment, "only an increment replaces what came before"
        self._put(code, object_key(source_id), [NOTHING], RESET)

    def take(self, code: int, source_id: str, other_id: str) -> None:
        """Say that the link from `source_id` to `other_id` is no more, whatever else the source keeps."""
        assert self.is_increment, "only an increment takes away what came before"
        self._put(code, object_key(source_id), [object_key(other_id)], TAKE)

    def _put(self, code: int, source: bytes, others: Sequence[bytes], operation: bytes = ADD) -> None:
        head, end = bytes([code]) + source, operation if self.is_increment else b""
        runs = self._runs.setdefault(shard_of(source, self.shard_count), [])
        runs.append(b"".join([head + other + end for other in each_once(others)]))
        self.rows += len(others)

    def file(self) -> FileWriter:
        """Return the file of link blocks."""
        writer, width = FileWriter("links"), ROW_BYTES + self.is_increment
        for shard in sorted(self._runs):
            content = joined_runs(self._runs[shard], width)
            writer.add(shard, compress_rows(content), len(content) // width)
        return writer


def _run_texts(code: int, linked: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Return the rows of each source as text, a key a line and the other ends in order; nothing for one without any."""
    digits = f"{code:02x}"
    return [  # most sources name one other end (a manager, an owner), which needs no order
        f"{digits}{source}\n{named[0]}\n" if len(named) == 1 else _run_text(f"{digits}{source}\n", sorted(named))
        for source, named in linked
        if named
    ]


def _run_text(head: str, ordered: Sequence[str]) -> str:
    return head + f"\n{head}".join(ordered) + "\n"


def _packed(text: str) -> bytes | None:
    """Return the rows that `text` stands for, None when it is not made of GUIDs in lower case alone.

    In capitals, their order as text would not be that of the keys. Each dash and line end is looked for in its place.
    Then all ids are GUIDs exactly when all other characters are hexadecimal digits: what fromhex skips, as the line
    ends, would leave the bytes too few anywhere else.
    """
    count = len(text) // TEXT_CHARS
    if not text or len(text) != count * TEXT_CHARS or any(capital in text for capital in "ABCDEF"):
        return None
    if any(text[place::TEXT_CHARS] != mark * count for place, mark in TEXT_MARKS):
        return None
    try:
        packed = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    return packed if len(packed) == count * ROW_BYTES else None


def encode_links(rows: Iterable[bytes]) -> bytes:
    """Return one shard's block of link rows, sorted and compressed."""
    return compress_rows(b"".join(sorted(rows)))


def decode_links(block: bytes | memoryview, *, name: str, is_increment: bool = False) -> list[bytes]:
    """Return the rows of one block; raise IntegrityError when it is no whole number of them."""
    content, width = opened_links(block, name=name, is_increment=is_increment), ROW_BYTES + is_increment
    return split_rows(content, width)


def sources_of(rows: Iterable[bytes]) -> set[bytes]:
    """Return the keys of the objects that the link rows begin at."""
    return {row[1:HEAD_BYTES] for row in rows}


def opened_links(block: bytes | memoryview, *, name: str, is_increment: bool = False) -> bytes:
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
    rows.difference_update(row[:ROW_BYTES] for row in changes if row[ROW_BYTES:] == TAKE)
    rows.update(row[:ROW_BYTES] for row in changes if row[ROW_BYTES:] == ADD)
