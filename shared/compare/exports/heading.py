"""What every export says about its report: which tenant, which two sides, how many rows of which kind.

Pure. Nothing in it depends on when the export is made, so the same report always gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.catalogue.types import type_named
from shared.compare.rows import Row
from shared.domain.times import format_time

ROWS_MAX = 5_000  # of a document for people; whoever needs more reads NDJSON or CSV
ACTORS_MAX = 20


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """One report. `current` is the id of the snapshot that stands for now, empty for the tenant itself at `read_at`."""

    tenant: str
    target: str
    target_at: datetime
    current: str
    read_at: datetime

    @property
    def other_side(self) -> str:
        """The other side in words."""
        return f"snapshot {self.current}" if self.current else f"the tenant as of {format_time(self.read_at)}"


class Digest(msgspec.Struct, kw_only=True):
    """The figures of a report, and the rows that a person should see first: those with a risk, worst first."""

    rows: int = 0
    by_kind: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    by_risk: Counter[str] = msgspec.field(default_factory=Counter)
    by_actor: Counter[str] = msgspec.field(default_factory=Counter)
    risky: list[Row] = []
    others: list[Row] = []

    def add(self, row: Row) -> None:
        """Count one row, and keep it while there is room."""
        self.rows += 1
        self.by_kind[type_named(row.difference.type).wire_name, row.difference.action.value] += 1
        self.by_risk.update(risk.value for risk in row.risks)
        self.by_actor[row.cause.actor_name or row.cause.app_name or row.cause.actor_id if row.cause else row.log] += 1
        kept = self.risky if row.risks else self.others
        if len(kept) < ROWS_MAX:
            kept.append(row)

    @property
    def actors(self) -> list[tuple[str, int]]:
        """Who made how many changes, most first, by name where equal."""
        return sorted(self.by_actor.items(), key=lambda item: (-item[1], item[0]))[:ACTORS_MAX]

    @property
    def shown(self) -> list[Row]:
        """The rows to show."""
        return [*self.risky, *self.others][:ROWS_MAX]


def digest(rows: Iterable[Row]) -> Digest:
    """Return the figures of `rows`."""
    made = Digest()
    for row in rows:
        made.add(row)
    return made
