"""Commands that hold a snapshot, so that nothing removes it, and lift the hold again."""

from __future__ import annotations

from argparse import Namespace

from cli.errors import Exit
from cli.session import Session, chosen_snapshot
from cli.tables.snapshots import SNAPSHOTS, snapshot_row


def hold(session: Session, given: Namespace) -> Exit:
    """Hold a snapshot, for the reason that is given."""
    return _done(session, given, "tidemark.hold")


def release(session: Session, given: Namespace) -> Exit:
    """Lift the hold of a snapshot, for the reason that is given."""
    return _done(session, given, "tidemark.release")


def _done(session: Session, given: Namespace, function: str) -> Exit:
    snapshot = chosen_snapshot(session.api, given.snapshot)
    found = session.api.call("snapshots", str(snapshot["id"]), function, body={"reason": given.reason})
    if session.screen.is_json:
        session.screen.document(found)
    else:
        session.screen.table("Snapshot", SNAPSHOTS, [snapshot_row(found)])
    return Exit.DONE
