"""The change index: which objects and links differ from one state to the next (docs/formats/change-index.md).

Pure. A row is 40 bytes: whose change, what kind, at which sequence, and the digest or the other end. Rows are kept in
runs of consecutive states; eight runs of a size are merged into one of the next, so a year of one object is found in at
most 19 blocks. The index says where to look and proves nothing: readers prove what they find by the snapshots.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec

from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.digests import sha256
from shared.formats.frames import compress, decompress
from shared.formats.segments import SHARDS_MAX
from shared.formats.tags import check_tag

FORMAT = "change-index/1"
DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
ROW = struct.Struct("<16sBBHI16s")
BLOCK_BYTES_MAX = 1024 * 1024 * 1024
BLOCK_DIGEST_BYTES = 16
SHARD_COUNT = 64  # 40,000 rows a day, the usual of 1,000,000 objects: 40,000 rows to a block of 64 days
RUNS_MERGED = 8  # runs of one size that become one: 7 days, 7 weeks of eight and 5 of 64 cover 365

OBJECT, LINKED, UNLINKED, LINKED_BY, UNLINKED_BY = range(5)
GONE = 1  # flags of an object that is not in the state at all, as of a tombstone in an index

Count = Annotated[int, msgspec.Meta(ge=0)]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
BlockDigest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class ChangeRow(NamedTuple):
    """One change of the object with `key`: `code` is its type's, or the reference's where `kind` is one of links.

    `flags` and `value` (the body's digest) say what an object has become; for a link, `value` is the other end's key.
    """

    key: bytes
    code: int
    kind: int
    flags: int
    sequence: int
    value: bytes


class Block(msgspec.Struct, frozen=True, array_like=True):
    """The rows of one shard in a file: byte range, number of rows, first 16 bytes of SHA-256 of the stored bytes."""

    shard: Count
    offset: Count
    length: Count
    rows: Count
    digest: BlockDigest


class IndexFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of blocks."""

    name: str
    length: Count
    blocks: tuple[Block, ...]


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The changes into the states with sequences `first` to `last`; `level` counts how often runs were merged."""

    first: Count
    last: Count
    level: Count
    files: tuple[IndexFile, ...]


class ChangeIndex(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the changes since the state `since` up to the state `sequence` lie.

    `omitted` are sequences that changed too much to be listed: whoever looks back reads those states themselves.
    """

    format: str = FORMAT
    tenant: str
    snapshot_id: str
    manifest_sha256: Digest
    since: Count
    sequence: Count
    shard_count: Count
    omitted: tuple[Count, ...]
    runs: tuple[Run, ...]


def encode_rows(rows: Iterable[bytes]) -> bytes:
    """Return the block of packed rows, which are in the order of their states; it is sorted by key, then by state."""
    in_order = sorted(rows, key=_key)
    return compress(b"".join(in_order))


def decode_rows(block: bytes, *, name: str, digest: str) -> bytes:
    """Return the packed rows of a stored block; raise IntegrityError when it is altered or no whole number of rows."""
    if block_digest(block) != digest:
        raise IntegrityError(name, "a block of the change index was cut or altered")
    content = decompress(block, name=name, bytes_max=BLOCK_BYTES_MAX)
    if len(content) % ROW.size:
        raise IntegrityError(name, f"{len(content)} bytes of changes are no whole number of {ROW.size}-byte rows")
    return content


def split(content: bytes) -> list[bytes]:
    """Return the packed rows that `content` is made of."""
    return [content[start : start + ROW.size] for start in range(0, len(content), ROW.size)]


def rows_of(content: bytes, key: bytes) -> Iterator[ChangeRow]:
    """Return the rows of one object among the sorted rows of a block."""
    count = len(content) // ROW.size
    at = bisect_left(range(count), key, key=lambda number: content[number * ROW.size : number * ROW.size + KEY_BYTES])
    while at < count and content[at * ROW.size : at * ROW.size + KEY_BYTES] == key:
        yield ChangeRow._make(ROW.unpack_from(content, at * ROW.size))
        at += 1


def block_digest(block: bytes) -> str:
    """Return what proves the stored bytes of a block."""
    return hashlib.sha256(block).hexdigest()[: 2 * BLOCK_DIGEST_BYTES]


def mergeable(runs: Sequence[Run]) -> int:
    """Return how many of the last runs are due to become one, 0 for none."""
    last = runs[-RUNS_MERGED:]
    return RUNS_MERGED if len(last) == RUNS_MERGED and len({run.level for run in last}) == 1 else 0


def encode_index(index: ChangeIndex) -> tuple[bytes, str]:
    """Return the document's bytes (keys in order, no spaces) and their SHA-256, which is what gets signed."""
    content = msgspec.json.encode(index, order="sorted")
    return content, sha256(content)


def decode_index(content: bytes, *, name: str) -> ChangeIndex:
    """Return the index; raise IntegrityError when it is unknown, points outside its files, or has runs out of order."""
    if len(content) > DOCUMENT_BYTES_MAX:
        raise IntegrityError(name, f"a change index of {len(content)} bytes is absurd")
    check_tag(content, FORMAT, name=name)
    try:
        index = msgspec.json.decode(content, type=ChangeIndex)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a change index: {error}") from error
    if not 1 <= index.shard_count <= SHARDS_MAX or index.shard_count & (index.shard_count - 1):
        raise IntegrityError(name, f"{index.shard_count} shards: the count must be a power of two")
    covered = index.since
    for run in index.runs:
        if not covered < run.first <= run.last:
            raise IntegrityError(name, f"the run of {run.first} to {run.last} does not follow {covered}")
        covered = run.last
        _check_files(run, index.shard_count)
    if covered > index.sequence:
        raise IntegrityError(name, f"its runs end at {covered}, beyond its own state {index.sequence}")
    return index


def _key(row: bytes) -> bytes:
    return row[:KEY_BYTES]


def _check_files(run: Run, shard_count: int) -> None:
    for file in run.files:
        for block in file.blocks:
            if block.shard >= shard_count or block.offset + block.length > file.length:
                raise IntegrityError(file.name, f"shard {block.shard} points outside the file")
