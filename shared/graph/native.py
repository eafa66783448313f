"""The recovery jobs of Microsoft's own feature, read by an application ("entraRecoveryServices API overview").

Its recoveries leave no record in delta queries, so whoever goes on by delta has to ask whether there was one. Only
jobs of the kind recoveryJob write to the tenant; previews do not.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.faults import incomplete
from shared.graph.cursors import Bounds, Cursor
from shared.graph.exchange import Request
from shared.graph.reading import PRIORITY
from shared.graph.sending import Sender
from shared.ports import NativeRecovery

JOBS = "/directory/recovery/jobs"
KIND = "microsoft.graph.entraRecoveryServices.recoveryJob"


class _Job(msgspec.Struct, rename={"kind": "@odata.type", "ended_at": "jobCompletionDateTime"}):
    id: str
    kind: str = ""
    status: str = ""
    ended_at: datetime | None = None


class NativeJobs:
    """The tenant's list of native jobs."""

    def __init__(self, sender: Sender, bounds: Bounds) -> None:
        self._sender, self._bounds = sender, bounds

    async def recoveries(self) -> list[NativeRecovery]:
        """Return every recovery that the list still has; raise DirectoryError or IncompleteListingError."""
        found: list[NativeRecovery] = []
        cursor = Cursor(next=JOBS)
        while cursor.next is not None:
            reply = await self._sender.send(Request(tail=cursor.next, priority=PRIORITY))
            page = pages.object_page("native recovery jobs", reply, repeats=True)
            for body in page.bodies:
                try:
                    job = msgspec.json.decode(body, type=_Job)
                except msgspec.DecodeError as error:
                    raise incomplete("native recovery jobs", f"a job is malformed ({error})", reply) from error
                if job.kind.removeprefix("#") == KIND:
                    found.append(NativeRecovery(job.id, job.status, job.ended_at))
            if page.next_link is None:
                return found
            tail, trail = cursors.advance("native recovery jobs", reply, page.next_link, cursor.trail, self._bounds)
            cursor = Cursor(next=tail, page=cursor.page + 1, trail=trail)
        return found
