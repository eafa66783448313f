"""The golden files as this version writes them, from the values in tests/golden/samples.py.

`exact` are formats whose bytes are fixed; `framed` are zstd files, of which only what they hold is fixed, because
another build of the zstd library may pack the same content into other bytes.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.types import TYPES
from shared.domain.ids import object_key
from shared.formats.change_index import encode_index as encode_index_document
from shared.formats.change_index import encode_rows
from shared.formats.deleted import encode_deleted
from shared.formats.ledgers import encode_ledger
from shared.formats.manifests import seal
from shared.formats.notes import encode_note
from shared.formats.objects import decode_index, encode_index
from shared.formats.records import (
    BEFORE_IMAGES,
    CAUSES,
    CHANGES,
    CONFIRMATIONS,
    DIFFERENCES,
    EXPLANATIONS,
    EXPOSURE,
    ID_MAP,
    MANUAL_STEPS,
    OUTCOMES,
    OVERWRITTEN,
    SCOPE,
    UNKNOWN_OBJECTS,
    encode_records,
)
from shared.formats.rows import (
    batch_values,
    hold_values,
    job_values,
    pruned_values,
    snapshot_values,
    verification_values,
)
from shared.formats.segments import encode_segment
from shared.formats.signatures import encode_signature
from shared.formats.watches import DRIFT_ITEMS, watch_values
from shared.jobs.lease import row_values
from tests.golden import samples
from tests.support.builders import an_id

# Length of the frame in objects.ndz as it was packed for the golden file; another build of zstd may pack it otherwise.
GOLDEN_FRAME_BYTES = 114


def exact() -> dict[str, bytes]:
    """Return the files whose bytes are fixed, by name."""
    rows = {
        "job": job_values(samples.JOB),
        "batch": batch_values(samples.BATCH),
        "snapshot": snapshot_values(samples.SUMMARY),
        "hold": hold_values(samples.HOLD),
        "verification": verification_values(samples.VERIFICATION),
        "pruned": pruned_values(samples.PRUNED),
    }
    rows["drift"] = watch_values(samples.WATCH)
    rows["lease"] = row_values(samples.LEASE)
    files = {
        "segment.json": encode_segment(samples.SEGMENT)[0],
        "manifest.json": seal(samples.MANIFEST)[0],
        "manifest-increment.json": seal(samples.INCREMENT)[0],
        "change-index.json": encode_index_document(samples.CHANGE_INDEX)[0],
        "manifest.sig": encode_signature(samples.SIGNATURE),
        "note.json": encode_note(samples.NOTE),
    }
    files |= {f"row-{name}.json": _readable(msgspec.json.encode(values)) for name, values in rows.items()}
    return files | {f"types/{entry.name}.json": _readable(msgspec.json.encode(entry)) for entry in TYPES}


def ledger() -> bytes:
    """Return a sealed ledger; another build of zstd may pack the same content into other bytes."""
    files = [encode_records(OUTCOMES, samples.OUTCOME_ROWS), encode_records(CONFIRMATIONS, samples.CONFIRMATION_ROWS)]
    parts = tuple(
        msgspec.structs.replace(part, length=len(content), sha256=digest)
        for part, (content, digest) in zip(samples.LEDGER_HEAD.parts, files, strict=True)
    )
    head = msgspec.structs.replace(samples.LEDGER_HEAD, parts=parts)
    return encode_ledger(head, [content for content, _digest in files])[0]


def _readable(content: bytes) -> bytes:
    return msgspec.json.format(content, indent=2) + b"\n"


def framed() -> dict[str, bytes]:
    """Return the zstd files by name."""
    bodies, index = samples.spool().files()
    rows = decode_index(bytes(index.content), name="index.idx")
    packed = [row._replace(length=GOLDEN_FRAME_BYTES) if row.length else row for row in rows]
    return {
        "differences.ndz": encode_records(DIFFERENCES, samples.DIFFERENCE_ROWS)[0],
        "causes.ndz": encode_records(CAUSES, samples.CAUSE_ROWS)[0],
        "explanations.ndz": encode_records(EXPLANATIONS, samples.EXPLANATION_ROWS)[0],
        "drift-items.ndz": encode_records(DRIFT_ITEMS, samples.DRIFT_ROWS)[0],
        "unknown-objects.ndz": encode_records(UNKNOWN_OBJECTS, samples.UNKNOWN_ROWS)[0],
        "scope.ndz": encode_records(SCOPE, samples.SCOPE_PARTS)[0],
        "exposure.ndz": encode_records(EXPOSURE, samples.EXPOSURE_ROWS)[0],
        "changes.ndz": encode_records(CHANGES, samples.CHANGE_ROWS)[0],
        "confirmations.ndz": encode_records(CONFIRMATIONS, samples.CONFIRMATION_ROWS)[0],
        "overwritten.ndz": encode_records(OVERWRITTEN, samples.OVERWRITER_ROWS)[0],
        "manual-steps.ndz": encode_records(MANUAL_STEPS, samples.MANUAL_ROWS)[0],
        "id-map.ndz": encode_records(ID_MAP, samples.ID_MAP_ROWS)[0],
        "outcomes.ndz": encode_records(OUTCOMES, samples.OUTCOME_ROWS_OF_ALL_KINDS)[0],
        "before-images.ndz": encode_records(BEFORE_IMAGES, samples.BEFORE_ROWS)[0],
        "objects.ndz": bytes(bodies.content),
        "index.idx": encode_index(packed),
        "links.zst": bytes(samples.links(is_increment=False).file().content),
        "links-increment.zst": bytes(samples.links(is_increment=True).file().content),
        "links-told.zst": bytes(samples.told_links().file().content),
        "changes.zst": encode_rows(samples.change_rows()),
        "deleted.zst": encode_deleted([(1, object_key(an_id("user-2")))]),
    }


ROW_BYTES = {
    "index.idx": 44,
    "links.zst": 33,
    "links-increment.zst": 34,
    "links-told.zst": 34,
    "changes.zst": 40,
    "deleted.zst": 17,
}
