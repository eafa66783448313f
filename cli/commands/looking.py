"""Commands that only look: snapshots, jobs, their changes and outcomes, the vault, and the proof of a snapshot."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

from cli.api import UNKNOWN, Json
from cli.commands.asking_rows import row_filter, row_order
from cli.commands.ending import end_of, show_job
from cli.errors import CliError, Exit
from cli.session import Session, chosen_snapshot
from cli.tables.changes import CHANGES, ON_NEITHER_SIDE, change_row, unknown_row
from cli.tables.jobs import JOBS, job_row
from cli.tables.outcomes import CONFIRMATIONS, ID_MAP, OUTCOMES, confirmation_row, outcome_row, renewal_row
from cli.tables.snapshots import SNAPSHOTS, snapshot_row, vault_facts

Row = Callable[[Json], Sequence[object]]
FUNCTIONS = {"report": ("recoveryPreviewJobs", "getChanges"), "recovery": ("recoveryJobs", "getFailedChanges")}


def snapshots(session: Session, given: Namespace) -> Exit:
    """List snapshots, newest first."""
    return listed(session, given, ("snapshots",), "Snapshots", SNAPSHOTS, snapshot_row)


def jobs(session: Session, given: Namespace) -> Exit:
    """List jobs, newest first."""
    return listed(session, given, ("jobs",), "Jobs", JOBS, job_row)


def job(session: Session, given: Namespace) -> Exit:
    """Show one job, at its end when asked to wait for it."""
    if given.wait:
        return end_of(session, given.job)
    show_job(session.screen, session.api.get("jobs", given.job))
    return Exit.DONE


def changes(session: Session, given: Namespace) -> Exit:
    """List the rows of a report, what failed of a recovery, or what a whole reading found that delta had missed."""
    found = session.api.get("jobs", given.job)
    kind = str(found.get("tidemark.kind"))
    if kind == "capture":
        missed = ("jobs", given.job, "tidemark.disagreements")
        return listed(session, given, missed, "Otherwise than delta had given it", CHANGES, change_row)
    if kind not in FUNCTIONS:
        raise CliError(Exit.USAGE, f"job {given.job} is a {kind}; it has no changes")
    collection, function = FUNCTIONS[kind]
    path = ("snapshots", str(found.get("tidemark.wireSnapshotId")), collection, given.job, function)
    title = "Changes" if kind == "report" else "Failed changes"
    params = row_filter(given) | row_order(given)
    if params and kind != "report":
        raise CliError(Exit.USAGE, "failed changes can be neither filtered nor sorted")
    return listed(session, given, path, title, CHANGES, change_row, **params)


def outcomes(session: Session, given: Namespace) -> Exit:
    """List what became of every change of a recovery."""
    path = ("jobs", given.job, "tidemark.outcomes")
    return listed(session, given, path, "Outcomes", OUTCOMES, outcome_row)


def id_map(session: Session, given: Namespace) -> Exit:
    """List what recoveries have created anew."""
    return listed(session, given, ("tidemark.idMap",), "Created anew", ID_MAP, renewal_row)


def confirmations(session: Session, given: Namespace) -> Exit:
    """List the changes that a second look after a recovery did not find as they were left."""
    path = ("jobs", given.job, "tidemark.confirmations")
    return listed(session, given, path, "Not as the recovery left it", CONFIRMATIONS, confirmation_row)


def verify(session: Session, given: Namespace) -> Exit:
    """Have a snapshot read and proven: byte by byte, a part of it, or the manifests of all."""
    snapshot = chosen_snapshot(session.api, given.snapshot)
    wanted = {"mode": "quick" if given.quick else "subset" if given.subset else "full"}
    wanted |= {"part": given.subset} if given.subset else {}
    proven = session.api.ask("snapshots", str(snapshot["id"]), "tidemark.verify", **wanted)
    if proven.get("isSigned") is not True:
        session.screen.note("NOT SIGNED: nothing but digests proves this; set TIDEMARK_SIGNING_KEY_FILE where it runs")
    if session.screen.is_json:
        session.screen.document(proven)
    else:
        facts = [(name, value) for name, value in proven.items() if not name.startswith("@")]
        session.screen.table("Proven", ("fact", "value"), facts)
    return Exit.DONE


def vault(session: Session, _given: Namespace) -> Exit:
    """Show how well snapshots are kept; what a person has to look at goes to standard error as well."""
    found = session.api.get("tidemark.vault")
    for warning in found.get("warnings") or ():
        session.screen.note(f"WARNING: {warning}")
    if session.screen.is_json:
        session.screen.document(found)
    else:
        session.screen.table("Vault", ("fact", "value"), vault_facts(found))
    return Exit.FAILED if found.get("damaged") else Exit.DONE


def listed(
    session: Session,
    given: Namespace,
    path: Sequence[str],
    title: str,
    columns: Sequence[str],
    row: Row,
    **params: str,
) -> Exit:
    """Show one page of a collection, and how to see the next."""
    body, next_skip = session.api.whole_page(*path, top=given.top, skip=given.skip, **params)
    rows, unknown = body["value"], body[UNKNOWN]
    if session.screen.is_json:
        beside = {"unknownObjects": unknown} if unknown else {}
        session.screen.document({"value": rows, "nextSkip": next_skip, **beside})
        return Exit.DONE
    session.screen.table(title, columns, (row(one) for one in rows))
    if unknown:
        session.screen.table("Asked for, and on neither side", ON_NEITHER_SIDE, map(unknown_row, unknown))
    if next_skip is not None:
        session.screen.note(f"there are more: --skip {next_skip}")
    return Exit.DONE
