"""How jobs look as a table, and one job as facts: what it says of itself and what its comparison found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.api import Json
from cli.tables.cells import lines, members
from cli.text import moment

JOBS = ("id", "job", "started", "done")
SUMMARY = ("type", "action", "count")
NAMES_MAX = 6  # types named one by one where they were read alike; the JSON form names all of them
TIMES = {"snapshot of": "targetStateDateTime", "started": "jobStartDateTime", "ended": "jobCompletionDateTime"}
FIGURES = {
    "requested by": "tidemark.requestedBy",
    "objects to change": "totalChangedObjectsCalculated",
    "links to change": "totalChangedLinksCalculated",
    "objects changed": "totalObjectsModified",
    "links changed": "totalLinksModified",
    "failed": "totalFailedChanges",
}


def job_row(job: Json) -> tuple[object, ...]:
    """Return a job's line."""
    started, failed = moment(job.get("jobStartDateTime")), job.get("totalFailedChanges")
    done = lines(_done(job), f"{failed} failed" if failed else None)
    return job.get("id"), lines(job.get("tidemark.kind"), job.get("status")), started, done


def job_facts(job: Json) -> Iterator[tuple[object, object]]:
    """Return what one job has to say, fact by fact; what it has not is left out."""
    yield "id", job.get("id")
    yield "kind", job.get("tidemark.kind")
    yield "status", job.get("status")
    for label, name in TIMES.items():
        if job.get(name):
            yield label, moment(job[name])
    yield "done", _done(job)
    yield from ((label, job[name]) for label, name in FIGURES.items() if job.get(name) is not None)
    seen = members(job, "tidemark.confirmation")
    if seen:
        yield (
            "confirmed",
            f"{seen.get('confirmed')}, {seen.get('pending')} pending, {seen.get('overwritten')} overwritten",
        )
    if seen.keys() & {"switchedOn", "switchedOnOtherwise"}:
        others = seen.get("switchedOnOtherwise", 0)
        yield "policies switched on", f"{seen.get('switchedOn', 0)} read back as planned, {others} otherwise"
    sealed = members(job, "tidemark.ledger")
    if sealed:
        yield "ledger", sealed.get("name")
        yield "its SHA-256", sealed.get("sha256")
    plan = members(job, "tidemark.plan")
    if plan:
        yield "plan", plan.get("digest")
        yield "writes of the plan", f"{plan.get('estimatedWrites')}, at least {plan.get('estimatedSeconds')} s"
    if job.get("tidemark.approvalsNeeded"):
        yield "approvals", f"{job.get('tidemark.approvals')} of {job['tidemark.approvalsNeeded']}"
    yield from ((f"left alone: {reason}", count) for reason, count in members(job, "tidemark.leftAlone").items())
    yield from _notes(members(job, "tidemark.notes"))
    error = members(job, "tidemark.error")
    if error:
        yield "error", f"{error.get('message')} ({error.get('code')})"


def _done(job: Json) -> object:
    progress = members(job, "tidemark.progress")
    done, planned = progress.get("done"), progress.get("planned")
    return done if planned is None else f"{done} of {planned}"


def _notes(notes: Json) -> Iterator[tuple[object, object]]:
    """Return what a job says of how the tenant was read."""
    ways = members(notes, "ways")
    for way in dict.fromkeys(ways.values()):  # dozens of types are read alike: what stands out must not drown in them
        alike = [name for name, known in ways.items() if known == way]
        yield f"read {alike[0]}" if len(alike) == 1 else f"read {len(alike)} types", lines(way, _listed(alike))
    for type_name, reason in members(notes, "incomplete").items():
        yield f"without {type_name}", reason
    for type_name, reason in members(notes, "notAudited").items():
        yield f"owners, sponsors: {type_name}", reason
    for type_name, reason in members(notes, "notCompared").items():
        yield f"not compared: {type_name}", reason
    labels = {"nativeWatch": "native recoveries", "over": "over snapshot", "check": "whole against delta"}
    labels |= {"liveAsOf": "the tenant as of", "readBy": "read by report"}
    yield from ((label, notes[name]) for name, label in labels.items() if notes.get(name))


def _listed(names: Sequence[str]) -> str | None:
    """Return the names in a row, as far as they are few."""
    return ", ".join(names) if 1 < len(names) <= NAMES_MAX else None


def summary_rows(job: Json) -> Iterator[tuple[object, ...]]:
    """Return how many changes of each type and action a job's comparison found."""
    for type_name, actions in sorted(members(job, "tidemark.summary").items()):
        for action, count in sorted(actions.items()):
            yield type_name, action, count
