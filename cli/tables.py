"""How the API's answers look as tables that fit 80 columns.

Pure: from JSON to rows of cells; a cell that is a tuple has one line for each of its members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.api import Json
from cli.text import json_text, moment

SNAPSHOTS = ("id", "of", "objects", "soft-deleted", "links", "how", "known of it")
JOBS = ("id", "job", "started", "done")
CHANGES = ("change", "object", "what differs")
UNKNOWN = ("type", "id")
ID_MAP = ("object", "ids")
OUTCOMES = ("change", "object", "outcome")
RUNBOOK = ("task", "object", "values")
LEDGER = ("change", "object", "outcome")
DRIFT_ITEMS = ("item", "what")
CONFIRMATIONS = ("change", "object", "stands")
MATCHES = ("type", "id", "name", "state")
LINKS = ("direction", "reference", "other")
VERSIONS = ("snapshot of", "what", "changed")
SUMMARY = ("type", "action", "count")
VALUE_LETTERS_MAX = 80
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


def snapshot_row(snapshot: Json) -> tuple[object, ...]:
    """Return a snapshot's line."""
    counts = _members(snapshot, "tidemark.counts")
    figures = (counts.get(name) for name in ("objects", "softDeleted", "links"))
    known = tuple(_known(snapshot))
    return (snapshot.get("id"), moment(snapshot.get("createdDateTime")), *figures, _how(snapshot), known)


def _known(snapshot: Json) -> Iterator[str]:
    """Return what is known of a snapshot, a line each, the worst first."""
    proof, hold = _members(snapshot, "tidemark.verification"), _members(snapshot, "tidemark.hold")
    if proof.get("fault"):
        yield f"DAMAGED: {str(proof['fault']).rpartition('/')[2]}"
    yield from (f"ALERT: {alert}" for alert in snapshot.get("tidemark.alerts") or ())
    protection = _members(snapshot, "tidemark.protection")
    if protection.get("isPromise") is not True:
        yield str(protection.get("said") or "protection unknown").partition(":")[0]
    if hold:
        yield f"held: {hold.get('reason')}"
    whole = proof.get("provenWholeDateTime")
    yield f"verified {moment(whole)[:10]}" if whole else "never verified whole"


def vault_facts(vault: Json) -> Iterator[tuple[object, object]]:
    """Return what there is to say of the vault, fact by fact."""
    yield "protection", _members(vault, "protection").get("said")
    yield "promised", f"{vault.get('retentionDays')} days; nothing younger than {vault.get('keptDays')} is removed"
    yield "snapshots", vault.get("snapshots")
    yield "newest sealed", moment(vault.get("newestSealedDateTime"))
    yield "last proven whole", moment(vault.get("newestProvenDateTime"))
    for label in ("held", "alerted", "damaged"):
        if vault.get(label):
            yield label, tuple(vault[label])
    pruned = _members(vault, "pruned")
    if pruned:
        gone = f"{len(pruned.get('removed') or ())} removed, {len(pruned.get('leaving') or ())} leave next"
        yield "last pruning", (moment(pruned.get("at")), gone)


def job_row(job: Json) -> tuple[object, ...]:
    """Return a job's line."""
    started, failed = moment(job.get("jobStartDateTime")), job.get("totalFailedChanges")
    done = _lines(_done(job), f"{failed} failed" if failed else None)
    return job.get("id"), _lines(job.get("tidemark.kind"), job.get("status")), started, done


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
    seen = _members(job, "tidemark.confirmation")
    if seen:
        yield (
            "confirmed",
            f"{seen.get('confirmed')}, {seen.get('pending')} pending, {seen.get('overwritten')} overwritten",
        )
    if seen.keys() & {"switchedOn", "switchedOnOtherwise"}:
        others = seen.get("switchedOnOtherwise", 0)
        yield "policies switched on", f"{seen.get('switchedOn', 0)} read back as planned, {others} otherwise"
    sealed = _members(job, "tidemark.ledger")
    if sealed:
        yield "ledger", sealed.get("name")
        yield "its SHA-256", sealed.get("sha256")
    plan = _members(job, "tidemark.plan")
    if plan:
        yield "plan", plan.get("digest")
        yield "writes of the plan", f"{plan.get('estimatedWrites')}, at least {plan.get('estimatedSeconds')} s"
    if job.get("tidemark.approvalsNeeded"):
        yield "approvals", f"{job.get('tidemark.approvals')} of {job['tidemark.approvalsNeeded']}"
    yield from ((f"left alone: {reason}", count) for reason, count in _members(job, "tidemark.leftAlone").items())
    yield from _notes(_members(job, "tidemark.notes"))
    error = _members(job, "tidemark.error")
    if error:
        yield "error", f"{error.get('message')} ({error.get('code')})"


def summary_rows(job: Json) -> Iterator[tuple[object, ...]]:
    """Return how many changes of each type and action a job's comparison found."""
    for type_name, actions in sorted(_members(job, "tidemark.summary").items()):
        for action, count in sorted(actions.items()):
            yield type_name, action, count


def unknown_row(unknown: Json) -> tuple[object, ...]:
    """Return the line of an object that a report was asked about and that neither of its sides has."""
    return unknown.get("entityTypeName"), unknown.get("id")


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
    anew = f"now {outcome['newId']}" if outcome.get("newId") else None
    steps = [f"to do: {step}" for step in outcome.get("nextSteps") or ()]
    about = _lines(outcome.get("result"), link, outcome.get("message") or outcome.get("errorCode"), anew, *steps)
    return (f"{outcome.get('action')} {outcome.get('entityTypeName')}", _object(outcome), about)


def renewal_row(renewal: Json) -> tuple[object, ...]:
    """Return the line of one object that was created anew."""
    ids = _lines(f"was {renewal.get('oldId')}", f"now {renewal.get('newId')}")
    if renewal.get("newAppId"):
        ids = _lines(ids, "as an application was", renewal.get("oldAppId"), "now", renewal.get("newAppId"))
    return _lines(renewal.get("entityTypeName"), renewal.get("displayName")), ids


def ledger_row(entry: Json) -> tuple[object, ...]:
    """Return the line of one entry of a ledger."""
    change, thing, about = outcome_row(entry)
    recorded = entry.get("recordedDateTime")
    stands = entry.get("standing")
    at = f"at {moment(recorded)}" if recorded else None
    return change, thing, _lines(about, at, f"now {stands}" if stands else None)


def step_row(step: Json) -> tuple[object, ...]:
    """Return the line of one step of a runbook."""
    values = [
        f"{one.get('name')} {one.get('otherId') or ''}: {_short(one.get('now'))} -> {_short(one.get('wanted'))}"
        for one in step.get("settings") or ()
    ]
    about = _lines(*values, *(step.get("notes") or ()), step.get("reason"), f"in {step.get('where')}")
    return f"{step.get('task')} {step.get('entityTypeName')}", _object(step), about


def _how(snapshot: Json) -> tuple[object, ...]:
    """Return how a snapshot was made: by delta or in full, over which other one, and what it does not hold."""
    ways = set(_members(snapshot, "tidemark.ways").values())
    base = snapshot.get("tidemark.baseId")
    left_out = (f"without {name}" for name in _members(snapshot, "tidemark.incomplete"))
    return _lines("delta" if "delta" in ways else "full", f"over {base}" if base else None, *left_out)


def _notes(notes: Json) -> Iterator[tuple[object, object]]:
    """Return what a job says of how the tenant was read."""
    ways = _members(notes, "ways")
    for way in dict.fromkeys(ways.values()):  # dozens of types are read alike: what stands out must not drown in them
        alike = [name for name, known in ways.items() if known == way]
        yield f"read {alike[0]}" if len(alike) == 1 else f"read {len(alike)} types", _lines(way, _listed(alike))
    for type_name, reason in _members(notes, "incomplete").items():
        yield f"without {type_name}", reason
    for type_name, reason in _members(notes, "notAudited").items():
        yield f"owners, sponsors: {type_name}", reason
    for type_name, reason in _members(notes, "notCompared").items():
        yield f"not compared: {type_name}", reason
    labels = {"nativeWatch": "native recoveries", "over": "over snapshot", "check": "whole against delta"}
    labels |= {"liveAsOf": "the tenant as of", "readBy": "read by report"}
    yield from ((label, notes[name]) for name, label in labels.items() if notes.get(name))


def _listed(names: Sequence[str]) -> str | None:
    """Return the names in a row, as far as they are few."""
    return ", ".join(names) if 1 < len(names) <= NAMES_MAX else None


def match_row(match: Json) -> tuple[object, ...]:
    """Return the line of one object that a search found."""
    names = _lines(*(match.get(name) for name in ("displayName", "userPrincipalName", "appId")))
    state = "soft-deleted" if match.get("tidemark.isSoftDeleted") else "live"
    return (match.get("entityTypeName"), match.get("id"), names, state)


def link_rows(whole: Json) -> Iterator[tuple[object, ...]]:
    """Return the lines of an object's links, its own first."""
    for direction, name in (("to", "outgoingLinks"), ("from", "incomingLinks")):
        for link in whole.get(name) or []:
            yield direction, link.get("reference"), link.get("otherId")


def version_row(version: Json) -> tuple[object, ...]:
    """Return the line of one version: every property with its old and new value, every link."""
    is_whole = version.get("what") in {"firstSeen", "appeared", "disappeared"}
    changed = () if is_whole else tuple(_values(version))
    links = tuple(
        f"{'+' if link.get('action') == 'added' else '-'} {link.get('reference')} "
        f"{'of' if link.get('isIncoming') else 'to'} {link.get('otherId')}"
        for link in version.get("links") or []
    )
    return (moment(version.get("createdDateTime")), version.get("what"), (*changed, *links))


def _values(version: Json) -> Iterator[str]:
    for name, sides in _members(version, "properties").items():
        yield f"{name}: {_short(sides.get('before'))} -> {_short(sides.get('after'))}"


def _short(value: object) -> str:
    text = json_text(value)
    return text if len(text) <= VALUE_LETTERS_MAX else f"{text[: VALUE_LETTERS_MAX - 1]}…"


def confirmation_row(one: Json) -> tuple[object, ...]:
    """Return the line of one change that was not found as it was left."""
    link = f"{one['reference']} {one.get('otherId')}" if one.get("reference") else None
    found = ", ".join(f"{name}: {json_text(value)}" for name, value in _members(one, "found").items())
    about = _lines(one.get("standing"), _overwriter(_members(one, "overwrittenBy")), link, found)
    return (f"{one.get('action')} {one.get('entityTypeName')}", _object(one), about)


def _overwriter(told: Json) -> str | None:
    """Return who overwrote a change, as the audit log says."""
    if told.get("changedDateTime"):
        return f"by {told.get('changedBy') or told.get('changedById')} at {moment(told['changedDateTime'])}"
    return f"by whom is {told.get('log')}" if told.get("log") == "not in the log" else told.get("log")


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
