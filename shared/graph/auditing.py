"""Read a window of the directory audit log, page by page ("List directoryAudits").

The log has a quota of its own, five requests in ten seconds, so it is read once for a window and never per object.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.times import format_time
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.cursors import Bounds, Cursor
from shared.graph.exchange import Request
from shared.graph.sending import Sender
from shared.ports import AuditPage

WHAT = "auditLogs/directoryAudits"
TOP = 999


class Auditor:
    """Pages of the audit log."""

    def __init__(self, sender: Sender, bounds: Bounds) -> None:
        self._sender, self._bounds = sender, bounds

    async def page(self, since: datetime, until: datetime, text: str, openings: Sequence[str] = ()) -> AuditPage:
        """Return the page at the cursor `text` of the records from `since` to `until`; see ports.Directory."""
        cursor = cursors.load(WHAT, text)
        tail = cursor.next or first_tail(since, until, openings)
        reply = await self._sender.send(Request(tail=tail, priority="low"))
        page = pages.object_page(WHAT, reply, repeats=True)
        if page.next_link is None:
            return AuditPage(page.bodies, None)
        tail, trail = cursors.advance(WHAT, reply, page.next_link, cursor.trail, self._bounds)
        return AuditPage(page.bodies, cursors.dump(Cursor(next=tail, page=cursor.page + 1, trail=trail)))


def first_tail(since: datetime, until: datetime, openings: Sequence[str] = ()) -> str:
    """Return the path and query of the first page; with `openings`, of activities that begin with one of them."""
    wanted = f"activityDateTime ge {format_time(since)} and activityDateTime le {format_time(until)}"
    begins = " or ".join(f"startswith(activityDisplayName,'{words}')" for words in openings)
    wanted += f" and ({begins})" if begins else ""
    return f"/{WHAT}?$filter={wanted.replace(' ', '%20')}&$top={TOP}"
