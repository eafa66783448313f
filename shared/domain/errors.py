"""Every error Tidemark raises on purpose, as one small tree that says what to do about it.

    TidemarkError
      InputError            tell the caller; repeating the same request cannot help
        NotFoundError         the thing named does not exist
        PlanChangedError      the tenant is no longer what the plan was made for
        CallerError           the caller is not who, or not allowed what, the request needs
      TenantBusyError       later: another job has the tenant
      TransientError        let the message be delivered again
        BatchHeldError        another worker has this batch and is alive
        RowConflictError      somebody else changed the row first
        UnrenewedError        the lease may have run out, and nothing may be written until that is known
      StopError             write nothing more
        LeaseLostError        a newer holder has the tenant or the batch
        StaleNoteError        the message belongs to a past holder, or its batch is done
      IntegrityError        stored bytes are not what was stored; never read as data
      DirectoryError        Graph answered something no repetition will mend
        IncompleteListingError  a listing did not end with a proven last page
      StalledError          a batch that nobody gets any further; its job ends
      LockOutError          the plan could lock administrators out; nothing of it was written
      SealRefusedError      the snapshot must not be sealed as things are; the next capture may
        ClockSkewError        our clock and the storage service's are too far apart
        OutliveError          the vault would not protect its oldest file for as long as is promised

Leaves name the fact, carry it as attributes, and keep `code` for ever.
"""

from __future__ import annotations


class TidemarkError(Exception):
    """Root of the tree; never raised itself."""

    code = "tidemark"


class InputError(TidemarkError):
    """The request is wrong; `member` names the part of it that must change."""

    code = "bad-request"

    def __init__(self, message: str, *, member: str = "") -> None:
        super().__init__(message)
        self.member = member


class NotFoundError(InputError):
    """Nothing of that kind has that id."""

    code = "not-found"

    def __init__(self, kind: str, wanted: str) -> None:
        super().__init__(f"no {kind} has the id {wanted!r}", member=kind)
        self.kind, self.wanted = kind, wanted


class PlanChangedError(InputError):
    """What would be done now is not what was planned, and perhaps approved; nothing was written."""

    code = "plan-changed"

    def __init__(self, *, planned: str, now: str) -> None:
        super().__init__(
            f"the plan is {now[:12]} now, not {planned[:12]}: the tenant has changed; nothing was written, plan again",
            member="plannedBy",
        )
        self.planned, self.now = planned, now


class CallerError(InputError):
    """The caller is unknown (`is_known` false: 401) or lacks the role the request needs (403)."""

    code = "caller"

    def __init__(self, message: str, *, is_known: bool) -> None:
        super().__init__(message, member="Authorization")
        self.is_known = is_known


class TenantBusyError(TidemarkError):
    """Another job has the tenant; the request may be repeated when that job has ended."""

    code = "tenant-busy"

    def __init__(self, tenant: str, *, job_id: str, kind: str) -> None:
        super().__init__(f"tenant {tenant}: {kind} job {job_id} is in progress; wait for it or cancel it")
        self.tenant, self.job_id, self.kind = tenant, job_id, kind


class TransientError(TidemarkError):
    """Nothing is wrong for good; the message should be delivered again."""

    code = "transient"


class BatchHeldError(TransientError):
    """Another worker has the batch and renewed its claim recently."""

    code = "batch-held"

    def __init__(self, job_id: str, number: int, *, age_seconds: float) -> None:
        super().__init__(f"job {job_id} batch {number}: held by a worker seen {age_seconds:.1f} s ago")
        self.job_id, self.number, self.age_seconds = job_id, number, age_seconds


class RowConflictError(TransientError):
    """A row was not in the state the write was conditional on; nothing of the transaction was stored."""

    code = "row-conflict"

    def __init__(self, partition: str, key: str) -> None:
        super().__init__(f"row {partition}/{key} was changed by somebody else")
        self.partition, self.key = partition, key


class UnrenewedError(TransientError):
    """The lease may have run out and could not be renewed, so nothing may be written to the tenant until it is."""

    code = "lease-unrenewed"

    def __init__(self, tenant: str, *, seconds: float, reason: str) -> None:
        super().__init__(f"tenant {tenant}: our lease was last renewed {seconds:.0f} s ago, and now: {reason}")
        self.tenant, self.seconds = tenant, seconds


class StopError(TidemarkError):
    """This worker must write nothing more."""

    code = "stop"


class LeaseLostError(StopError):
    """A newer holder has the tenant; this worker must write nothing more."""

    code = "lease-lost"

    def __init__(self, tenant: str, *, ours: int, current: int) -> None:
        super().__init__(f"tenant {tenant}: our fencing token is {ours}, current is {current}")
        self.tenant, self.ours, self.current = tenant, ours, current


class StaleNoteError(StopError):
    """A message speaks of a holder that is gone or of a batch that has ended; dropping it loses nothing."""

    code = "stale-note"


class IntegrityError(TidemarkError):
    """A stored file is missing, cut, altered or of an unknown format; `name` is the file."""

    code = "integrity"

    def __init__(self, name: str, fact: str) -> None:
        super().__init__(f"{name}: {fact}")
        self.name, self.fact = name, fact


class DirectoryError(TidemarkError):
    """Graph refused, or answered something that is not Graph; the job that asked fails by this name."""

    code = "directory"

    def __init__(self, message: str, *, status: int = 0, graph_code: str = "", request_id: str = "") -> None:
        super().__init__(f"{message} (request-id {request_id or 'none'})")
        self.status, self.graph_code, self.request_id = status, graph_code, request_id


class IncompleteListingError(DirectoryError):
    """A listing was cut, looped or ended without a proven last page, so it must not be taken for the whole."""

    code = "incomplete-listing"


class StalledError(TidemarkError):
    """Worker after worker took a batch and recorded nothing; `reason` is what the last that could tell ran into."""

    code = "gave-up"

    def __init__(self, *, batch: int, step: str, workers: int, reason: str) -> None:
        why = f"; the last reason: {reason}" if reason else ""
        super().__init__(f"batch {batch} ({step}) was taken by {workers} workers in a row that recorded nothing{why}")
        self.batch, self.step, self.workers, self.reason = batch, step, workers, reason


class LockOutError(TidemarkError):
    """A plan could lock administrators out (decision D15); nothing of it was written. docs/lockout.md has the rules."""

    code = "lock-out"

    def __init__(self, *, rule: int, subject: str, step: str, fact: str) -> None:
        super().__init__(f"lock-out guard, rule {rule}: {subject}: {fact} (at {step}); nothing was written")
        self.rule, self.subject, self.step, self.fact = rule, subject, step, fact


class SealRefusedError(TidemarkError):
    """Nothing was sealed, because what would be stored could not be relied on; the job fails by the reason."""

    code = "seal-refused"


class ClockSkewError(SealRefusedError):
    """Times in the snapshot could not be believed; `skew_seconds` is how far ahead of the storage service we are."""

    code = "clock-skew"

    def __init__(self, *, skew_seconds: float, limit_seconds: float) -> None:
        super().__init__(
            f"this worker's clock is {skew_seconds:+.0f} s from the storage service's; at most {limit_seconds:.0f} s "
            "are allowed, so nothing is sealed"
        )
        self.skew_seconds = skew_seconds


class OutliveError(SealRefusedError):
    """The capture took so long that the policy would let its first file go before the promised time."""

    code = "outlive"

    def __init__(self, *, age_days: float, immutable_days: int, retention_days: int) -> None:
        super().__init__(
            f"the oldest file may be {age_days:.1f} days old; a policy of {immutable_days} days would not protect it "
            f"for the promised {retention_days} days, so nothing is sealed and the next capture begins anew"
        )
