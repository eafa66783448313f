"""The entries of a ledger chosen and written down: what may be asked of them, and their lines for a spreadsheet.

Pure. One line of CSV is one change; names and values come from the tenant, so every cell is escaped as in the exports
of reports (shared/compare/exports).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from shared.catalogue.types import type_named
from shared.compare.exports.cells import shown, visible
from shared.compare.exports.spreadsheet import END, safe
from shared.domain.changes import Action, Result
from shared.domain.ledgers import Entry
from shared.domain.times import format_time

Test = Callable[[Entry], bool]
COLUMNS = (
    "time batch type id displayName action result standing reference otherId before after errorCode message requestId "
    "changeId"
).split()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are asked for; what is empty asks for nothing in particular. `text` occurs anywhere in them."""

    types: Collection[str] = ()
    actions: Collection[Action] = ()
    results: Collection[Result] = ()
    object_id: str = ""
    text: str = ""

    def test(self) -> Test | None:
        """Return the test of one entry, None when all are asked for."""
        return None if self == Wanted() else self._fits

    def _fits(self, entry: Entry) -> bool:
        one = entry.outcome
        return (
            (not self.types or one.type in self.types)
            and (not self.actions or one.action in self.actions)
            and (not self.results or one.result in self.results)
            and (not self.object_id or self.object_id.casefold() in {one.object_id.casefold(), one.other_id.casefold()})
            and (not self.text or self.text.casefold() in text_of(entry))
        )


def text_of(entry: Entry) -> str:
    """Return everything of an entry that a person may look for, in lower case."""
    one = entry.outcome
    values = [shown(value) for side in (one.before, one.target) for value in side.values()]
    names = [*one.before, *one.target, one.reference]
    parts = [one.display_name, one.object_id, one.other_id, one.error_code, one.message, one.request_id]
    return "\n".join([*parts, *names, *values]).casefold()


def csv_of(entries: Iterable[Entry], *, has_header: bool) -> bytes:
    """Return the lines of `entries`, below the names of the columns when they come first."""
    parts = [",".join(map(safe, COLUMNS)) + END] if has_header else []
    parts += [",".join(map(safe, _cells(entry))) + END for entry in entries]
    return "".join(parts).encode()


def _cells(entry: Entry) -> tuple[str, ...]:
    one = entry.outcome
    return (
        format_time(entry.at) if entry.at else "",
        str(entry.batch),
        type_named(one.type).wire_name,
        visible(one.object_id),
        visible(one.display_name),
        one.action.value,
        one.result.value,
        entry.standing.value if entry.standing else "",
        one.reference,
        visible(one.other_id),
        shown(one.before),
        shown(entry.after),
        visible(one.error_code),
        visible(one.message),
        visible(one.request_id),
        visible(one.change_id),
    )
