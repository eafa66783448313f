"""Prove the stored shards of one snapshot: files by digest, bodies by their rows, rows by counts and Merkle roots.

Holds one file and one shard at a time. A file is proven whole even when one of its shards is asked for, because its
digest is over all of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from shared.catalogue.types import BY_CODE
from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.digests import checked
from shared.formats.manifests import Manifest
from shared.formats.objects import SOFT_DELETED, TOMBSTONE, IndexRow
from shared.ports import Blobs
from shared.runs.roots import named_roots
from shared.runs.snapshots import SnapshotReader, stored

SOURCE_END = 1 + KEY_BYTES


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
    manifest, wanted, proof = reader.manifest, set(shards), Proof()
    for file in manifest.files:
        if any(part.shard in wanted for part in file.shards):
            content = checked(await stored(vault, file.name), name=file.name, length=file.length, expected=file.sha256)
            proof.files, proof.bytes = proof.files + 1, proof.bytes + len(content)
    live, deleted = dict.fromkeys(manifest.types, 0), dict.fromkeys(manifest.types, 0)
    for shard in shards:
        rows = await reader.index(shard, manifest.shard_count)
        await reader.bodies([row for row in rows if not row.flags & TOMBSTONE])
        links = await reader.links(shard, manifest.shard_count)
        _check_counts(manifest, shard, rows, links)
        _check_roots(manifest, shard, rows)
        for row in rows:
            if row.flags & TOMBSTONE:
                continue
            counted = deleted if row.flags & SOFT_DELETED else live
            counted[BY_CODE[row.type_code].name] += 1
        proof.shards, proof.links = proof.shards + 1, proof.links + len(links)
    if proof.shards == manifest.shard_count:
        _check_totals(manifest, live, deleted)
    proof.objects = sum(live.values()) + sum(deleted.values())
    return proof


def _check_counts(manifest: Manifest, shard: int, rows: list[IndexRow], links: set[bytes]) -> None:
    """Raise unless the shard holds as many objects and links as the files' own directories say."""
    mask = manifest.shard_count - 1  # the reader takes a links block as it is; a row of another shard is not this one's
    at_home = sum(zlib.crc32(row[1:SOURCE_END]) & mask == shard for row in links)
    found = {"index": len(rows), "links": at_home}
    for file in manifest.files:
        for part in file.shards:
            if part.shard == shard and file.part in found and found[file.part] != part.rows:
                raise IntegrityError(file.name, f"shard {shard} has {found[file.part]} rows, {part.rows} are listed")


def _check_roots(manifest: Manifest, shard: int, rows: list[IndexRow]) -> None:
    """Raise unless the rows give the shard's Merkle root of every type."""
    unknown = {row.type_code for row in rows if row.type_code not in BY_CODE}
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
