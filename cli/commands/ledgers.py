"""The commands ledger and runbook: what became of every change of a recovery, and what it leaves to people."""

from __future__ import annotations

from argparse import Namespace

from cli.commands.exporting import written
from cli.commands.looking import listed
from cli.errors import CliError, Exit
from cli.session import Session
from cli.tables.outcomes import LEDGER, RUNBOOK, ledger_row, step_row

FORMATS = ("ndjson", "csv", "sealed")
RUNBOOKS = ("markdown", "ndjson")
CHOICES = ("type", "action", "result", "object", "text")


def ledger(session: Session, given: Namespace) -> Exit:
    """List the chosen entries of a ledger; with --format write all of them, byte for byte as they came."""
    path = ("jobs", given.job, "tidemark.ledger")
    params = {name: value for name in CHOICES if (value := getattr(given, name)) is not None}
    if given.format is not None:
        if given.format == "sealed" and params:
            raise CliError(Exit.USAGE, "the sealed ledger is one file: nothing of it can be chosen")
        return written(session, given.output, path, params | {"format": given.format})
    if given.output is not None:
        raise CliError(Exit.USAGE, "--output goes with --format")
    return listed(session, given, path, "Ledger", LEDGER, ledger_row, **params)


def runbook(session: Session, given: Namespace) -> Exit:
    """List the steps of a runbook; with --format write all of them."""
    path = ("jobs", given.job, "tidemark.runbook")
    if given.format is not None:
        return written(session, given.output, path, {"format": given.format})
    if given.output is not None:
        raise CliError(Exit.USAGE, "--output goes with --format")
    return listed(session, given, path, "To do by hand", RUNBOOK, step_row)
