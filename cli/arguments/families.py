"""Commands that belong together: about single objects, moving snapshots, rows of a report, ledgers, drift.

Each function adds one family; `add` adds a command by name, with the parents whose options it takes.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable

from cli.arguments.options import TOP_DEFAULT
from cli.commands import drifting, exporting, ledgers, looking, moving, objects
from cli.commands.asking_rows import row_options

Add = Callable[..., ArgumentParser]


def add_objects(add: Add, snapshot: ArgumentParser) -> None:
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


def add_moving(add: Add, snapshot: ArgumentParser) -> None:
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


def add_rows(add: Add, job: ArgumentParser, page: ArgumentParser) -> None:
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


def add_ledger(add: Add, job: ArgumentParser, page: ArgumentParser) -> None:
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


def add_drift(add: Add, page: ArgumentParser) -> None:
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
