"""The stored bodies of one shard, read in one request and opened frame by frame as they are asked for.

Every body is proven by the digest in its row before anybody sees it. Whoever asks in the order of the file finds each
frame just opened, still in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from shared.domain.errors import IntegrityError
from shared.formats.digests import BODY_DIGEST_BYTES
from shared.formats.objects import IndexRow, lines_of
from shared.formats.segments import ShardRange

Opener = Callable[[IndexRow], bytes]


class ShardBodies:
    """The block of one shard, whole and proven by its directory; `name` is the file it lies in."""

    __slots__ = ("_content", "_frames", "_name", "_place")

    def __init__(self, name: str, place: ShardRange, content: bytes) -> None:
        self._name, self._place, self._content = name, place, content
        self._frames: dict[int, list[bytes]] = {}

    def open(self, row: IndexRow) -> bytes:
        """Return the body that `row` points at; raise IntegrityError when it is not the one the row proves."""
        key, digest, offset, length, line, _type_code, _flags = row
        lines = self._frames.get(offset)
        if lines is None:
            lines = self._frames[offset] = self._lines(key, offset - self._place.offset, length)
        if line >= len(lines) or sha256(body := lines[line]).digest()[:BODY_DIGEST_BYTES] != digest:
            raise IntegrityError(self._name, f"object {key.hex()}: the stored body does not match its digest")
        return body

    def _lines(self, key: bytes, start: int, length: int) -> list[bytes]:
        if start < 0 or start + length > len(self._content):
            raise IntegrityError(self._name, f"object {key.hex()}: its place lies outside shard {self._place.shard}")
        return lines_of(self._content[start : start + length], name=self._name)
