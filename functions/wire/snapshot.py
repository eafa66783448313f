"""A sealed snapshot on the wire.

Pure. `totalChangedObjects` of the published schema is left out, as the native service leaves it out: a snapshot is
whole, and what changed since another one is a question for a report.
"""

from __future__ import annotations

import msgspec

from functions.wire.names import TYPE_TAG, Json, tag
from shared.domain.findings import Export
from shared.domain.holds import Hold, HoldEntry
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.domain.protection import Protection
from shared.domain.times import format_time
from shared.domain.verification import Verification

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
        "tidemark.protection",
        "tidemark.alerts",
        "tidemark.hold",
        "tidemark.verification",
    }
)


def snapshot_body(
    snapshot: SnapshotSummary, *, hold: Hold | None = None, verification: Verification | None = None
) -> Json:
    """Return a snapshot as Graph shows it, with Tidemark's own id, its figures, and what is known of it beside."""
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
        "tidemark.protection": protection_body(snapshot.protection) if snapshot.protection else None,
        "tidemark.alerts": list(snapshot.alerts),
        "tidemark.hold": _hold_body(hold.entries[-1]) if hold and hold.is_held else None,
        "tidemark.verification": _verification_body(verification) if verification else None,
    }


def protection_body(protection: Protection) -> Json:
    """Return how well a vault is protected, in words for programs and in a sentence for people."""
    return {
        "lock": protection.lock,
        "days": protection.days,
        "hasLegalHold": protection.has_legal_hold,
        "isPromise": protection.is_promise,
        "said": protection.said(),
    }


def _hold_body(entry: HoldEntry) -> Json:
    return {"setDateTime": format_time(entry.at), "setBy": entry.by, "reason": entry.reason}


def _verification_body(proof: Verification) -> Json:
    return {
        "dateTime": format_time(proof.at),
        "mode": proof.mode,
        "part": proof.part,
        "fault": proof.fault or None,
        "provenWholeDateTime": format_time(proof.full_at) if proof.full_at else None,
        "isSigned": proof.is_signed,
        "isChained": proof.is_chained,
        "requestedBy": proof.requested_by,
    }


def vault_body(told: Json) -> Json:
    """Return how well snapshots are kept, from the fields of what the product tells of itself."""
    rules, pruned = told["rules"], told["pruned"]
    return {
        "protection": protection_body(msgspec.convert(told["protection"], Protection)),
        "retentionDays": rules["retention_days"],
        "keptDays": told["kept_days"],
        "keptNewest": rules["kept_newest"],
        "clockSkewSeconds": told["skew_seconds"],
        "snapshots": told["snapshots"],
        "newestSealedDateTime": told["newest_sealed_at"],
        "newestProvenDateTime": told["newest_proven_at"],
        "isSigned": told["is_signed"],
        "held": told["held"],
        "damaged": told["damaged"],
        "alerted": told["alerted"],
        "pruned": pruned and {_camel(name): value for name, value in pruned.items()},
        "warnings": told["warnings"],
    }


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


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
