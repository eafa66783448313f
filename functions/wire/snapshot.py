"""A sealed snapshot on the wire.

Pure. `totalChangedObjects` of the published schema is left out, as the native service leaves it out: a snapshot is
whole, and what changed since another one is a question for a report.
"""

from __future__ import annotations

from functions.wire.names import TYPE_TAG, Json, tag
from shared.domain.findings import Export
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.domain.times import format_time

MEMBERS = frozenset(
    {
        "id",
        "createdDateTime",
        "totalChangedObjects",
        "tidemark.snapshotId",
        "tidemark.sealedDateTime",
        "tidemark.counts",
        "tidemark.baseId",
        "tidemark.ways",
        "tidemark.incomplete",
    }
)


def snapshot_body(snapshot: SnapshotSummary) -> Json:
    """Return a snapshot as Graph shows it, with Tidemark's own id and figures beside."""
    return {
        TYPE_TAG: tag("snapshot"),
        "id": wire_snapshot_id(snapshot.snapshot_id),
        "createdDateTime": format_time(snapshot.created_at),
        "tidemark.snapshotId": snapshot.snapshot_id,
        "tidemark.sealedDateTime": format_time(snapshot.sealed_at),
        "tidemark.counts": snapshot.counts,
        "tidemark.baseId": wire_snapshot_id(snapshot.base_id) if snapshot.base_id else None,
        "tidemark.ways": snapshot.ways,
        "tidemark.incomplete": snapshot.incomplete,
    }


def verified_body(proven: Json) -> Json:
    """Return what a verification has proven, from the fields of its result."""
    snapshot_id = proven["snapshot_id"]
    return {
        "id": wire_snapshot_id(snapshot_id),
        "tidemark.snapshotId": snapshot_id,
        "mode": proven["mode"],
        "snapshots": proven["snapshots"],
        "shards": proven["shards"],
        "files": proven["files"],
        "bytes": proven["bytes"],
        "objects": proven["objects"],
        "links": proven["links"],
        "isChained": proven["is_chained"],
        "isSigned": proven["is_signed"],
    }


def export_body(export: Export) -> Json:
    """Return what there is of a snapshot to be fetched."""
    known = export.snapshot
    return {
        "id": wire_snapshot_id(known.snapshot_id),
        "tidemark.snapshotId": known.snapshot_id,
        "manifestSha256": known.manifest_sha256,
        "isSigned": export.is_signed,
        "shards": export.shards,
        "files": [{"name": file.name, "length": file.length, "sha256": file.sha256} for file in export.files],
    }


def imported_body(known: SnapshotSummary, *, is_signed: bool) -> Json:
    """Return a snapshot that was imported, and whether a trusted key has signed it."""
    return snapshot_body(known) | {"isSigned": is_signed}
