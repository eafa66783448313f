"""The stored bodies of one shard, read in one request and opened frame by frame as they are asked for.

Every body is proven by the digest in its row before anybody sees it. A frame is kept open until the last body that was
announced of it is out: whoever asks in the order of the file has one frame open, in memory that the frame before has
just left. Fresh memory for every frame costs as much again as opening it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256

from shared.domain.errors import IntegrityError
from shared.formats.digests import BODY_DIGEST_BYTES
from shared.formats.objects import IndexRow, placed_lines
from shared.formats.segments import ShardRange

Opener = Callable[[IndexRow], bytes]


class ShardBodies:
    """The block of one shard, whole and proven by its directory; `name` is the file it lies in.

    `wanted` are the rows that will be opened. One that was not announced, or comes again, is opened all the same.
    """

    __slots__ = ("_announced", "_content", "_frames", "_name", "_place")

    def __init__(self, name: str, place: ShardRange, content: bytes, wanted: Iterable[IndexRow]) -> None:
        self._name, self._place, self._content = name, place, content
        self._frames: dict[int, _Frame] = {}  # those that are open, by offset
        self._announced = Counter([row[2] for row in wanted])  # bodies of those that are not open yet

    def open(self, row: IndexRow) -> bytes:
        """Return the body that `row` points at; raise IntegrityError when it is not the one the row proves."""
        _key, digest, offset, _length, line, _type_code, _flags = row
        frame = self._frames.get(offset) or self._opened(row)
        frame.left -= 1
        if frame.left <= 0:
            del self._frames[offset]
        starts = frame.starts
        if line + 1 < len(starts):
            body = frame.content[starts[line] : starts[line + 1] - 1]
            if sha256(body).digest()[:BODY_DIGEST_BYTES] == digest:
                return body
        raise IntegrityError(self._name, f"object {row.key.hex()}: the stored body does not match its digest")

    @property
    def frames_open(self) -> int:
        """How many frames are held open."""
        return len(self._frames)

    def _opened(self, row: IndexRow) -> _Frame:
        start = row.offset - self._place.offset
        end = start + row.length
        if start < 0 or end > len(self._content):
            where = f"outside shard {self._place.shard}"
            raise IntegrityError(self._name, f"object {row.key.hex()}: its place lies {where}")
        content, starts = placed_lines(self._content[start:end], name=self._name)
        frame = self._frames[row.offset] = _Frame(content, starts, self._announced.pop(row.offset, 0))
        return frame


class _Frame:
    """An open frame: what it holds, where its bodies begin, and how many of them are still to come."""

    __slots__ = ("content", "left", "starts")

    def __init__(self, content: bytes, starts: list[int], left: int) -> None:
        self.content, self.starts, self.left = content, starts, left
