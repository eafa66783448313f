"""Prove stored snapshots: quickly all manifests, part by part, or every byte of one (shared/runs/proving.py).

  quick   every snapshot's manifest, its signature, and that each follows the one before; reads no other file
  subset  one snapshot's manifest, and the part `number` of `of` of its shards, so that `of` runs prove all of it
  full    one snapshot's manifest, every file, every body, every count and every Merkle root

Reads only; the first thing that does not match is named in an IntegrityError and nothing after it is trusted. What
could not be proven for want of something to prove it by is said, never assumed: `is_signed` and `is_chained`.
"""

from __future__ import annotations

import msgspec

from shared.domain.errors import InputError, IntegrityError
from shared.domain.jobs import SnapshotSummary
from shared.domain.verification import Mode
from shared.formats.manifests import Manifest
from shared.formats.segments import SHARDS_MAX
from shared.runs.proving import Proof, prove_shards
from shared.runs.snapshots import Snapshots


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was proven. `snapshots` counts manifests; `files`, `bytes`, `objects` and `links` are of one snapshot."""

    snapshot_id: str
    mode: Mode
    snapshots: int
    shards: int
    files: int
    bytes: int
    objects: int
    links: int
    is_chained: bool
    is_signed: bool


class Verifying:
    """Verifies snapshots of one vault."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def verify(
        self, tenant: str, snapshot_id: str, mode: Mode = Mode.FULL, part: tuple[int, int] = (1, 1)
    ) -> Verified:
        """Prove what `mode` says; `part` is number (from 1) and count of a subset.

        Raises IntegrityError naming what is wrong, and InputError for a part that cannot be.
        """
        number, of = part
        if not 1 <= number <= of <= SHARDS_MAX:
            raise InputError(f"subset {number}/{of}: it must be n/t with n from 1 to t, t at most {SHARDS_MAX}")
        known = await self._snapshots.named(tenant, snapshot_id)
        if mode is Mode.QUICK:
            return await self._quick(tenant, known)
        reader, is_signed = await self._snapshots.prove(known)
        count = reader.manifest.shard_count
        shards = range(count) if mode is Mode.FULL else range(number - 1, count, of)
        is_chained = await self.is_chained(known, reader.manifest)
        proof = await prove_shards(self._snapshots.vault, reader, shards)
        return _verified(known, mode, proof, snapshots=1, is_chained=is_chained, is_signed=is_signed)

    async def is_chained(self, known: SnapshotSummary, manifest: Manifest) -> bool:
        """Tell whether the snapshot before `known` is the one its manifest names; raise IntegrityError for another."""
        listed = await self._snapshots.listed(known.tenant)
        return _is_chained(listed, await self._snapshots.removed(known.tenant), known, manifest)

    async def _quick(self, tenant: str, known: SnapshotSummary) -> Verified:
        """Prove every listed manifest, its signature and the chain; `known` is only whose name the answer carries."""
        listed, removed = await self._snapshots.listed(tenant), await self._snapshots.removed(tenant)
        is_chained = is_signed = True
        for one in listed:
            reader, has_signature = await self._snapshots.prove(one)
            is_chained &= _is_chained(listed, removed, one, reader.manifest)
            is_signed &= has_signature
        return _verified(known, Mode.QUICK, Proof(), snapshots=len(listed), is_chained=is_chained, is_signed=is_signed)


def _is_chained(
    listed: list[SnapshotSummary], removed: list[SnapshotSummary], known: SnapshotSummary, manifest: Manifest
) -> bool:
    """Tell whether the snapshot before this one is the one this manifest names; raise when it is another.

    What has left the vault by its age is remembered by its digest, so that the chain is proven across it.
    """
    before = [one for one in (*listed, *removed) if one.sequence == manifest.sequence - 1]
    same = [one for one in listed if one.sequence == manifest.sequence]
    if len(same) > 1:
        raise IntegrityError(known.manifest_name, f"{len(same)} snapshots have sequence {manifest.sequence}")
    if any(one.manifest_sha256 != manifest.previous_sha256 for one in before):
        raise IntegrityError(
            known.manifest_name, f"it does not follow snapshot {before[0].snapshot_id}: the chain is broken"
        )
    return bool(before) or manifest.sequence == 1


def _verified(
    known: SnapshotSummary, mode: Mode, proof: Proof, *, snapshots: int, is_chained: bool, is_signed: bool
) -> Verified:
    return Verified(
        snapshot_id=known.snapshot_id,
        mode=mode,
        snapshots=snapshots,
        shards=proof.shards,
        files=proof.files,
        bytes=proof.bytes,
        objects=proof.objects,
        links=proof.links,
        is_chained=is_chained,
        is_signed=is_signed,
    )
