"""The commands and their options, as `tidemark --help` explains them."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from collections.abc import Callable

from cli.commands import drifting, exporting, holding, ledgers, looking, moving, objects, starting
from cli.commands.asking_rows import row_options
from cli.commands.permissions import permissions
from cli.errors import MEANING
from cli.settings import EXPLAINED

WHOLE = "read every object, not what changed since a snapshot"
TOP_DEFAULT = 100


def parser() -> ArgumentParser:
    """Return the parser; the parsed arguments carry the command to run as `command`.

    Options are not abbreviated: a slip of the hand must not mean --soft-delete-newer.
    """
    made = ArgumentParser(
        prog="tidemark",
        description="Look at snapshots of a Microsoft Entra tenant, compare it with one, and recover it.",
        epilog=_epilog(),
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    shown = ArgumentParser(add_help=False)
    shown.add_argument("--json", action="store_true", help="JSON also at a terminal (always when piped)")
    page, wait, scope, job, snapshot, doing = _page(), _wait(), _scope(), _job(), _snapshot(), _apply()
    looked_at = _looked_at()

    def add(name: str, command: object, help_text: str, *parents: ArgumentParser) -> ArgumentParser:
        added = commands.add_parser(
            name, help=help_text, description=help_text, parents=[shown, *parents], allow_abbrev=False
        )
        added.set_defaults(command=command)
        return added

    add("snapshots", looking.snapshots, "list snapshots, newest first", page)
    add("verify", looking.verify, "prove a snapshot: every byte, a part of it, or all manifests", snapshot, _proof())
    add_objects(add, snapshot)
    add_moving(add, snapshot)
    add("verify-all", starting.verify_all, "have all manifests, and in turn all snapshots, proven in a job", wait)
    for name, command, does in (
        ("hold", holding.hold, "hold a snapshot: nothing removes it, however old it is"),
        ("release", holding.release, "lift the hold of a snapshot"),
    ):
        add(name, command, does, snapshot).add_argument("--reason", required=True, help="why; it is kept with your id")
    add("vault", looking.vault, "show how well snapshots are protected, proven and kept")
    capture = add("capture", starting.capture, "take a snapshot now", wait)
    capture.add_argument(
        "--restore-point", action="store_true", help="only what changed since the day's snapshot, read through it"
    )
    add_reading(add("report", starting.report, "find what differs from a snapshot", snapshot, scope, wait))
    compare = add("compare", starting.compare, "find what differs between two snapshots", snapshot, scope, wait)
    compare.add_argument("other", metavar="OTHER", help="id of the snapshot that stands for now, or latest")
    add_rows(add, looked_at, page)
    planned = "plan to bring the tenant back to a snapshot, or do it"
    recover = add("recover", starting.recover, planned, snapshot, scope, wait, doing)
    _add_allowances(recover)
    _add_rows_of_report(recover)
    _add_digest(add("approve", starting.approve, "agree to a plan that somebody else has made", job))
    add("undo", starting.undo, "plan to put back what an ended recovery found, or do it", job, wait, doing)
    add("retry", starting.retry, "plan to repeat what failed in an ended recovery, or do it", job, wait, doing)
    add("id-map", looking.id_map, "list what recoveries have created anew, with old and new ids", page)
    add_drift(add, page)
    add("jobs", looking.jobs, "list jobs, newest first", page)
    add("job", looking.job, "show one job", looked_at, wait)
    add("cancel", starting.cancel, "stop a job at its next boundary; what it has applied stays", job, wait)
    add_ledger(add, looked_at, page)
    add("permissions", None, "list the application permissions to grant", _purpose()).set_defaults(local=permissions)
    return made


def add_reading(report: ArgumentParser) -> None:
    """Add how a report reads the tenant."""
    reading = report.add_mutually_exclusive_group()
    reading.add_argument(
        "--fresh", type=int, metavar="MINUTES", help="use what a report of so many minutes ago has read"
    )
    reading.add_argument("--whole", action="store_true", help=WHOLE)


def _add_rows_of_report(recover: ArgumentParser) -> None:
    recover.add_argument("--report", metavar="JOB", help="the report that --rows chooses from")
    recover.add_argument(
        "--rows", metavar="FILE", help="only these rows of it: lines of its export, or TYPE:ID; - reads"
    )
    recover.add_argument("--property", metavar="NAME,...", help="only these properties and references of the rows")


def _add_digest(approve: ArgumentParser) -> None:
    approve.add_argument("--digest", metavar="DIGEST", help="only if the plan has this digest: the one you have read")


def _add_allowances(recover: ArgumentParser) -> None:
    """Add what a recovery does only when it is asked to."""
    recover.add_argument("--whole", action="store_true", help=WHOLE)
    recover.add_argument(
        "--soft-delete-newer", action="store_true", help="also soft-delete objects that the snapshot does not have"
    )
    recover.add_argument(
        "--remove-newer-grants",
        action="store_true",
        help="also remove consent grants, app role and directory role assignments that the snapshot does not have",
    )
    recover.add_argument(
        "--recreate-hard-deleted",
        action="store_true",
        help="also create anew, under other ids, what was deleted for good, and rewrite what names it",
    )


def add_rows(add: Callable[..., ArgumentParser], job: ArgumentParser, page: ArgumentParser) -> None:
    """Add the commands that show the rows of a report."""
    rows = row_options()
    changes = add(
        "changes", looking.changes, "list what a report found, a recovery failed at, or delta missed", job, page, rows
    )
    changes.add_argument("--sort", metavar="NAME", help="such as displayName or tidemark.risk")
    changes.add_argument("--descending", action="store_true", help="sort downwards")
    export = add("export-report", exporting.export, "write a whole report to a file", job, rows)
    export.add_argument("--format", choices=exporting.FORMATS, default="ndjson", help="default ndjson")
    export.add_argument("--output", metavar="FILE", help="a new file; standard output without it")


def add_ledger(add: Callable[..., ArgumentParser], job: ArgumentParser, page: ArgumentParser) -> None:
    """Add the commands about what a recovery did."""
    add("confirmations", looking.confirmations, "list what a second look after a recovery found changed", job, page)
    add("outcomes", looking.outcomes, "list what became of every change of a recovery", job, page)
    runbook = add("runbook", ledgers.runbook, "show what a plan leaves to people, with the exact values", job, page)
    runbook.add_argument("--format", choices=ledgers.RUNBOOKS, help="the whole as Markdown or as lines of JSON")
    runbook.add_argument("--output", metavar="FILE", help="a new file; standard output without it")
    ledger = add("ledger", ledgers.ledger, "list every change of a recovery, or write its ledger to a file", job, page)
    ledger.add_argument("--type", metavar="TYPE,...", help="only objects of these types")
    ledger.add_argument("--action", metavar="ACTION,...", help="only these: update, restore, link, unlink, ...")
    ledger.add_argument("--result", metavar="RESULT,...", help="only these: applied, alreadyRight, failed")
    ledger.add_argument("--object", metavar="ID", help="only changes of this object, and links that lead to it")
    ledger.add_argument("--text", metavar="TEXT", help="only changes in which this text occurs anywhere")
    ledger.add_argument("--format", choices=ledgers.FORMATS, help="the whole as lines, or the sealed file itself")
    ledger.add_argument("--output", metavar="FILE", help="a new file; standard output without it")


def add_drift(add: Callable[..., ArgumentParser], page: ArgumentParser) -> None:
    """Add the commands about drift."""
    drift = add("drift", drifting.drift, "show or set what drift is judged by")
    drift.add_argument("--set", metavar="FILE", help="replace it by the JSON in FILE (docs/drift.md)")
    items = add("drift-items", drifting.drift_items, "list what differs from the baseline, kept over time", page)
    items.add_argument("--state", choices=drifting.STATES, help="only items in this state")
    for name, text in (("accept", "as it should be"), ("deny", "to be undone")):
        decided = add(f"drift-{name}", drifting.decide, f"say that a drift item is {text}")
        decided.add_argument("item", metavar="ITEM", help="id of a drift item")
        decided.add_argument("--note", default="", help="why")
        decided.set_defaults(decision=name)


def add_objects(add: Callable[..., ArgumentParser], snapshot: ArgumentParser) -> None:
    """Add the commands about single objects."""
    found = add("search", objects.search, "find objects of a snapshot by id, appId or how a name begins", snapshot)
    found.add_argument("text", metavar="TEXT", help="an id, an appId, or how a display or user principal name begins")
    found.add_argument("--top", type=int, default=TOP_DEFAULT, help=f"objects to find (default {TOP_DEFAULT})")
    shown = add("object", objects.show, "show one object of a snapshot with its links", snapshot)
    shown.add_argument("--outgoing", action="store_true", help="leave out links that lead to it, which cost most")
    told = add("history", objects.history, "tell every version of one object, with what changed")
    for made in (shown, told):
        made.add_argument("id", metavar="ID", help="id of an object")
    for made in (found, shown, told):
        made.add_argument("--type", metavar="TYPE", help="only objects of this type, such as user")


def add_moving(add: Callable[..., ArgumentParser], snapshot: ArgumentParser) -> None:
    """Add the commands that move a snapshot."""
    out = add("export", moving.export, "write a snapshot into a folder or a container, to read and to import", snapshot)
    out.add_argument(
        "--as",
        dest="form",
        choices=("json", "ndjson", "sealed"),
        default="json",
        help="a file for each object (the default), a line for each object, or only the stored files",
    )
    out.add_argument("--readable-only", action="store_true", help="leave out the stored files that an import needs")
    back = add("import", moving.bring_in, "bring an exported snapshot back into the vault")
    for made in (out, back):
        made.add_argument("folder", metavar="FOLDER", help="folder of an export, or a container's address with its SAS")


def _page() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument("--top", type=int, default=TOP_DEFAULT, help=f"rows to show, 1 to 999 (default {TOP_DEFAULT})")
    made.add_argument("--skip", type=int, default=0, help="rows to leave out before them (default 0)")
    return made


def _wait() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument("--wait", action="store_true", help="watch the job to its end; the exit status tells how it was")
    return made


def _apply() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument("--apply", action="store_true", help="carry it out; without it, only the plan is made and shown")
    made.add_argument("--plan", metavar="JOB", default="", help="carry out just the plan of that dry run, or nothing")
    made.add_argument("--yes", action="store_true", help="do not ask; needed where nobody can be asked")
    return made


def _scope() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    either = made.add_mutually_exclusive_group()
    either.add_argument("--types", metavar="TYPE,...", help="only these types, such as user,group")
    either.add_argument("--ids", metavar="TYPE:ID,...", help="only these objects")
    either.add_argument("--ids-from", metavar="FILE", help="only the objects that it lists, TYPE:ID a line")
    return made


def _purpose() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument(
        "--for", dest="purpose", choices=("read", "write"), required=True, help="snapshots read, recoveries write"
    )
    made.add_argument("--types", metavar="TYPE,...", help="only for these types, such as user,group")
    return made


def _job() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument("job", metavar="JOB", help="id of a job")
    return made


def _looked_at() -> ArgumentParser:
    """Only what is looked at may be called `latest`: what acts on a job has to name it."""
    made = ArgumentParser(add_help=False)
    made.add_argument("job", metavar="JOB", help="id of a job, or latest")
    made.set_defaults(may_be_latest=True)
    return made


def _snapshot() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    made.add_argument("snapshot", metavar="SNAPSHOT", help="id of a snapshot, or latest")
    return made


def _proof() -> ArgumentParser:
    made = ArgumentParser(add_help=False)
    either = made.add_mutually_exclusive_group()
    either.add_argument("--full", action="store_true", help="read every byte of the snapshot (the default)")
    either.add_argument("--quick", action="store_true", help="read the manifests of all snapshots, and nothing else")
    either.add_argument("--subset", metavar="N/T", help="read part N of T of the snapshot, such as 2/7")
    return made


def _epilog() -> str:
    width = max(len(name) for name in EXPLAINED)
    settings = "\n".join(f"  {name:{width}}  {text}" for name, text in EXPLAINED.items())
    statuses = "\n".join(f"  {status.value}  {text}" for status, text in MEANING.items())
    signing_in = "  Without a token or an application, whoever is signed in to Azure CLI or PowerShell is asked for."
    return f"environment:\n{settings}\n{signing_in}\n\nexit status:\n{statuses}"
