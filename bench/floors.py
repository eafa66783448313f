"""The least that any program in this language must do with the same bytes: what each measurement is set against.

A floor keeps no results, checks nothing it was not asked to, and runs in the same run and on the same files.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from shared.formats.frames import compress
from shared.formats.manifests import Manifest, unseal
from shared.formats.objects import ROW, lines_of
from shared.formats.segments import File, Part
from shared.graph.transport import GZIP_WINDOW

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINK_BYTES = 33  # and one more in an increment, for the operation
Place = tuple[bytes, int, int, int]  # a body's digest, the offset and length of its frame, its line

_decode = msgspec.json.Decoder().decode


def hash_and_decompress(root: Path, manifest_name: str) -> int:
    """Hash every stored file, decompress every shard and hash what came out; return the bytes that came out.

    The floor of a full verification.
    """
    size = 0
    for file in _manifest(root, manifest_name).files:
        content = (root / file.name).read_bytes()
        hashlib.sha256(content).digest()
        for part in file.shards:
            opened = zstd.decompress(content[part.offset : part.offset + part.length])
            hashlib.sha256(opened).digest()
            size += len(opened)
    return size


def read_both(sides: tuple[tuple[Path, str], tuple[Path, str]]) -> int:
    """Read the indexes and links of two snapshots into a dictionary and a set of rows, shard by shard, and the bodies
    that differ into objects; return how many do. The floor of a comparison.
    """
    (left_root, left_name), (right_root, right_name) = sides
    left, right = _manifest(left_root, left_name), _manifest(right_root, right_name)
    found = 0
    pairs = zip(_shards(left_root, left), _shards(right_root, right), strict=True)
    for (before, bodies_before), (now, bodies_now) in pairs:
        changed = [key for key, fields in now.items() if key in before and before[key][0] != fields[0]]
        for rows, bodies in ((before, bodies_before), (now, bodies_now)):
            _parse(changed, rows, bodies)
        found += len(changed)
    return found


def read_live(root: Path, target: str, live: str, answers: int) -> int:
    """Read a sealed state and what a live report keeps over it, as `read_both` does, and open the answers it came from.

    The floor of a live report; the answers are those from byte `answers` on.
    """
    return read_both(((root / "vault", target), (root / "work", live))) + open_and_store(root / "answers", answers)


def _shards(root: Path, manifest: Manifest) -> Iterator[tuple[dict[tuple[bytes, int], Place], Path]]:
    """Yield each shard's rows by key, and the file of its bodies."""
    bodies = {part.shard: root / file.name for file in _parts(manifest, "objects") for part in file.shards}
    for index, links in zip(_parts(manifest, "index"), _parts(manifest, "links"), strict=True):
        opened = [(root / file.name).read_bytes() for file in (index, links)]
        for content in opened:
            hashlib.sha256(content).digest()
        for row_part, link_part in zip(index.shards, links.shards, strict=True):
            rows = zstd.decompress(opened[0][row_part.offset : row_part.offset + row_part.length])
            pairs = zstd.decompress(opened[1][link_part.offset : link_part.offset + link_part.length])
            width = LINK_BYTES + manifest.is_increment
            _linked = {pairs[at : at + width] for at in range(0, len(pairs), width)}
            places = {
                (key, code): (digest, offset, length, line)
                for key, digest, offset, length, line, code, _flags in ROW.iter_unpack(rows)
            }
            yield places, bodies[row_part.shard]


def _parse(changed: list[tuple[bytes, int]], rows: dict[tuple[bytes, int], Place], bodies: Path) -> None:
    frames: dict[int, list[bytes]] = {}
    if not changed:
        return
    with bodies.open("rb") as file:
        for key in changed:
            _digest, offset, length, line = rows[key]
            if offset not in frames:
                file.seek(offset)
                frames[offset] = lines_of(file.read(length), name=bodies.name)
            hashlib.sha256(frames[offset][line]).digest()
            msgspec.json.decode(frames[offset][line])


def open_and_store(pages: Path, start: int = 0) -> int:
    """Do `opened_and_stored` with every recorded answer from byte `start` on; return the bytes that came out.

    The floor of a capture, alone. A record is four bytes of length, most significant first, and the body as it came
    over the wire.
    """
    size = 0
    with pages.open("rb") as file:
        file.seek(start)
        while head := file.read(4):
            size += opened_and_stored(file.read(int.from_bytes(head)))
    return size


def opened_and_stored(answer: bytes) -> int:
    """Gunzip, parse, compress and hash one answer, nothing else; return its bytes. To parse is to decode all of it."""
    body = zlib.decompress(answer, GZIP_WINDOW)
    _decode(body)
    compress(body)
    hashlib.sha256(body).digest()
    return len(body)


def _manifest(root: Path, name: str) -> Manifest:
    return unseal((root / name).read_bytes(), name=name, expected=None)


def _parts(manifest: Manifest, part: Part) -> list[File]:
    return [file for file in manifest.files if file.part == part]
