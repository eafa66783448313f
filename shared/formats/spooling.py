"""Gather the objects of a segment into its two files, of bodies and of their index (docs/formats/segments.md).

Pure. Objects come in any order and leave by shard: bodies in frames of at most 128 lines, rows sorted by key. The same
objects in the same order give the same bytes, whether they came alone or by pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from zlib import crc32

from shared.domain.ids import object_key, object_keys
from shared.formats.frames import compress, compress_rows, decompress
from shared.formats.objects import NO_DIGEST, ROW, encode_rows
from shared.formats.packed import TOMBSTONE
from shared.formats.segments import FileWriter

FRAME_LINES_MAX = 128
# A little more than the 64 shards of a million users of 1.6 KB have open at most, so that more shards need no more
# memory (docs/decisions/0029-open-frames-of-a-segment.md).
OPEN_BYTES_MAX = 10 * 1024 * 1024 + 512 * 1024

_Object = tuple[bytes, bytes, bytes]  # key, digest, body


class Spool:
    """Objects of a segment being written; call `add` or `add_all`, then `files` once.

    A frame is compressed as soon as it is full, so that what is kept of an object is a row and its share of a frame.
    The more shards, the more frames are open: beyond OPEN_BYTES_MAX, packed ones counted, their lines are packed until
    the frame is full, so that memory does not grow with the tenant. What is stored is the same.
    """

    def __init__(self, shard_count: int) -> None:
        self.shard_count = shard_count
        self.rows = 0
        self._shards: dict[int, _ShardSpool] = {}

    def add(self, object_id: str, body: bytes, *, type_code: int, flags: int = 0) -> None:
        """Add one object; an empty `body` is a tombstone. `body` is one line of JSON."""
        self._add([object_key(object_id)], [body], type_code, flags)

    def add_all(self, object_ids: Sequence[str], bodies: Sequence[bytes], *, type_code: int, flags: int = 0) -> None:
        """Add objects of one type, as `add` does one; for a page of them at once."""
        self._add(object_keys(object_ids), bodies, type_code, flags)
        # A quarter at least is packed at once: less would be compressed line by line where much is packed already.
        if self.open_bytes > OPEN_BYTES_MAX // 4 and self.held_bytes > OPEN_BYTES_MAX:
            for shard in self._shards.values():
                shard.pack_lines()

    def _add(self, keys: Sequence[bytes], bodies: Sequence[bytes], type_code: int, flags: int) -> None:
        mask = self.shard_count - 1
        self.rows += len(keys)
        if not all(bodies):
            known_bodies = list(zip(keys, bodies, strict=True))
            for key in [key for key, body in known_bodies if not body]:
                self._shard(crc32(key) & mask).gone.append((key, type_code, flags | TOMBSTONE))
            keys, bodies = [key for key, body in known_bodies if body], [body for body in bodies if body]
        digests = [sha256(body).digest() for body in bodies]
        groups: dict[int, list[_Object]] = defaultdict(list)
        for known in zip(keys, digests, bodies, strict=True):
            groups[crc32(known[0]) & mask].append(known)  # shard_of, whose call would cost as much as the line
        for number, group in groups.items():
            self._shard(number).add(group, type_code, flags)

    def _shard(self, number: int) -> _ShardSpool:
        return self._shards.get(number) or self._shards.setdefault(number, _ShardSpool())

    @property
    def open_bytes(self) -> int:
        """How many bytes of bodies wait, uncompressed, for their frames to be full."""
        return sum([shard.open_bytes for shard in self._shards.values()])

    @property
    def held_bytes(self) -> int:
        """How many bytes wait for their frames to be full, packed or not."""
        return self.open_bytes + sum([len(lines) for shard in self._shards.values() for lines in shard.packed_lines])

    def files(self) -> tuple[FileWriter, FileWriter]:
        """Return the file of bodies and the file of index blocks."""
        bodies, index = FileWriter("objects"), FileWriter("index")
        for number in sorted(self._shards):
            shard = self._shards[number]
            shard.close_frame()
            rows = shard.packed(bodies.size)
            bodies.add_pieces(number, shard.block, len(rows))
            index.add(number, encode_rows(rows), len(rows))
        return bodies, index


class _ShardSpool:
    """One shard's part of a spool: whole frames, the lines of the next one, and what the rows need.

    Lines are put together by pages as they come: thousands of bodies kept one by one leave a heap full of holes.
    Digests are kept whole, because a row takes no more of them than it has room for.
    """

    __slots__ = ("block", "closed", "digests", "frames", "gone", "keys", "kinds", "open", "open_bytes", "packed_lines")

    def __init__(self) -> None:
        self.block: list[bytes] = []
        self.frames: list[tuple[int, int]] = []  # length, lines
        self.open: list[bytes] = []  # lines of the open frame that follow the packed ones
        self.open_bytes = 0
        self.packed_lines: list[bytes] = []  # the first lines of the open frame, compressed
        self.closed = 0  # lines in whole frames
        self.keys: list[bytes] = []
        self.kinds: list[tuple[int, int]] = []
        self.digests: list[bytes] = []
        self.gone: list[tuple[bytes, int, int]] = []

    def add(self, group: list[_Object], type_code: int, flags: int) -> None:
        """Add objects of one type, each with its body."""
        at = 0
        while at < len(group):
            room = FRAME_LINES_MAX - (len(self.keys) - self.closed)
            keys, digests, bodies = zip(*group[at : at + room], strict=True)
            self.keys += keys
            self.digests += digests
            self.kinds += [(type_code, flags)] * len(keys)
            lines = b"\n".join([*bodies, b""])
            self.open.append(lines)
            self.open_bytes += len(lines)
            if len(keys) == room:
                self.close_frame()
            at += room

    def close_frame(self) -> None:
        """Compress the lines that are open, if any."""
        if self.open or self.packed_lines:
            lines = [decompress(packed, name="lines of an open frame") for packed in self.packed_lines]
            frame = compress(b"".join([*lines, *self.open]))
            self.packed_lines = []
            self.block.append(frame)
            self.frames.append((len(frame), len(self.keys) - self.closed))
            self.open, self.open_bytes, self.closed = [], 0, len(self.keys)

    def pack_lines(self) -> None:
        """Compress what is open so far, fast, to be taken out again when the frame is full."""
        if self.open:
            self.packed_lines.append(compress_rows(b"".join(self.open)))
            self.open, self.open_bytes = [], 0

    def packed(self, start_at: int) -> list[bytes]:
        """Return the index rows of a shard whose block will lie at `start_at`."""
        pack = ROW.pack
        rows = [pack(key, NO_DIGEST, 0, 0, 0, type_code, flags) for key, type_code, flags in self.gone]
        place, first = start_at, 0
        for length, lines in self.frames:
            end = first + lines
            rows += [
                pack(key, digest, place, length, line, type_code, flags)
                for line, (key, digest, (type_code, flags)) in enumerate(
                    zip(self.keys[first:end], self.digests[first:end], self.kinds[first:end], strict=True)
                )
            ]
            place, first = place + length, end
        return rows
