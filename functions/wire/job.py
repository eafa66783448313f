"""A job on the wire: Graph's recoveryPreviewJob or recoveryJob, with Tidemark's figures beside.

Pure. A capture or a verification, which the native service does not show, is a plain recoveryJobBase: clients that meet
a conflict can then see in the list which job has the tenant.
"""

from __future__ import annotations

from datetime import datetime

from functions.wire.chosen import chosen_body
from functions.wire.filters import criteria
from functions.wire.ledger import sealed_body
from functions.wire.names import TYPE_TAG, Json, status, tag, type_member
from shared.catalogue.types import BY_NAME
from shared.domain.ids import snapshot_time, wire_snapshot_id
from shared.domain.jobs import Job, Kind, State
from shared.domain.times import format_time
from shared.jobs.flow import SHARDS_COMPARED, SHARDS_PLANNED
from shared.jobs.states import ENDS
from shared.recover.refusals import NOT_AS_PLANNED_COUNT, SWITCHED_ON_COUNT

TYPES = {
    Kind.CAPTURE: "recoveryJobBase",
    Kind.REPORT: "recoveryPreviewJob",
    Kind.RECOVERY: "recoveryJob",
    Kind.VERIFY: "recoveryJobBase",
}
REPORT = "report."
LEFT_ALONE = "leftAlone."
NATIVE = (
    "id status targetStateDateTime jobStartDateTime jobCompletionDateTime filteringCriteria "
    "totalChangedObjectsCalculated totalChangedLinksCalculated totalObjectsModified totalLinksModified "
    "totalFailedChanges"
).split()
FACTS = (
    "kind scopeObjects snapshotId wireSnapshotId against requestedBy options rows plan confirmation isCancelAsked"
).split()
FIGURES = "ledger manualSteps counts progress summary leftAlone warnings error notes isRestorePoint".split()
APPROVALS = "approvals approvalsNeeded".split()
MEMBERS = frozenset(NATIVE) | {f"tidemark.{name}" for name in [*FACTS, *FIGURES, *APPROVALS]}


def job_body(job: Job, *, shows_all: bool) -> Json:
    """Return a job; `shows_all` when the client knows every enum member."""
    objects, links = _calculated(job)
    wire_id = wire_snapshot_id(job.snapshot_id)
    body: Json = {
        TYPE_TAG: tag(TYPES[job.kind]),
        "id": job.job_id,
        "status": status(job.state, shows_all=shows_all),
        "targetStateDateTime": format_time(snapshot_time(wire_id)),
        "jobStartDateTime": format_time(job.started_at or job.created_at),
        "jobCompletionDateTime": _time(job.completed_at),
        "filteringCriteria": criteria(job.scope, shows_all=shows_all),
        "totalChangedObjectsCalculated": objects,
        "totalChangedLinksCalculated": links,
    }
    if job.kind is Kind.RECOVERY:
        body |= _modified(job)
    return body | {
        "tidemark.kind": job.kind,
        "tidemark.scopeObjects": _scope_objects(job, shows_all=shows_all),
        "tidemark.snapshotId": job.snapshot_id,
        "tidemark.wireSnapshotId": wire_id,
        "tidemark.against": wire_snapshot_id(job.against) if job.against else None,
        "tidemark.requestedBy": job.requested_by,
        "tidemark.options": {
            "softDeleteNewer": job.options.soft_delete_newer,
            "removeNewerGrants": job.options.remove_newer_grants,
            "recreateHardDeleted": job.options.recreate_deleted,
            "undoes": job.options.undoes or None,
            "repeats": job.options.repeats or None,
            "plan": job.options.makes_plan,
            "plannedBy": job.options.planned_by or None,
            "readWhole": job.options.reads_whole,
            "freshMinutes": job.options.fresh_minutes,
        },
        "tidemark.rows": chosen_body(job.options.chosen, shows_all=shows_all),
        "tidemark.plan": _plan(job),
        "tidemark.confirmation": _confirmation(job),
        "tidemark.ledger": sealed_body(job),
        "tidemark.manualSteps": job.counts.get("manualSteps", 0) if "plannedObjects" in job.counts else None,
        **approvals_body(None, None),
        "tidemark.isCancelAsked": job.is_cancel_asked,
        "tidemark.counts": job.counts,
        "tidemark.progress": progress(job),
        "tidemark.summary": summary(job.counts, shows_all=shows_all),
        "tidemark.leftAlone": _below(job.counts, LEFT_ALONE),
        "tidemark.isRestorePoint": job.is_restore_point,
        "tidemark.notes": job.notes,
        "tidemark.warnings": list(job.warnings),
        "tidemark.error": {"code": job.error_code, "message": job.error} if job.error_code else None,
    }


def approvals_body(given: int | None, needed: int | None) -> Json:
    """Return how many have agreed to a plan, of how many that have to; None where nobody asked, or none are needed."""
    return {"tidemark.approvals": given, "tidemark.approvalsNeeded": needed}


def progress(job: Job) -> Json:
    """Return how much is done of what is planned; `planned` is None while nobody can know it.

    A recovery counts changes, links joining once they are planned; a verification counts shards, and so does a report
    that reads nothing of the tenant; the others count objects and links read.
    """
    if job.kind is Kind.RECOVERY and "plannedObjects" in job.counts:
        planned = job.counts["plannedObjects"] + job.counts.get("plannedLinks", 0)
        return {"done": job.counts.get("done", 0), "planned": planned}
    if job.kind is Kind.VERIFY:
        return {"done": job.counts.get("shardsProven", 0), "planned": job.counts.get("shardsPlanned")}
    if job.kind is Kind.REPORT and SHARDS_PLANNED in job.counts:
        return {"done": job.counts.get(SHARDS_COMPARED, 0), "planned": job.counts[SHARDS_PLANNED]}
    return {"done": job.counts.get("objectsRead", 0) + job.counts.get("linksRead", 0), "planned": None}


def summary(counts: dict[str, int], *, shows_all: bool) -> dict[str, dict[str, int]]:
    """Return the changes that the comparison found, by object type and action; links count by link."""
    table: dict[str, dict[str, int]] = {}
    for name, count in _below(counts, REPORT).items():
        type_name, _, action = name.partition(".")
        entry = BY_NAME.get(type_name)
        shown = type_member(entry.wire_name, shows_all=shows_all) if entry else type_name
        if count:
            table.setdefault(shown, {})[action] = count
    return table


def _calculated(job: Job) -> tuple[int | None, int | None]:
    """Return how many objects and links are to change; None until that is known."""
    counts, has_succeeded = job.counts, job.state is State.SUCCESSFUL
    if job.kind is Kind.RECOVERY:
        # No links are planned at all when the scope has no type that refers to others.
        return counts.get("plannedObjects"), counts.get("plannedLinks", 0 if has_succeeded else None)
    if job.kind is Kind.REPORT and has_succeeded:
        return counts.get("objectsCalculated", 0), counts.get("linksCalculated", 0)
    return None, None


def _modified(job: Job) -> Json:
    counts = job.counts
    failed = counts.get("objects.failed", 0) + counts.get("links.failed", 0)
    return {
        "totalObjectsModified": counts.get("objects.applied", 0),
        "totalLinksModified": counts.get("links.applied", 0),
        "totalFailedChanges": failed if job.state in ENDS else None,
    }


def _scope_objects(job: Job, *, shows_all: bool) -> dict[str, int] | None:
    """Return how many objects of each type a scope names that is too large to be shown, None for any other."""
    if job.scope_file is None:
        return None
    counts = job.scope_file.counts
    return {type_member(BY_NAME[name].wire_name, shows_all=shows_all): number for name, number in counts.items()}


def _confirmation(job: Job) -> Json | None:
    """Return what the second look of a recovery came to, None before it has begun; seconds are of the whole job."""
    if "confirmed" not in job.counts:
        return None
    seconds = (job.completed_at - (job.started_at or job.created_at)).total_seconds() if job.completed_at else None
    changed = job.counts.get("objects.applied", 0) + job.counts.get("links.applied", 0)
    return {
        **{name: job.counts.get(name, 0) for name in ("confirmed", "pending", "overwritten")},
        **{name: job.counts[name] for name in (SWITCHED_ON_COUNT, NOT_AS_PLANNED_COUNT) if name in job.counts},
        "seconds": seconds,
        "changesPerSecond": round(changed / seconds, 1) if seconds else None,
    }


def _plan(job: Job) -> Json | None:
    """Return what the job's plan comes to, None before it is made; seconds are those of the write quotas alone."""
    if "estimatedWrites" not in job.counts:
        return None
    return {
        "digest": job.plan_digest,
        "objects": job.counts["plannedObjects"],
        "links": job.counts.get("plannedLinks"),
        "estimatedWrites": job.counts["estimatedWrites"],
        "estimatedSeconds": job.counts["estimatedSeconds"],
    }


def _below(counts: dict[str, int], prefix: str) -> dict[str, int]:
    """Return the counts whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}


def _time(at: datetime | None) -> str | None:
    return format_time(at) if at is not None else None
