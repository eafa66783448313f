"""Hand a snapshot out: its stored files as they are, and what they hold in a form that people and scripts read.

The stored files are what an import needs, byte for byte; the readable form is for looking and for version control. Both
are proven as every read is. Reads only.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE, reference_of_code
from shared.domain.errors import NotFoundError
from shared.domain.findings import Export, ExportedFile
from shared.domain.ids import key_guid
from shared.domain.jobs import SnapshotSummary
from shared.domain.secrets import without_secrets
from shared.formats.manifests import MANIFEST_NAME
from shared.formats.objects import SOFT_DELETED, IndexRow
from shared.formats.signatures import SIGNATURE_NAME
from shared.runs import finding
from shared.runs.layers import Readable
from shared.runs.snapshot_reader import stored
from shared.runs.snapshots import Snapshots

ENCODER = msgspec.json.Encoder(order="sorted")  # one spelling, whatever order Graph's members came in


class Exporting:
    """Exports snapshots of one vault."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def listed(self, known: SnapshotSummary) -> Export:
        """Return what there is to hand out, the manifest proven.

        Of a restore point the objects are the whole state at its time; the stored files are its own, the increment.
        """
        reader, is_signed = await self._snapshots.prove(known)
        files = [
            ExportedFile(name=last_of(file.name), length=file.length, sha256=file.sha256)
            for file in reader.manifest.files
        ]
        return Export(snapshot=known, is_signed=is_signed, shards=reader.manifest.shard_count, files=files)

    async def file(self, known: SnapshotSummary, name: str) -> bytes:
        """Return a stored file by the last part of its name: one the manifest lists, the manifest, its signature.

        Raises NotFoundError for any other name.
        """
        reader, _is_signed = await self._snapshots.prove(known)
        if name == MANIFEST_NAME:
            return await stored(self._snapshots.vault, known.manifest_name)
        if name == SIGNATURE_NAME:
            return await self._signature(known)
        for file in reader.manifest.files:
            if last_of(file.name) == name:
                return await reader.whole(file)
        raise NotFoundError("file", name[:80])

    async def objects(self, known: SnapshotSummary, shard: int) -> bytes:
        """Return one shard's objects as lines of JSON, in the order of their keys; raise NotFoundError for no shard.

        Every line is spelled the same way for the same object, whatever snapshot it comes from.
        """
        reader = await self._snapshots.open(known.tenant, known.snapshot_id)
        count = reader.manifest.shard_count
        if not 0 <= shard < count:
            raise NotFoundError("shard", str(shard))
        rows = sorted(await reader.index(shard, count))
        links: dict[bytes, dict[str, list[str]]] = {}
        for link in await reader.links(shard, count):
            kind_of = reference_of_code(link[0])
            reference = kind_of[1] if kind_of else f"code {link[0]}"
            links.setdefault(link[1:17], {}).setdefault(reference, []).append(key_guid(link[17:]))
        bodies = await reader.bodies(rows)
        lines = (_line(reader, row, bodies.pop((row.key, row.type_code)), links.get(row.key, {})) for row in rows)
        return b"".join(lines)

    async def _signature(self, known: SnapshotSummary) -> bytes:
        """Return the signature of a manifest that is proven; raise NotFoundError where it was never signed."""
        name = f"{known.manifest_name.rpartition('/')[0]}/{SIGNATURE_NAME}"
        try:
            return await self._snapshots.vault.read(name)
        except NotFoundError:
            raise NotFoundError("file", SIGNATURE_NAME) from None


def last_of(name: str) -> str:
    """Return the last part of a blob's name."""
    return name.rpartition("/")[2]


def _line(reader: Readable, row: IndexRow, content: bytes, links: dict[str, list[str]]) -> bytes:
    body = finding.parsed(content, row, name=reader.manifest.snapshot_id)
    entry = BY_CODE.get(row.type_code)
    document = {
        "type": entry.name if entry else f"code{row.type_code}",
        "id": object_id_of(entry, body) if entry else body.get("id"),
        "key": row.key.hex(),
        "isSoftDeleted": bool(row.flags & SOFT_DELETED),
        "object": without_secrets(body),
        "links": {reference: sorted(others) for reference, others in links.items()},
    }
    return ENCODER.encode(document) + b"\n"
