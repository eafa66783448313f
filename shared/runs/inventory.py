"""What lies in the vault, folder by folder: whose snapshot it is, how old its blobs are, what it needs.

The vault's own listing is the truth here. The table of snapshots can be changed by whoever may write tables, so a row
that is missing makes nothing go earlier, and what a snapshot needs is read from its manifest, proven as at every read.
Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.ids import SNAPSHOT_ID
from shared.domain.jobs import SnapshotSummary
from shared.formats.digests import sha256
from shared.formats.manifests import Manifest, manifest_name, unseal
from shared.formats.rows import removed_key, snapshot_of
from shared.jobs.retention import DAY_SECONDS
from shared.ports import Aged, Row, Shelf
from shared.runs.snapshot_reader import stored
from shared.runs.snapshots import Snapshots


@dataclass
class Folder:
    """One snapshot's files; `manifest` once it was read and proven, `fault` what is wrong with it, "" if nothing."""

    snapshot_id: str
    prefix: str
    blobs: list[Aged] = field(default_factory=list)
    manifest: Manifest | None = None
    fault: str = ""

    @property
    def age_days(self) -> float:
        """The age of its youngest blob, by the storage service's clock."""
        return min(blob.age_seconds for blob in self.blobs) / DAY_SECONDS

    @property
    def is_sealed(self) -> bool:
        """Whether a manifest is there, proven or not."""
        return any(blob.name == manifest_name(self.prefix) for blob in self.blobs)


class Inventory:
    """The folders of one vault."""

    def __init__(self, snapshots: Snapshots, shelf: Shelf) -> None:
        self._snapshots, self._shelf = snapshots, shelf

    async def folders(self, tenant: str) -> dict[str, Folder]:
        """Return the tenant's folders by snapshot id; what is in no snapshot's folder is nobody's to touch."""
        found: dict[str, Folder] = {}
        for blob in await self._shelf.aged(f"{tenant}/"):
            snapshot_id = blob.name.split("/", 2)[1]
            if SNAPSHOT_ID.match(snapshot_id):
                folder = found.setdefault(snapshot_id, Folder(snapshot_id, f"{tenant}/{snapshot_id}"))
                folder.blobs.append(blob)
        return found

    async def prove(self, tenant: str, folder: Folder, known: SnapshotSummary | None) -> None:
        """Read and prove the folder's manifest, by the digest it is `known` by where it is; note what is wrong."""
        name = manifest_name(folder.prefix)
        try:
            if known is not None:
                folder.manifest = (await self._snapshots.prove(known))[0].manifest
                return
            content = await stored(self._snapshots.vault, name)
            manifest = unseal(content, name=name, expected=None)
            if (manifest.tenant, manifest.snapshot_id) != (tenant, folder.snapshot_id):
                raise IntegrityError(name, "it belongs to another tenant or snapshot than it lies with")
            await self._snapshots.signing.check(self._snapshots.vault, name, sha256(content))
            folder.manifest, folder.fault = manifest, "no row lists it"
        except (IntegrityError, NotFoundError) as error:
            folder.fault = str(error)

    async def removed(self, tenant: str) -> dict[str, tuple[Row, SnapshotSummary]]:
        """Return the rows of snapshots that are leaving or have left, by snapshot id."""
        rows = await self._snapshots.rows.scan(tenant, removed_key(""))
        known = [snapshot_of(row.values, key=row.key) for row in rows]
        return {one.snapshot_id: (row, one) for row, one in zip(rows, known, strict=True)}
