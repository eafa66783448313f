"""Commands that start or stop a job: capture, verify-all, report, recover, approve, undo, retry, cancel."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cli.api import Json
from cli.commands.ending import end_of, show_started
from cli.errors import CliError, Exit
from cli.rows import rows_body
from cli.scope import described, named_ids, start_body
from cli.session import Session, chosen_snapshot
from cli.text import moment

ROWS = "tidemark.rows"


def capture(session: Session, given: Namespace) -> Exit:
    """Start a capture now."""
    action = "tidemark.restorePoint" if given.restore_point else "tidemark.capture"
    return _started(session, given, session.api.post(action))


def verify_all(session: Session, given: Namespace) -> Exit:
    """Start the verification that a timer starts every day."""
    return _started(session, given, session.api.post("tidemark.verify"))


def report(session: Session, given: Namespace) -> Exit:
    """Start a difference report of a snapshot against the tenant as it is now."""
    options: dict[str, Any] = {"readWhole": True} if given.whole else {}
    if given.fresh is not None:
        options["freshMinutes"] = given.fresh
    body = start_body(given.types, _ids(given), options)
    snapshot = chosen_snapshot(session.api, given.snapshot)
    job_id = session.api.post("snapshots", str(snapshot["id"]), "recoveryPreviewJobs", body=body)
    return _started(session, given, job_id)


def compare(session: Session, given: Namespace) -> Exit:
    """Start a difference report of one snapshot against another."""
    body = start_body(given.types, _ids(given))
    target, other = (chosen_snapshot(session.api, text) for text in (given.snapshot, given.other))
    body["tidemark.against"] = str(other["id"])
    return _started(session, given, session.api.post("snapshots", str(target["id"]), "recoveryPreviewJobs", body=body))


def recover(session: Session, given: Namespace) -> Exit:
    """Show what a recovery to a snapshot would do; with --apply do it, once somebody has confirmed it."""
    options = {"softDeleteNewer": True} if given.soft_delete_newer else {}
    options |= {"removeNewerGrants": True} if given.remove_newer_grants else {}
    options |= {"recreateHardDeleted": True} if given.recreate_hard_deleted else {}
    options |= {"readWhole": True} if given.whole else {}
    snapshot = chosen_snapshot(session.api, given.snapshot)
    place = ("snapshots", str(snapshot["id"]))
    rows = _rows(session, given)
    if not given.apply:
        body = start_body(given.types, _ids(given), {**options, "plan": True}) | rows
        return _planned(session, given, session.api.post(*place, "recoveryPreviewJobs", body=body))
    body = start_body(given.types, _ids(given), {**options, **_by(given)}) | rows
    newer = " Objects made since then are soft-deleted." if given.soft_delete_newer else ""
    if given.remove_newer_grants:
        newer += " Grants and assignments made since then are removed."
    if given.recreate_hard_deleted:
        newer += " What was deleted for good is created anew, under other ids."
    scope = f"{len(rows[ROWS]['rows'])} chosen rows" if rows else described(given.types, _ids(given))
    _ask(session, given, f"Bring {scope} back to {moment(snapshot.get('createdDateTime'))}.{newer}")
    return _started(session, given, session.api.post(*place, "recoveryJobs", body=body))


def approve(session: Session, given: Namespace) -> Exit:
    """Agree to a plan that somebody else has made."""
    body = {"digest": given.digest} if given.digest else {}
    answer = session.api.call("jobs", given.job, "tidemark.approve", body=body)
    count, needed = int(answer.get("tidemark.approvals") or 0), int(answer.get("tidemark.approvalsNeeded") or 0)
    if session.screen.is_json:
        session.screen.document({"id": given.job, "approvals": count, "approvalsNeeded": needed})
    else:
        session.screen.line(f"approved: {count} of {needed} approvals")
    others = f"others have to approve it too: tidemark approve {given.job}"
    carried_out = f"whoever made the plan carries it out by the same command, with --apply --plan {given.job}"
    session.screen.note(others if count < needed else carried_out)
    return Exit.DONE


def cancel(session: Session, given: Namespace) -> Exit:
    """Ask a job to stop at its next boundary."""
    return _started(session, given, session.api.post("jobs", given.job, "cancel"), wanted="abandoned")


def undo(session: Session, given: Namespace) -> Exit:
    """Show what undoing an ended recovery would do; with --apply put back what it found."""
    question = f"Put back what recovery {given.job} found. What others changed since then stays."
    return _again(session, given, "tidemark.undo", question)


def retry(session: Session, given: Namespace) -> Exit:
    """Show what repeating the failures of an ended recovery would do; with --apply do it."""
    return _again(session, given, "tidemark.retryFailed", f"Repeat what failed in recovery {given.job}.")


def _ids(given: Namespace) -> str | None:
    return named_ids(given.ids, given.ids_from)


def _rows(session: Session, given: Namespace) -> Json:
    """Return what names the rows of `--rows`, nothing without it."""
    if given.rows is None:
        if given.report is not None or given.property is not None:
            raise CliError(Exit.USAGE, "--report and --property go with --rows")
        return {}
    if given.report is None:
        raise CliError(Exit.USAGE, "--rows needs --report JOB: the report whose rows they are")
    if given.rows == "-":
        return {ROWS: rows_body(given.report, session.screen.typed(), given.property)}
    try:
        with Path(given.rows).open(encoding="utf-8", errors="surrogateescape") as lines:
            return {ROWS: rows_body(given.report, lines, given.property)}
    except OSError as error:
        raise CliError(Exit.USAGE, f"--rows: {error}") from error


def _again(session: Session, given: Namespace, action: str, question: str) -> Exit:
    if not given.apply:
        body = {"tidemark.options": {"plan": True}}
        return _planned(session, given, session.api.post("jobs", given.job, action, body=body))
    _ask(session, given, question)
    return _started(session, given, session.api.post("jobs", given.job, action, body={"tidemark.options": _by(given)}))


def _by(given: Namespace) -> dict[str, str]:
    return {"plannedBy": given.plan} if given.plan else {}


def _planned(session: Session, given: Namespace, job_id: str) -> Exit:
    if given.plan or given.yes:
        raise CliError(Exit.USAGE, "--plan and --yes go with --apply; without it nothing is written")
    session.screen.note("dry run: nothing is written; add --apply to carry it out")
    return _started(session, given, job_id)


def _ask(session: Session, given: Namespace, question: str) -> None:
    """Return when the recovery may begin; raise CliError when nobody can be asked or the answer is no."""
    if given.yes:
        return
    if not session.screen.can_ask:
        raise CliError(Exit.USAGE, "nobody can be asked here: add --yes to go ahead without a question")
    if not session.screen.confirmed(question):
        raise CliError(Exit.USAGE, "not confirmed; nothing was started")


def _started(session: Session, given: Namespace, job_id: str, *, wanted: str = "successful") -> Exit:
    if given.wait:
        return end_of(session, job_id, wanted=wanted)
    show_started(session.screen, job_id)
    return Exit.DONE
