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

    __slots__ = ("_content", "_frames", "_left", "_name", "_place")

    def __init__(self, name: str, place: ShardRange, content: bytes, wanted: Iterable[IndexRow]) -> None:
        self._name, self._place, self._content = name, place, content
        self._frames: dict[int, tuple[bytes, list[int]]] = {}
        self._left = Counter(row[2] for row in wanted)  # bodies still to come, by the offset of their frame

    def open(self, row: IndexRow) -> bytes:
        """Return the body that `row` points at; raise IntegrityError when it is not the one the row proves."""
        key, digest, offset, length, line, _type_code, _flags = row
        frame = self._frames.get(offset)
        if frame is None:
            frame = self._frames[offset] = self._opened(key, offset - self._place.offset, length)
        content, starts = frame
        self._left[offset] = left = self._left[offset] - 1
        if left <= 0:
            del self._frames[offset]
        if line + 1 < len(starts):
            body = content[starts[line] : starts[line + 1] - 1]
            if sha256(body).digest()[:BODY_DIGEST_BYTES] == digest:
                return body
        raise IntegrityError(self._name, f"object {key.hex()}: the stored body does not match its digest")

    @property
    def frames_open(self) -> int:
        """How many frames are held open."""
        return len(self._frames)

    def _opened(self, key: bytes, start: int, length: int) -> tuple[bytes, list[int]]:
        if start < 0 or start + length > len(self._content):
            raise IntegrityError(self._name, f"object {key.hex()}: its place lies outside shard {self._place.shard}")
        return placed_lines(self._content[start : start + length], name=self._name)
