"""Prove a stored snapshot: every file against the manifest, every body against its index row, counts against both.

Reads only; the first thing that does not match is named in an IntegrityError and nothing after it is trusted.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.types import BY_CODE
from shared.domain.errors import IntegrityError
from shared.formats.digests import checked
from shared.formats.objects import SOFT_DELETED
from shared.runs.snapshots import SnapshotReader, Snapshots, stored


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was proven."""

    snapshot_id: str
    files: int
    bytes: int
    objects: int
    links: int
    is_chained: bool


class Verifying:
    """Verifies snapshots of one vault."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def verify(self, tenant: str, snapshot_id: str) -> Verified:
        """Read everything the snapshot's manifest lists and prove it; raise IntegrityError naming what is wrong."""
        known = await self._snapshots.named(tenant, snapshot_id)
        reader = await self._snapshots.open(tenant, snapshot_id)
        manifest = reader.manifest
        if manifest.tenant != tenant or manifest.snapshot_id != snapshot_id:
            raise IntegrityError(known.manifest_name, "it belongs to another tenant or snapshot")
        size = 0
        for file in manifest.files:
            content = await stored(self._snapshots.vault, file.name)
            size += len(checked(content, name=file.name, length=file.length, expected=file.sha256))
        objects, links = await self._rows(reader)
        is_chained = await self._check_chain(tenant, manifest.previous_sha256, manifest.sequence, known.manifest_name)
        return Verified(
            snapshot_id=snapshot_id,
            files=len(manifest.files),
            bytes=size,
            objects=objects,
            links=links,
            is_chained=is_chained,
        )

    async def _rows(self, reader: SnapshotReader) -> tuple[int, int]:
        """Prove every body and count; the counts must be the manifest's."""
        manifest = reader.manifest
        live = dict.fromkeys(manifest.types, 0)
        deleted = dict.fromkeys(manifest.types, 0)
        links = 0
        for shard in range(manifest.shard_count):
            rows = await reader.index(shard, manifest.shard_count)
            await reader.bodies(rows)
            links += len(await reader.links(shard, manifest.shard_count))
            for row in rows:
                counted = deleted if row.flags & SOFT_DELETED else live
                counted[BY_CODE[row.type_code].name] += 1
        for name, facts in manifest.types.items():
            if (live[name], deleted[name]) != (facts.objects, facts.soft_deleted):
                raise IntegrityError(
                    manifest.snapshot_id, f"{live[name]} {name} objects are stored, {facts.objects} are listed"
                )
        return sum(live.values()) + sum(deleted.values()), links

    async def _check_chain(self, tenant: str, previous_sha256: str, sequence: int, name: str) -> bool:
        """Tell whether the snapshot before this one is the one this manifest names; raise when it is another."""
        for known in await self._snapshots.listed(tenant):
            if known.sequence == sequence - 1:
                if known.manifest_sha256 != previous_sha256:
                    raise IntegrityError(name, f"it does not follow snapshot {known.snapshot_id}: the chain is broken")
                return True
        return sequence == 1
