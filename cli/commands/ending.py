"""How a job is shown, and what its end means for the exit status."""

from __future__ import annotations

from cli.api import Json
from cli.errors import Exit
from cli.screen import Screen
from cli.session import Session
from cli.tables.jobs import SUMMARY, job_facts, summary_rows
from cli.watching import watched


def end_of(session: Session, job_id: str, *, wanted: str = "successful") -> Exit:
    """Watch a job to its end and show it; done when it ended as `wanted` and no change failed."""
    ended = watched(session.api, session.screen, job_id, session.clock)
    show_job(session.screen, ended)
    is_well = ended.get("status") == wanted and not ended.get("totalFailedChanges")
    return Exit.DONE if is_well else Exit.FAILED


def show_job(screen: Screen, job: Json) -> None:
    """Show one job: what it says of itself, and what its comparison found; what it warns of goes to standard error."""
    for warning in job.get("tidemark.warnings") or ():
        screen.note(f"WARNING: {warning}")
    if screen.is_json:
        screen.document(job)
        return
    screen.table("Job", ("fact", "value"), job_facts(job))
    found = list(summary_rows(job))
    if found:
        screen.table("Found by the comparison with the snapshot", SUMMARY, found)


def show_started(screen: Screen, job_id: str) -> None:
    """Say which job was started or stopped, and how to follow it."""
    if screen.is_json:
        screen.document({"id": job_id})
    else:
        screen.line(job_id)
        screen.note(f"follow it with: tidemark job {job_id} --wait")
