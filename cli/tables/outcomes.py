"""What came of a recovery as tables: outcomes, new ids, its ledger, what is left to people, what has not stood."""

from __future__ import annotations

from cli.api import Json
from cli.tables.cells import lines, members, name_and_id, short
from cli.text import json_text, moment

OUTCOMES = ("change", "object", "outcome")
ID_MAP = ("object", "ids")
LEDGER = ("change", "object", "outcome")
RUNBOOK = ("task", "object", "values")
CONFIRMATIONS = ("change", "object", "stands")


def outcome_row(outcome: Json) -> tuple[object, ...]:
    """Return the line of one outcome."""
    link = f"{outcome['reference']} {outcome.get('otherId')}" if outcome.get("reference") else None
    anew = f"now {outcome['newId']}" if outcome.get("newId") else None
    steps = [f"to do: {step}" for step in outcome.get("nextSteps") or ()]
    about = lines(outcome.get("result"), link, outcome.get("message") or outcome.get("errorCode"), anew, *steps)
    return (f"{outcome.get('action')} {outcome.get('entityTypeName')}", name_and_id(outcome), about)


def renewal_row(renewal: Json) -> tuple[object, ...]:
    """Return the line of one object that was created anew."""
    ids = lines(f"was {renewal.get('oldId')}", f"now {renewal.get('newId')}")
    if renewal.get("newAppId"):
        ids = lines(ids, "as an application was", renewal.get("oldAppId"), "now", renewal.get("newAppId"))
    return lines(renewal.get("entityTypeName"), renewal.get("displayName")), ids


def ledger_row(entry: Json) -> tuple[object, ...]:
    """Return the line of one entry of a ledger."""
    change, thing, about = outcome_row(entry)
    recorded = entry.get("recordedDateTime")
    stands = entry.get("standing")
    at = f"at {moment(recorded)}" if recorded else None
    return change, thing, lines(about, at, f"now {stands}" if stands else None)


def step_row(step: Json) -> tuple[object, ...]:
    """Return the line of one step of a runbook."""
    values = [
        f"{one.get('name')} {one.get('otherId') or ''}: {short(one.get('now'))} -> {short(one.get('wanted'))}"
        for one in step.get("settings") or ()
    ]
    about = lines(*values, *(step.get("notes") or ()), step.get("reason"), f"in {step.get('where')}")
    return f"{step.get('task')} {step.get('entityTypeName')}", name_and_id(step), about


def confirmation_row(one: Json) -> tuple[object, ...]:
    """Return the line of one change that was not found as it was left."""
    link = f"{one['reference']} {one.get('otherId')}" if one.get("reference") else None
    found = ", ".join(f"{name}: {json_text(value)}" for name, value in members(one, "found").items())
    about = lines(one.get("standing"), _overwriter(members(one, "overwrittenBy")), link, found)
    return (f"{one.get('action')} {one.get('entityTypeName')}", name_and_id(one), about)


def _overwriter(told: Json) -> str | None:
    """Return who overwrote a change, as the audit log says."""
    if told.get("changedDateTime"):
        return f"by {told.get('changedBy') or told.get('changedById')} at {moment(told['changedDateTime'])}"
    return f"by whom is {told.get('log')}" if told.get("log") == "not in the log" else told.get("log")
