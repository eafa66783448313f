"""Commands that start or stop a job: capture, report, recover, cancel."""

from __future__ import annotations

from argparse import Namespace

from cli.api import Json
from cli.commands.ending import end_of, show_started
from cli.errors import CliError, Exit
from cli.scope import described, start_body
from cli.session import Session, chosen_snapshot
from cli.text import moment


def capture(session: Session, given: Namespace) -> Exit:
    """Start a capture now."""
    return _started(session, given, session.api.post("tidemark.capture"))


def report(session: Session, given: Namespace) -> Exit:
    """Start a difference report of a snapshot against the tenant as it is now."""
    body = start_body(given.types, given.ids)
    snapshot = chosen_snapshot(session.api, given.snapshot)
    job_id = session.api.post("snapshots", str(snapshot["id"]), "recoveryPreviewJobs", body=body)
    return _started(session, given, job_id)


def compare(session: Session, given: Namespace) -> Exit:
    """Start a difference report of one snapshot against another."""
    body = start_body(given.types, given.ids)
    target, other = (chosen_snapshot(session.api, text) for text in (given.snapshot, given.other))
    body["tidemark.against"] = str(other["id"])
    return _started(session, given, session.api.post("snapshots", str(target["id"]), "recoveryPreviewJobs", body=body))


def recover(session: Session, given: Namespace) -> Exit:
    """Start a recovery to a snapshot, once somebody has confirmed it."""
    body = start_body(given.types, given.ids, soft_delete_newer=given.soft_delete_newer)
    snapshot = chosen_snapshot(session.api, given.snapshot)
    _confirm(session, given, snapshot)
    job_id = session.api.post("snapshots", str(snapshot["id"]), "recoveryJobs", body=body)
    return _started(session, given, job_id)


def cancel(session: Session, given: Namespace) -> Exit:
    """Ask a job to stop at its next boundary."""
    return _started(session, given, session.api.post("jobs", given.job, "cancel"), wanted="abandoned")


def _confirm(session: Session, given: Namespace, snapshot: Json) -> None:
    """Return when the recovery may begin; raise CliError when nobody can be asked or the answer is no."""
    if given.yes:
        return
    if not session.screen.can_ask:
        raise CliError(Exit.USAGE, "nobody can be asked here: add --yes to recover without a question")
    newer = " Objects made since then are soft-deleted." if given.soft_delete_newer else ""
    scope = described(given.types, given.ids)
    question = f"Bring {scope} back to {moment(snapshot.get('createdDateTime'))}.{newer}"
    if not session.screen.confirmed(question):
        raise CliError(Exit.USAGE, "not confirmed; nothing was started")


def _started(session: Session, given: Namespace, job_id: str, *, wanted: str = "successful") -> Exit:
    if given.wait:
        return end_of(session, job_id, wanted=wanted)
    show_started(session.screen, job_id)
    return Exit.DONE
