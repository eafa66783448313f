"""How the API's answers look as tables that fit 80 columns.

Pure: from JSON to rows of cells; a cell that is a tuple has one line for each of its members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.api import Json
from cli.text import moment

SNAPSHOTS = ("id", "of", "objects", "soft-deleted", "links", "sealed")
JOBS = ("id", "kind", "status", "started", "done")
CHANGES = ("change", "object", "what differs")
OUTCOMES = ("change", "object", "outcome")
DRIFT_ITEMS = ("item", "what")
SUMMARY = ("type", "action", "count")
TIMES = {"snapshot of": "targetStateDateTime", "started": "jobStartDateTime", "ended": "jobCompletionDateTime"}
FIGURES = {
    "requested by": "tidemark.requestedBy",
    "objects to change": "totalChangedObjectsCalculated",
    "links to change": "totalChangedLinksCalculated",
    "objects changed": "totalObjectsModified",
    "links changed": "totalLinksModified",
    "failed": "totalFailedChanges",
}


def snapshot_row(snapshot: Json) -> tuple[object, ...]:
    """Return a snapshot's line."""
    counts = _members(snapshot, "tidemark.counts")
    figures = (counts.get(name) for name in ("objects", "softDeleted", "links"))
    sealed = moment(snapshot.get("tidemark.sealedDateTime"))
    return (snapshot.get("id"), moment(snapshot.get("createdDateTime")), *figures, sealed)


def job_row(job: Json) -> tuple[object, ...]:
    """Return a job's line."""
    started, failed = moment(job.get("jobStartDateTime")), job.get("totalFailedChanges")
    done = _lines(_done(job), f"{failed} failed" if failed else None)
    return (*(job.get(name) for name in ("id", "tidemark.kind", "status")), started, done)


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
    yield from ((f"left alone: {reason}", count) for reason, count in _members(job, "tidemark.leftAlone").items())
    error = _members(job, "tidemark.error")
    if error:
        yield "error", f"{error.get('message')} ({error.get('code')})"


def summary_rows(job: Json) -> Iterator[tuple[object, ...]]:
    """Return how many changes of each type and action a job's comparison found."""
    for type_name, actions in sorted(_members(job, "tidemark.summary").items()):
        for action, count in sorted(actions.items()):
            yield type_name, action, count


def change_row(change: Json) -> tuple[object, ...]:
    """Return the line of one change, whether of a report or failed."""
    failure, refusal = change.get("failureMessage"), change.get("tidemark.refusal")
    about = _lines(
        ", ".join(_differing(change)),
        f"failed: {failure}" if failure else None,
        f"left alone: {refusal}" if refusal else None,
        f"at risk: {', '.join(change['tidemark.risks'])}" if change.get("tidemark.risks") else None,
        _changed_by(_members(change, "tidemark.cause")),
    )
    action = change.get("tidemark.action") or change.get("recoveryAction")
    return (f"{action} {change.get('entityTypeName')}", _object(change), about)


def _changed_by(cause: Json) -> str | None:
    who = cause.get("changedBy") or cause.get("app")
    return f"by {who}, {moment(cause.get('changedDateTime'))}" if who else None


def drift_item_row(item: Json) -> tuple[object, ...]:
    """Return the line of one drift item."""
    named = f"{item.get('entityTypeName')} {item.get('displayName') or item.get('id')}: {item.get('what')}"
    at_risk = ", ".join(item.get("risks") or ())
    about = _lines(
        named,
        f"found by {', '.join(item.get('rules') or ())}",
        f"at risk: {at_risk}" if at_risk else None,
        f"by {item['changedBy']}" if item.get("changedBy") else None,
    )
    return (_lines(item.get("itemId"), item.get("state")), about)


def outcome_row(outcome: Json) -> tuple[object, ...]:
    """Return the line of one outcome."""
    link = f"{outcome['reference']} {outcome.get('otherId')}" if outcome.get("reference") else None
    about = _lines(outcome.get("result"), link, outcome.get("message") or outcome.get("errorCode"))
    return (f"{outcome.get('action')} {outcome.get('entityTypeName')}", _object(outcome), about)


def _object(body: Json) -> tuple[object, ...]:
    return _lines(body.get("displayName"), body.get("id"))


def _lines(*lines: object) -> tuple[object, ...]:
    """Return the lines there are."""
    return tuple(line for line in lines if line not in {None, ""})


def _done(job: Json) -> object:
    progress = _members(job, "tidemark.progress")
    done, planned = progress.get("done"), progress.get("planned")
    return done if planned is None else f"{done} of {planned}"


def _differing(change: Json) -> Iterator[str]:
    for name, value in _members(change, "deltaFromCurrent").items():
        if name.endswith("@delta"):
            gone = sum(1 for item in value if "@removed" in item)
            yield f"{name.removesuffix('@delta')} +{len(value) - gone} -{gone}"
        elif not name.startswith("@"):
            yield name


def _members(body: Mapping[str, Any], name: str) -> Json:
    value = body.get(name)
    return value if isinstance(value, dict) else {}
