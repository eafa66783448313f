"""The operations of `/directory/recovery`: list snapshots and jobs, start, cancel, and read what a job found."""

from typing import Any

from simulator import filters, odata
from simulator.errors import GraphError, bad_request, not_found
from simulator.moments import stamp
from simulator.native.jobs import PREVIEW, RECOVERY, SPACE, Job, snapshot_at, snapshot_id
from simulator.native.recovering import NAMES, apply, described, difference
from simulator.operations.call import TEXT, Answer, Call
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject

_PLACE = "directory/recovery"
_TYPES = {name: kind for kind, name in NAMES.items()}


def read_recovery(tenant: Tenant, call: Call) -> Answer:  # noqa: ARG001
    """Answer the root of the built-in backup."""
    return Answer(200, {"@odata.context": call.context(f"{_PLACE}/$entity"), "id": "recovery"})


def list_snapshots(tenant: Tenant, call: Call) -> Answer:
    """Answer the snapshots there are, newest first."""
    return _collection(call, f"{_PLACE}/snapshots", [_snapshot(at) for at in _times(tenant, call)])


def read_snapshot(tenant: Tenant, call: Call) -> Answer:
    """Answer one snapshot."""
    at = _asked(tenant, call)
    return Answer(200, {"@odata.context": call.context(f"{_PLACE}/snapshots/$entity"), **_snapshot(at)})


def count_snapshots(tenant: Tenant, call: Call) -> Answer:
    """Answer how many snapshots there are."""
    return Answer(200, str(len(_times(tenant, call))), content_type=TEXT)


def list_jobs(tenant: Tenant, call: Call) -> Answer:
    """Answer the jobs of the tenant or of one snapshot, each with its type; the newest first."""
    at = _asked(tenant, call) if "id" in call.params else None
    jobs = [job for job in tenant.native.jobs.values() if at is None or (job.snapshot_at == at)]
    jobs = [job for job in jobs if not call.relation or job.kind == call.relation]
    items = [_typed(job, call.now) for job in reversed(jobs)]
    return _collection(call, f"{_PLACE}/{call.relation or 'jobs'}", items)


def read_job(tenant: Tenant, call: Call) -> Answer:
    """Answer one job."""
    context = call.context(f"{_PLACE}/jobs/$entity")
    return Answer(200, {"@odata.context": context, **_typed(_job(tenant, call), call.now)})


def list_changes(tenant: Tenant, call: Call) -> Answer:
    """Answer what a finished preview found, or what a finished recovery failed to do."""
    job = _job(tenant, call)
    if job.status(call.now) != "successful":
        raise GraphError(400, "BadRequest", f"The job {job.job_id} must have completed successfully first.")
    rows = job.changes if job.kind == PREVIEW else job.failed
    skip, top = int(call.options.get("$skip", "0") or 0), odata.top(call.options.get("$top"))
    body: JsonObject = {"@odata.context": call.context(f"Collection({SPACE}.recoveryChangeObjectBase)")}
    if len(rows) > skip + top:
        body["@odata.nextLink"] = call.link_to(skip=str(skip + top), top=str(top))
    return Answer(200, {**body, "value": rows[skip : skip + top]})


def start_job(tenant: Tenant, call: Call) -> Answer:
    """Start a preview or a recovery; 409 while another job runs."""
    at = _asked(tenant, call)
    if tenant.native.running(call.now) is not None:
        raise GraphError(409, "Conflict", "A job is in progress. Wait for it to complete.")
    body = call.json() if call.body.strip() else {}
    job = run(tenant, at, call.relation, body.get("filteringCriteria"), call.now)
    place = f"{call.root}/{_PLACE}/snapshots/{call.params['id']}/{call.relation}s/{job.job_id}"
    return Answer(202, None, {"Location": place})


def cancel_job(tenant: Tenant, call: Call) -> Answer:
    """Cancel a job that runs; what it applied stays."""
    job = _job(tenant, call)
    job.is_cancelled |= job.status(call.now) == "running"
    return Answer(202, None, {"Location": f"{call.root}/{_PLACE}/jobs/{job.job_id}"})


def run(tenant: Tenant, at: float, kind: str, criteria: JsonObject | None, now: float) -> Job:
    """Do one job at once, and show it as running for as long as jobs are set to take."""
    found = difference(tenant.directory, at, _wanted(criteria))
    job = Job(tenant.new_id(), kind, at, now, now + tenant.switches.native.job_seconds, criteria)
    job.changes, job.links = described(tenant.directory, found), len(found.links)
    if kind == RECOVERY:
        job.failed, job.links = apply(tenant.directory, found, now)
    tenant.native.jobs[job.job_id] = job
    return job


def _wanted(criteria: JsonObject | None) -> dict[str, frozenset[str]]:
    if criteria is None:
        return {kind: frozenset() for kind in NAMES}
    kind = criteria.get("@odata.type")
    if kind == f"#{SPACE}.recoveryJobEntityNamesFilter":
        return {_type(name): frozenset() for name in criteria.get("entityTypes", ())}
    if kind == f"#{SPACE}.recoveryJobEntityNameAndIdsFilter":
        rows = criteria.get("filterValues", ())
        return {_type(row.get("entityType")): frozenset(row.get("entityIds", ())) for row in rows}
    raise bad_request(f"The filtering criteria '{kind}' are not known.", "BadRequest")


def _type(name: Any) -> str:
    if name not in _TYPES:
        raise bad_request(f"'{name}' is no entity type of a recovery.", "BadRequest")
    return _TYPES[name]


def _times(tenant: Tenant, call: Call) -> list[float]:
    wish = tenant.switches.native
    return tenant.native.snapshots(call.now, hour=wish.hour, kept=wish.kept)


def _asked(tenant: Tenant, call: Call) -> float:
    at = snapshot_at(call.params["id"])
    if at is None or at not in _times(tenant, call) or not tenant.directory.journal.whole_since(at):
        message = f"'{call.params['id']}' is not a valid recovery timestamp; use one of the available backups."
        raise GraphError(404, "ResourceNotFound", message)
    return at


def _snapshot(at: float) -> JsonObject:
    return {"id": snapshot_id(at), "createdDateTime": stamp(at), "totalChangedObjects": 0}


def _job(tenant: Tenant, call: Call) -> Job:
    job = tenant.native.jobs.get(call.params["job"].lower())
    if job is None:
        raise not_found(call.params["job"])
    return job


def _typed(job: Job, now: float) -> JsonObject:
    return {"@odata.type": f"#{SPACE}.{job.kind}", **job.shown(now)}


def _collection(call: Call, context: str, items: list[JsonObject]) -> Answer:
    if "$filter" in call.options:
        condition = filters.read(call.options["$filter"])
        items = [item for item in items if condition.fits(item)]
    return Answer(200, {"@odata.context": call.context(context), "value": items[: odata.top(call.options.get("$top"))]})
