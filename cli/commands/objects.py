"""Commands about single objects: find one in a snapshot, show it whole, tell its history."""

from __future__ import annotations

import re
from argparse import Namespace
from urllib.parse import parse_qs, urlsplit

from cli.api import Json
from cli.errors import CliError, Exit
from cli.session import Session, chosen_snapshot
from cli.tables.objects import LINKS, MATCHES, VERSIONS, link_rows, match_row, version_row
from cli.text import json_text, moment

PLACE = re.compile(r"[0-9]{1,4}\.[0-9]{1,9}\Z")


def search(session: Session, given: Namespace) -> Exit:
    """Find objects of a snapshot by id, appId, or how a name begins; reads on until there are enough or no more."""
    snapshot = chosen_snapshot(session.api, given.snapshot)
    path = ("snapshots", str(snapshot["id"]), "tidemark.search")
    rows: list[Json] = []
    place: str | None = ""
    while place is not None and len(rows) < given.top:
        wanted = {"text": given.text, "$top": str(given.top - len(rows)), **_type(given)}
        answer = session.api.ask(*path, **wanted, **({"from": place} if place else {}))
        rows += answer.get("value") or []
        place = _next_place(answer)
    if session.screen.is_json:
        session.screen.document({"value": rows, "isMore": place is not None})
        return Exit.DONE
    session.screen.table("Objects", MATCHES, (match_row(row) for row in rows))
    if place is not None:
        session.screen.note("there are more: ask for them with a longer text or a larger --top")
    return Exit.DONE


def show(session: Session, given: Namespace) -> Exit:
    """Show one object of a snapshot with its links."""
    snapshot = chosen_snapshot(session.api, given.snapshot)
    wanted = {**_type(given), **({"links": "outgoing"} if given.outgoing else {})}
    found = session.api.ask("snapshots", str(snapshot["id"]), "tidemark.objects", given.id, **wanted)
    if session.screen.is_json:
        session.screen.document(found)
        return Exit.DONE
    properties = found.get("object") or {}
    state = " (soft-deleted)" if found.get("tidemark.isSoftDeleted") else ""
    title = f"{found.get('entityTypeName')} {found.get('id')} at {moment(snapshot.get('createdDateTime'))}{state}"
    session.screen.table(title, ("property", "value"), ((name, json_text(value)) for name, value in properties.items()))
    links = [*link_rows(found)]
    if links:
        session.screen.table("Links", LINKS, links)
    return Exit.DONE


def history(session: Session, given: Namespace) -> Exit:
    """Tell every version of one object across all snapshots, with what changed."""
    told = session.api.ask("tidemark.history", given.id, **_type(given))
    for note in told.get("notes") or []:
        session.screen.note(f"note: {note}")
    if session.screen.is_json:
        session.screen.document(told)
        return Exit.DONE
    versions = told.get("versions") or []
    title = f"History of {told.get('entityTypeName')} {told.get('id')}"
    session.screen.table(title, VERSIONS, (version_row(one) for one in versions))
    return Exit.DONE


def _type(given: Namespace) -> dict[str, str]:
    return {"type": given.type} if given.type else {}


def _next_place(answer: Json) -> str | None:
    """Return where a search goes on, from the address in its answer, which itself is never called."""
    link = answer.get("@odata.nextLink")
    if link is None:
        return None
    (place,) = parse_qs(urlsplit(str(link)).query).get("from") or [""]
    if not PLACE.match(place):
        raise CliError(Exit.TROUBLE, "the answer does not say where the search goes on")
    return place
