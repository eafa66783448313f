"""Errors on the wire: which of Tidemark's errors a caller is told, as what status, in Graph's envelope.

Pure. An error that is not here escapes, so that the host logs it and the caller learns nothing but 500. Codes are
Graph's usual ones ("Microsoft Graph error responses and resource types"); clients should go by the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.wire.names import Json
from shared.domain.errors import (
    CallerError,
    InputError,
    IntegrityError,
    NotFoundError,
    TenantBusyError,
    TidemarkError,
    TransientError,
)

RETRY_AFTER_SECONDS = 5
# Nobody outside names blobs, so one that is not there is a stored file that has gone.
STORED_FILE = "blob"


@dataclass(frozen=True)
class Problem:
    """What a caller is told; `members` are Tidemark's additions to the error."""

    status: int
    code: str
    message: str
    members: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(error: TidemarkError) -> Problem | None:
    """Return what to tell the caller about `error`, None when it is none of the caller's business."""
    found: Problem | None = None
    match error:
        case CallerError(is_known=False):
            found = Problem(401, "Unauthorized", str(error), headers={"WWW-Authenticate": "Bearer"})
        case CallerError():
            found = Problem(403, "Forbidden", str(error))
        case NotFoundError(kind=kind, wanted=wanted) if kind == STORED_FILE:
            found = _damaged(wanted, "the stored file is missing")
        case NotFoundError():
            found = Problem(404, "ResourceNotFound", str(error))
        case InputError(member=member):
            found = Problem(400, "BadRequest", str(error), {"tidemark.member": member} if member else {})
        case TenantBusyError(job_id=job_id, kind=kind):
            found = Problem(409, "Conflict", str(error), {"tidemark.jobId": job_id, "tidemark.kind": kind})
        case TransientError():
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            message = "storage or identity provider did not answer; ask again"
            found = Problem(503, "ServiceUnavailable", message, headers=headers)
        case IntegrityError(name=name, fact=fact):
            found = _damaged(name, fact)
    return found


def envelope(found: Problem, *, date: str, request_id: str, client_request_id: str) -> Json:
    """Return the body of an error answer; `date` is when it was made, as a DateTimeOffset."""
    inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
    return {"error": {"code": found.code, "message": found.message, **found.members, "innerError": inner}}


def _damaged(name: str, fact: str) -> Problem:
    return Problem(500, "tidemark.integrity", f"{name}: {fact}", {"tidemark.file": name})
