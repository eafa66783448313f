"""Who may act on a tenant: the rules of the lease row, apart from the table that keeps it (decision D9).

Pure. The lease belongs to a job; the row's age is measured by the storage service's clock only. A worker proves itself
by the fencing token of its note and by the row's ETag, which every recording replaces.

Promises (tests/unit/jobs/test_lease.py):
  L1  the fencing token grows with every holder and never repeats
  L2  a lease that is held and young is never taken, except by a recovery from a report or a capture that agreed to it
  L3  what an old token wants to record is refused
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.domain.errors import LeaseLostError, StaleNoteError, TenantBusyError
from shared.domain.jobs import Job, Kind, Note

LEASE_KEY = "lease"
MARGIN_SECONDS = 2.0  # measured: the service's Date header has whole seconds, so an age may be off by one each way


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the lease row. `wanted_by` is a recovery that waits for the holder's next batch boundary."""

    job_id: str = ""
    kind: str = ""
    fencing_token: int = 0
    is_held: bool = False
    ttl_seconds: int = 60
    wanted_by: str = ""


def lease_key(job: Job) -> str:
    """Return the row of the lease that `job` runs under: the tenant's, or one of its own when it leaves that alone.

    A comparison of two snapshots neither reads nor writes the tenant, so any number run beside whatever has it (D10).
    """
    return LEASE_KEY if job.asks_tenant else f"{LEASE_KEY}-{job.job_id}"


def lease_row(values: Mapping[str, str | int | bool]) -> LeaseRow:
    """Return the row that table `values` hold."""
    return msgspec.convert(dict(values), LeaseRow)


def row_values(row: LeaseRow) -> dict[str, str | int | bool]:
    """Return what the table keeps of `row`."""
    values: dict[str, str | int | bool] = msgspec.to_builtins(row)
    return values


def is_expired(row: LeaseRow, age_seconds: float) -> bool:
    """Tell whether the holder has been silent for longer than it promised, with a margin for clock resolution."""
    return row.is_held and age_seconds > row.ttl_seconds + MARGIN_SECONDS


def taken(row: LeaseRow | None, tenant: str, *, job_id: str, kind: Kind, ttl_seconds: int) -> LeaseRow:
    """Return the row by which `job_id` takes a free lease; raise TenantBusyError while another job has it."""
    if row is not None and row.is_held:
        raise TenantBusyError(tenant, job_id=row.job_id, kind=row.kind)
    token = (row.fencing_token if row else 0) + 1
    return LeaseRow(job_id=job_id, kind=kind, fencing_token=token, is_held=True, ttl_seconds=ttl_seconds)


def wanted(row: LeaseRow, tenant: str, *, job_id: str) -> LeaseRow:
    """Return the row that asks a running report or capture to make way for recovery `job_id` (decision D10)."""
    if row.kind == Kind.RECOVERY or row.wanted_by:
        raise TenantBusyError(tenant, job_id=row.wanted_by or row.job_id, kind=Kind.RECOVERY)
    return msgspec.structs.replace(row, wanted_by=job_id)


def handed_over(row: LeaseRow) -> LeaseRow:
    """Return the row with which the present holder makes way for the recovery that wants the tenant."""
    return msgspec.structs.replace(
        row, job_id=row.wanted_by, kind=Kind.RECOVERY, fencing_token=row.fencing_token + 1, wanted_by=""
    )


def renewed_by_watchdog(row: LeaseRow) -> LeaseRow:
    """Return the row with which the watchdog revives a silent job: a new token, so the silent worker is fenced off."""
    return msgspec.structs.replace(row, fencing_token=row.fencing_token + 1)


def freed(row: LeaseRow) -> LeaseRow:
    """Return the row once the job has ended; the token stays, so that it can only grow."""
    return msgspec.structs.replace(row, is_held=False, job_id="", kind="", wanted_by="")


def check_note(row: LeaseRow | None, note: Note) -> LeaseRow:
    """Return the row when `note` speaks for its present holder; raise StaleNoteError otherwise."""
    if row is None or not row.is_held or row.job_id != note.job_id or row.fencing_token != note.fencing_token:
        raise StaleNoteError(f"job {note.job_id} batch {note.batch}: token {note.fencing_token} holds nothing any more")
    return row


def check_holder(row: LeaseRow | None, tenant: str, *, job_id: str, fencing_token: int) -> LeaseRow:
    """Return the row when job and token still hold it; raise LeaseLostError otherwise."""
    if row is None or not row.is_held or row.job_id != job_id or row.fencing_token != fencing_token:
        raise LeaseLostError(tenant, ours=fencing_token, current=row.fencing_token if row else 0)
    return row
