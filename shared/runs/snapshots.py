"""The sealed snapshots of a tenant: the list of them, and the vault it points into.

A manifest's digest comes from the list (or from the next manifest), its signature from a key that is trusted. Anything
that does not match raises IntegrityError naming the file. What is in a snapshot is read by snapshot_reader.py.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.formats.manifests import MANIFEST_NAME, Manifest
from shared.formats.rows import removed_key, snapshot_key, snapshot_of, snapshot_values
from shared.ports import ANY, Blobs, Put, Row, Rows
from shared.runs.layers import LayeredReader, Readable
from shared.runs.signing import Signing
from shared.runs.snapshot_reader import SnapshotReader, open_manifest


class Snapshots:
    """The snapshot list of each tenant, and the vault it points into."""

    def __init__(self, rows: Rows, vault: Blobs, signing: Signing) -> None:
        self.rows, self.vault, self.signing = rows, vault, signing

    async def listed(self, tenant: str) -> list[SnapshotSummary]:
        """Return every sealed snapshot, newest first."""
        rows = await self.rows.scan(tenant, snapshot_key(""))
        return [_listed(row, tenant) for row in reversed(rows)]

    async def removed(self, tenant: str) -> list[SnapshotSummary]:
        """Return the snapshots that have left the vault, or are leaving, as they were listed, oldest first."""
        rows = await self.rows.scan(tenant, removed_key(""))
        return [snapshot_of(row.values, key=row.key) for row in rows]

    async def latest(self, tenant: str) -> SnapshotSummary | None:
        """Return the newest sealed snapshot, None when there is none."""
        listed = await self.listed(tenant)
        return listed[0] if listed else None

    async def named(self, tenant: str, snapshot_id: str) -> SnapshotSummary:
        """Return the snapshot of that id; raise NotFoundError."""
        row = await self.rows.read(tenant, snapshot_key(snapshot_id))
        if row is None:
            raise NotFoundError("snapshot", snapshot_id)
        return _listed(row, tenant)

    async def on_wire(self, tenant: str, wire_id: str) -> SnapshotSummary:
        """Return the snapshot that Graph's spelling of an id names; raise NotFoundError for what names none."""
        for known in await self.listed(tenant):
            if wire_snapshot_id(known.snapshot_id) == wire_id:
                return known
        raise NotFoundError("snapshot", wire_id)

    async def list_again(self, known: SnapshotSummary) -> None:
        """Write the row of a snapshot whose manifest is in the vault: the list is made from manifests."""
        await self.rows.write(known.tenant, [Put(snapshot_key(known.snapshot_id), snapshot_values(known), ANY)])

    async def open(self, tenant: str, snapshot_id: str) -> Readable:
        """Open a sealed snapshot for reading, a restore point through its base.

        Raises IntegrityError when a manifest is not what was sealed.
        """
        return await self.layered((await self.prove(await self.named(tenant, snapshot_id)))[0])

    async def layered(self, own: SnapshotReader) -> Readable:
        """Return what a manifest lists as a whole state: an increment over its base, which is proven here."""
        return LayeredReader(await self.base_of(own.manifest), own) if own.manifest.is_increment else own

    async def base_of(self, manifest: Manifest) -> SnapshotReader:
        """Open the snapshot that a restore point lies over; raise IntegrityError when it is not the one it names."""
        try:
            known = await self.named(manifest.tenant, manifest.base_id)
        except NotFoundError:
            raise IntegrityError(manifest.snapshot_id, f"its base {manifest.base_id} is not listed") from None
        if known.manifest_sha256 != manifest.base_sha256:
            raise IntegrityError(known.manifest_name, f"it is not the base that {manifest.snapshot_id} was sealed over")
        base = (await self.prove(known))[0]
        if base.manifest.is_increment or base.manifest.shard_count != manifest.shard_count:
            raise IntegrityError(known.manifest_name, f"it cannot be the base of {manifest.snapshot_id}")
        return base

    async def prove(self, known: SnapshotSummary) -> tuple[SnapshotReader, bool]:
        """Open a listed snapshot, its manifest proven; return also whether a trusted key has signed it.

        The list is a mutable row, so a manifest that it names must say itself whose and which it is.
        """
        reader = await open_manifest(self.vault, known.manifest_name, known.manifest_sha256)
        own = reader.manifest
        said = (own.tenant, own.snapshot_id, own.base_id, own.sequence)
        if said != (known.tenant, known.snapshot_id, known.base_id, known.sequence):
            raise IntegrityError(known.manifest_name, "it belongs to another tenant or snapshot than it is listed for")
        return reader, await self.signing.check(self.vault, known.manifest_name, known.manifest_sha256)

    async def manifests(self, tenant: str) -> list[str]:
        """Return the names of all manifests in the vault: the truth from which the list can be rebuilt."""
        names = await self.vault.names(f"{tenant}/")
        return [name for name in names if name.endswith(f"/{MANIFEST_NAME}")]


def summary_of(manifest: Manifest, *, name: str, sha256: str, sealed_at: datetime) -> SnapshotSummary:
    """Return the row of the list for a manifest stored as `name`, as far as the manifest tells it."""
    return SnapshotSummary(
        tenant=manifest.tenant,
        snapshot_id=manifest.snapshot_id,
        base_id=manifest.base_id,
        job_id=manifest.job_id,
        created_at=manifest.created_at,
        sealed_at=sealed_at,
        sequence=manifest.sequence,
        manifest_name=name,
        manifest_sha256=sha256,
        counts=manifest.count(),
        ways={known: facts.way for known, facts in manifest.types.items()},
        incomplete=manifest.incomplete,
    )


def _listed(row: Row, tenant: str) -> SnapshotSummary:
    """Return what a row of the list says; raise IntegrityError when it stands under another's name."""
    known = snapshot_of(row.values, key=row.key)
    if known.tenant != tenant or snapshot_key(known.snapshot_id) != row.key:
        raise IntegrityError(row.key, "the row is that of another tenant or snapshot")
    return known
