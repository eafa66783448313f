"""Read again the owners and sponsors that changed since the state before, as far as the audit log tells.

At the end of a roll-forward of a type that is carried on. The cost is a request for the log, one more for every 999
records of such changes, and a part of a request for every object that they name. A log that Graph refuses, or that
names too much, is said and stops nothing: the next whole reading finds what was missed (docs/decisions/0027).

A crash costs asking again: nothing counts before the roll-forward's last recording.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Reference
from shared.domain.errors import DirectoryError
from shared.domain.times import parse_time
from shared.formats.links import LinkSpool
from shared.jobs.audited import audited_references, named_in, openings
from shared.ports import Clock, Directory
from shared.runs.tenure import Tenure

PAGES_MAX = 20  # of 999 records each; the log's quota is five requests in ten seconds
OBJECTS_MAX = 5_000  # of which the lists are read again: at most 250 requests of 20 parts
# Records appear late; the lists of an object that was named already are read once more, which changes nothing.
LATE = timedelta(hours=1)

log = logging.getLogger(__name__)


class AuditedLinks:
    """The lists that the log names."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    async def update(self, tenure: Tenure, entry: ObjectType, into: LinkSpool) -> str:
        """Put the present links of every object that the log names into an increment.

        Return why the log tells nothing or not everything, empty when it tells all it has.
        """
        since = str(tenure.batch.argument.get("since", ""))
        if not since or not tenure.batch.argument.get("carried") or tenure.batch.cursor.get("resync"):
            return ""
        said = ""
        for reference in audited_references(entry):
            try:
                named, is_cut = await self._named(entry, reference, parse_time(since))
            except DirectoryError as error:
                log.warning("audit log refused", extra={"job_id": tenure.job.job_id, "reason": str(error)})
                return f"the audit log does not tell of {reference.name}: {error}"
            if is_cut:
                said = f"the audit log names more changed {reference.name} than are read again at once"
            others = await self._directory.references(entry, reference.name, named) if named else {}
            for object_id in sorted(others):
                into.reset(reference.code, object_id)
            into.add_linked(reference.code, [(source, sorted(others[source])) for source in sorted(others)])
        return said

    async def names(self, entry: ObjectType, since: datetime) -> list[str]:
        """Return the objects whose links the log says have changed since then, none where it does not tell."""
        named: list[str] = []
        with contextlib.suppress(DirectoryError):
            for reference in audited_references(entry):
                named += (await self._named(entry, reference, since))[0]
        return named

    async def _named(self, entry: ObjectType, reference: Reference, since: datetime) -> tuple[list[str], bool]:
        """Return the objects that the log names from a little before `since` on, and whether there may be more."""
        since, until, found = since - LATE, self._clock.now(), set[str]()
        cursor: str | None = ""
        for _page in range(PAGES_MAX):
            page = await self._directory.audits(since, until, cursor or "", openings(reference))
            found |= named_in(page.records, entry, reference)
            cursor = page.cursor
            if cursor is None or len(found) > OBJECTS_MAX:
                break
        return sorted(found)[:OBJECTS_MAX], cursor is not None or len(found) > OBJECTS_MAX
