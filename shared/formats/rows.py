"""How jobs, batches and snapshots are kept in table rows (docs/formats/rows.md).

Pure. A row is one JSON document with a format tag, beside the few plain columns a person looks for in a storage
explorer. Keys are prefixed by kind, so one scan lists one kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from shared.domain.errors import IntegrityError
from shared.domain.holds import Hold
from shared.domain.jobs import Batch, Job, SnapshotSummary
from shared.domain.pruning import Pruned
from shared.domain.verification import Verification

JOB_FORMAT = "job/1"
BATCH_FORMAT = "batch/1"
SNAPSHOT_FORMAT = "snapshot-row/1"
HOLD_FORMAT = "hold/1"
VERIFICATION_FORMAT = "verification/1"
PRUNED_FORMAT = "pruned/1"
PRUNED_KEY = "pruned"
BATCHES_MAX = 99_999

Values = dict[str, str | int | bool]
Document = TypeVar("Document")


def job_key(job_id: str) -> str:
    """Return the row key of a job."""
    return f"job-{job_id}"


def batch_prefix(job_id: str) -> str:
    """Return what the keys of a job's batches start with."""
    return f"batch-{job_id}-"


def batch_key(job_id: str, number: int) -> str:
    """Return the row key of a batch; keys sort as the numbers do."""
    assert 0 <= number <= BATCHES_MAX
    return f"{batch_prefix(job_id)}{number:05d}"


def snapshot_key(snapshot_id: str) -> str:
    """Return the row key of a snapshot; keys sort by time."""
    return f"snapshot-{snapshot_id}"


def removed_key(snapshot_id: str) -> str:
    """Return the row key of what is remembered of a snapshot that is being, or was, removed."""
    return f"removed-{snapshot_id}"


def hold_key(snapshot_id: str) -> str:
    """Return the row key of a snapshot's hold."""
    return f"hold-{snapshot_id}"


def verification_key(snapshot_id: str) -> str:
    """Return the row key of how a snapshot's last verification ended."""
    return f"verification-{snapshot_id}"


def job_values(job: Job) -> Values:
    """Return what the table keeps of a job."""
    return {"format": JOB_FORMAT, "kind": job.kind, "state": job.state, "document": _text(job)}


def batch_values(batch: Batch) -> Values:
    """Return what the table keeps of a batch."""
    return {"format": BATCH_FORMAT, "step": batch.step, "state": batch.state, "document": _text(batch)}


def snapshot_values(snapshot: SnapshotSummary) -> Values:
    """Return what the table keeps of a snapshot; the manifest stays the truth."""
    return {"format": SNAPSHOT_FORMAT, "document": _text(snapshot)}


def hold_values(hold: Hold) -> Values:
    """Return what the table keeps of a snapshot's hold."""
    return {"format": HOLD_FORMAT, "state": "held" if hold.is_held else "free", "document": _text(hold)}


def verification_values(verification: Verification) -> Values:
    """Return what the table keeps of a verification."""
    state = "damaged" if verification.fault else "proven"
    return {"format": VERIFICATION_FORMAT, "state": state, "document": _text(verification)}


def pruned_values(pruned: Pruned) -> Values:
    """Return what the table keeps of the last pruning."""
    return {"format": PRUNED_FORMAT, "document": _text(pruned)}


def job_of(values: Mapping[str, str | int | bool], *, key: str) -> Job:
    """Return the job a row holds."""
    return _document(values, Job, JOB_FORMAT, key)


def batch_of(values: Mapping[str, str | int | bool], *, key: str) -> Batch:
    """Return the batch a row holds."""
    return _document(values, Batch, BATCH_FORMAT, key)


def snapshot_of(values: Mapping[str, str | int | bool], *, key: str) -> SnapshotSummary:
    """Return the snapshot a row holds."""
    return _document(values, SnapshotSummary, SNAPSHOT_FORMAT, key)


def hold_of(values: Mapping[str, str | int | bool], *, key: str) -> Hold:
    """Return the hold a row holds."""
    return _document(values, Hold, HOLD_FORMAT, key)


def verification_of(values: Mapping[str, str | int | bool], *, key: str) -> Verification:
    """Return the verification a row holds."""
    return _document(values, Verification, VERIFICATION_FORMAT, key)


def pruned_of(values: Mapping[str, str | int | bool], *, key: str) -> Pruned:
    """Return the pruning a row holds."""
    return _document(values, Pruned, PRUNED_FORMAT, key)


def _text(document: msgspec.Struct) -> str:
    return msgspec.json.encode(document).decode()


def _document(values: Mapping[str, str | int | bool], kind: type[Document], tag: str, key: str) -> Document:
    if values.get("format") != tag:
        raise IntegrityError(key, f"format {values.get('format')!r}; {tag!r} was expected")
    try:
        return msgspec.json.decode(str(values.get("document", "")), type=kind)
    except msgspec.DecodeError as error:
        raise IntegrityError(key, f"not a row of {tag}: {error}") from error
