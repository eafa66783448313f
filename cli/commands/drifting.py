"""Commands about drift: what it is judged by, the items, and what is decided about them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import msgspec

from cli.api import Json
from cli.errors import CliError, Exit
from cli.session import Session
from cli.tables.changes import DRIFT_ITEMS, drift_item_row

STATES = ("new", "accepted", "denied", "resolved")


def drift(session: Session, given: Namespace) -> Exit:
    """Show what drift is judged by; with --set FILE, replace it first."""
    body = session.api.ask("tidemark.drift") if given.set is None else _changed(session, given.set)
    session.screen.document({name: value for name, value in body.items() if not name.startswith("@")})
    return Exit.DONE


def drift_items(session: Session, given: Namespace) -> Exit:
    """List drift items, those of one state when asked."""
    params = {"state": given.state} if given.state else {}
    rows, next_skip = session.api.page("tidemark.driftItems", top=given.top, skip=given.skip, **params)
    if session.screen.is_json:
        session.screen.document({"value": rows, "nextSkip": next_skip})
        return Exit.DONE
    session.screen.table("Drift", DRIFT_ITEMS, map(drift_item_row, rows))
    if next_skip is not None:
        session.screen.note(f"there are more: --skip {next_skip}")
    return Exit.DONE


def decide(session: Session, given: Namespace) -> Exit:
    """Accept or deny one item."""
    body = session.api.send("tidemark.driftItems", given.item, given.decision, body={"note": given.note})
    session.screen.document({name: value for name, value in body.items() if not name.startswith("@")})
    return Exit.DONE


def _changed(session: Session, name: str) -> Json:
    try:
        body = msgspec.json.decode(Path(name).read_bytes(), type=Json)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CliError(Exit.USAGE, f"--set: {error}") from error
    return session.api.send("tidemark.drift", body=body)
