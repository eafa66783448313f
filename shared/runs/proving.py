"""Prove the stored shards of one snapshot: files by digest, bodies by their rows, rows by counts and Merkle roots.

Each file is read once. One shard is held at a time, beside the files that it lies in; a file is proven whole even when
one of its shards is asked for, because its digest is over all of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from operator import lt

from shared.catalogue.types import BY_CODE
from shared.domain.errors import IntegrityError
from shared.formats.digests import BODY_DIGEST_BYTES, checked
from shared.formats.link_runs import ROW_BYTES as LINK_BYTES
from shared.formats.link_runs import split_rows
from shared.formats.links import opened_links, sources_of
from shared.formats.manifests import Manifest
from shared.formats.objects import lines_of
from shared.formats.packed import FLAGS_AT, ONE_KEY, SOFT_DELETED, TOMBSTONE, in_order, kinds, opened, split
from shared.formats.segments import File, Part, ShardRange
from shared.ports import Blobs
from shared.runs.roots import named_roots
from shared.runs.snapshot_reader import SnapshotReader, stored

PROOF = struct.Struct("<16x16sIIHxx")  # of an index row: the body's digest, its frame's offset and length, its line


@dataclass
class Proof:
    """How much has been proven."""

    shards: int = 0
    files: int = 0
    bytes: int = 0
    objects: int = 0
    links: int = 0


async def prove_shards(vault: Blobs, reader: SnapshotReader, shards: Sequence[int]) -> Proof:
    """Prove `shards` of the snapshot that `reader` has open, and its counts when those are all of them.

    Raises IntegrityError naming the file, or the snapshot when its parts are whole and do not belong together.
    """
    manifest, proof = reader.manifest, Proof()
    files = _Files(vault, manifest, proof)
    live, deleted = dict.fromkeys(manifest.types, 0), dict.fromkeys(manifest.types, 0)
    for shard in shards:
        rows = await _proven_rows(files, shard, manifest)
        proof.links += await _proven_links(files, shard, manifest)
        await files.prove("deleted", shard)
        _check_roots(manifest, shard, rows)
        for (type_code, flags), number in kinds(rows).items():
            if not flags & TOMBSTONE:
                counted = deleted if flags & SOFT_DELETED else live
                counted[BY_CODE[type_code].name] += number
        proof.shards += 1
    if proof.shards == manifest.shard_count:
        await files.prove_rest()
        _check_totals(manifest, live, deleted)
    proof.objects = sum(live.values()) + sum(deleted.values())
    return proof


class _Files:
    """The files of a snapshot, each proven by its digest when it is first touched; the last of each part is kept."""

    def __init__(self, vault: Blobs, manifest: Manifest, proof: Proof) -> None:
        self._vault, self._manifest, self._proof = vault, manifest, proof
        self._homes: dict[tuple[Part, int], list[tuple[File, ShardRange]]] = {}
        for file in manifest.files:
            for part in file.shards:
                self._homes.setdefault((file.part, part.shard), []).append((file, part))
        self._kept: dict[Part, tuple[str, bytes]] = {}
        self._proven: set[str] = set()

    async def block(self, part: Part, shard: int) -> tuple[str, ShardRange, bytes] | None:
        """Return the block of a shard, with the name of the file it lies in and its place there, None without one.

        A block that is missing leaves the Merkle roots and counts wrong, which finds it; a second one is refused here.
        """
        homes = self._homes.get((part, shard), [])
        if not homes:
            return None
        (file, place), *others = homes
        if others:
            raise IntegrityError(others[0][0].name, f"shard {shard} is listed twice")
        content = await self._whole(file)
        return file.name, place, content[place.offset : place.offset + place.length]

    async def prove(self, part: Part, shard: int) -> None:
        """Prove the files that hold `part` of a shard, whose rows need no proof of their own."""
        for file, _place in self._homes.get((part, shard), []):
            await self._whole(file)

    async def prove_rest(self) -> None:
        """Prove the files that no shard led to."""
        for file in self._manifest.files:
            if file.name not in self._proven:
                await self._whole(file)

    async def _whole(self, file: File) -> bytes:
        name, content = self._kept.get(file.part, ("", b""))
        if name == file.name:
            return content
        self._kept.pop(file.part, None)  # before the next one is there, so that two are never held
        content = checked(
            await stored(self._vault, file.name), name=file.name, length=file.length, expected=file.sha256
        )
        self._kept[file.part] = (file.name, content)
        if file.name not in self._proven:
            self._proven.add(file.name)
            self._proof.files, self._proof.bytes = self._proof.files + 1, self._proof.bytes + len(content)
        return content


async def _proven_rows(files: _Files, shard: int, manifest: Manifest) -> bytes:
    """Return the shard's packed rows, once their number, order and home and every body has been proven."""
    found = await files.block("index", shard)
    if found is None:
        return b""
    name, place, block = found
    content, mask = opened(block, name=name), manifest.shard_count - 1
    rows = split(content)
    at_home = sum(zlib.crc32(key) & mask == shard for (key,) in ONE_KEY.iter_unpack(content))
    if not at_home == len(rows) == place.rows:
        raise IntegrityError(name, f"shard {shard} has {at_home} of {len(rows)} rows, {place.rows} are listed")
    if in_order(rows) != rows:
        raise IntegrityError(name, f"shard {shard} has rows out of order")
    bodied = content
    if manifest.is_increment:  # only there do rows without a body occur
        bodied = b"".join([row for row in rows if not row[FLAGS_AT] & TOMBSTONE])
    frames: dict[tuple[int, int], list[tuple[bytes, int]]] = {}
    for digest, offset, length, line in PROOF.iter_unpack(bodied):
        frames.setdefault((offset, length), []).append((digest, line))
    home = await files.block("objects", shard)
    if frames and home is None:
        raise IntegrityError(manifest.snapshot_id, f"shard {shard} has no file of bodies")
    if home is not None:
        _prove_bodies(home, frames)
    return content


def _prove_bodies(home: tuple[str, ShardRange, bytes], frames: dict[tuple[int, int], list[tuple[bytes, int]]]) -> None:
    """Raise unless every frame has the lines that the rows say, by their digests."""
    name, where, bodies = home
    for (offset, length), proofs in frames.items():
        start = offset - where.offset
        if start < 0 or start + length > len(bodies):
            raise IntegrityError(name, f"a body's place lies outside shard {where.shard}")
        lines = lines_of(bodies[start : start + length], name=name)
        digests = [sha256(line).digest()[:BODY_DIGEST_BYTES] for line in lines]
        if any(line >= len(digests) or digests[line] != digest for digest, line in proofs):
            raise IntegrityError(name, f"shard {where.shard}: a stored body does not match its digest")


async def _proven_links(files: _Files, shard: int, manifest: Manifest) -> int:
    """Return how many links the shard has, once it is proven that each comes once and begins in this shard."""
    found = await files.block("links", shard)
    if found is None:
        return 0
    name, place, block = found
    mask = manifest.shard_count - 1
    content = opened_links(block, name=name, is_increment=manifest.is_increment)
    rows = split_rows(content, LINK_BYTES + manifest.is_increment)
    strays = sum(zlib.crc32(source) & mask != shard for source in sources_of(rows))
    if strays or len(rows) != place.rows:
        counted = f"shard {shard} has {len(rows)} rows and {strays} sources of other shards"
        raise IntegrityError(name, f"{counted}, {place.rows} rows are listed")
    if not all(map(lt, rows, islice(rows, 1, None))):
        raise IntegrityError(name, f"shard {shard} has links out of order, or one of them twice")
    return len(rows)


def _check_roots(manifest: Manifest, shard: int, rows: bytes) -> None:
    """Raise unless the rows give the shard's Merkle root of every type."""
    unknown = {code for code, _flags in kinds(rows) if code not in BY_CODE}
    if unknown:
        raise IntegrityError(manifest.snapshot_id, f"shard {shard} has objects of unknown types {sorted(unknown)}")
    found = named_roots(rows, manifest.tenant, manifest.snapshot_id)
    listed = {name: facts.shard_roots[shard] for name, facts in manifest.types.items() if facts.shard_roots[shard]}
    if found != listed:
        wrong = sorted(name for name in {*found, *listed} if found.get(name) != listed.get(name))
        raise IntegrityError(manifest.snapshot_id, f"shard {shard}: the Merkle root of {', '.join(wrong)} differs")


def _check_totals(manifest: Manifest, live: dict[str, int], deleted: dict[str, int]) -> None:
    """Raise unless every object that the manifest counts is there."""
    for name, facts in manifest.types.items():
        if (live[name], deleted[name]) != (facts.objects, facts.soft_deleted):
            raise IntegrityError(
                manifest.snapshot_id, f"{live[name]} {name} objects are stored, {facts.objects} are listed"
            )
