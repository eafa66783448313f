"""All commands, in the order in which `tidemark --help` lists them."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from cli.arguments import families, options
from cli.commands import holding, looking, starting
from cli.commands.permissions import permissions
from cli.errors import MEANING
from cli.settings import EXPLAINED


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
    page, wait, scope, snapshot = options.page(), options.wait(), options.scope(), options.snapshot()
    job, looked_at, doing = options.acted_on(), options.looked_at(), options.doing()
    proof, purpose = options.proof(), options.purpose()

    def add(name: str, command: object, help_text: str, *parents: ArgumentParser) -> ArgumentParser:
        added = commands.add_parser(
            name, help=help_text, description=help_text, parents=[shown, *parents], allow_abbrev=False
        )
        added.set_defaults(command=command)
        return added

    add("snapshots", looking.snapshots, "list snapshots, newest first", page)
    add("verify", looking.verify, "prove a snapshot: every byte, a part of it, or all manifests", snapshot, proof)
    families.add_objects(add, snapshot)
    families.add_moving(add, snapshot)
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
    options.add_reading(add("report", starting.report, "find what differs from a snapshot", snapshot, scope, wait))
    compare = add("compare", starting.compare, "find what differs between two snapshots", snapshot, scope, wait)
    compare.add_argument("other", metavar="OTHER", help="id of the snapshot that stands for now, or latest")
    families.add_rows(add, looked_at, page)
    planned = "plan to bring the tenant back to a snapshot, or do it"
    recover = add("recover", starting.recover, planned, snapshot, scope, wait, doing)
    options.add_allowances(recover)
    options.add_rows_of_report(recover)
    options.add_digest(add("approve", starting.approve, "agree to a plan that somebody else has made", job))
    add("undo", starting.undo, "plan to put back what an ended recovery found, or do it", job, wait, doing)
    add("retry", starting.retry, "plan to repeat what failed in an ended recovery, or do it", job, wait, doing)
    add("id-map", looking.id_map, "list what recoveries have created anew, with old and new ids", page)
    families.add_drift(add, page)
    add("jobs", looking.jobs, "list jobs, newest first", page)
    add("job", looking.job, "show one job", looked_at, wait)
    add("cancel", starting.cancel, "stop a job at its next boundary; what it has applied stays", job, wait)
    families.add_ledger(add, looked_at, page)
    add("permissions", None, "list the application permissions to grant", purpose).set_defaults(local=permissions)
    return made


def _epilog() -> str:
    width = max(len(name) for name in EXPLAINED)
    settings = "\n".join(f"  {name:{width}}  {text}" for name, text in EXPLAINED.items())
    statuses = "\n".join(f"  {status.value}  {text}" for status, text in MEANING.items())
    signing_in = "  Without a token or an application, whoever is signed in to Azure CLI or PowerShell is asked for."
    return f"environment:\n{settings}\n{signing_in}\n\nexit status:\n{statuses}"
