"""A row of a report with everything known about it, and the questions that may be asked of it.

Pure. A row can be asked for by type, action, risk, property, actor, application, time and text; every reader (API,
command line, exports, drift) asks the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Rule
from shared.catalogue.types import type_named
from shared.compare.judge import writable
from shared.domain.changes import Action, Difference
from shared.domain.explanations import Cause, Explanation, Log, Risk

Test = Callable[["Row"], bool]
NEVER = datetime.min.replace(tzinfo=UTC)
NO_RISK = len(Risk)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One difference with its explanation; reports of older versions have none."""

    difference: Difference
    explanation: Explanation | None = None

    @property
    def risks(self) -> tuple[Risk, ...]:
        """What the change puts at risk, worst first."""
        return self.explanation.risks if self.explanation else ()

    @property
    def cause(self) -> Cause | None:
        """Who changed it, None when the log does not say."""
        return self.explanation.cause if self.explanation else None

    @property
    def log(self) -> Log:
        """What the audit log had to say."""
        return self.explanation.log if self.explanation else Log.NOT_IN_LOG

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties and references that differ, in order."""
        return tuple(sorted({*self.difference.target, *(link.reference for link in self.difference.links)}))

    def name_of(self, object_id: str) -> str:
        """Return the display name of the other end of a link, empty when nobody knows it."""
        return self.explanation.names.get(object_id, "") if self.explanation else ""

    @property
    def text(self) -> str:
        """Everything a person may look for, in lower case."""
        row, cause = self.difference, self.cause
        parts = [row.display_name, row.object_id, row.refusal, *self.properties]
        parts += [value for side in (row.target, row.current) for value in side.values() if isinstance(value, str)]
        parts += [f"{link.other_id} {self.name_of(link.other_id)}" for link in row.links]
        parts += [cause.actor_name, cause.app_name, cause.activity] if cause else []
        return "\n".join(parts).lower()


# What rows may be sorted by; ties keep the report's own order.
ORDERS: dict[str, Callable[[Row], Any]] = {
    "displayName": lambda row: row.difference.display_name.casefold(),
    "entityTypeName": lambda row: type_named(row.difference.type).wire_name,
    "recoveryAction": lambda row: row.difference.action.value,
    "tidemark.risk": lambda row: tuple(Risk).index(row.risks[0]) if row.risks else NO_RISK,
    "tidemark.changedDateTime": lambda row: row.cause.at if row.cause else NEVER,
    "tidemark.changedBy": lambda row: row.cause.actor_name.casefold() if row.cause else "",
}


def ordered(rows: Sequence[Row], order: str, *, is_descending: bool) -> list[Row]:
    """Return the rows sorted by one of ORDERS."""
    return sorted(rows, key=ORDERS[order], reverse=is_descending)


def not_written(row: Difference) -> dict[str, str]:
    """Return why a recovery would not write each property of the row that it would not."""
    if row.action not in {Action.UPDATE, Action.RESTORE}:
        return {}
    entry = type_named(row.type)
    allowed = writable(entry, row.target)
    return {name: _reason(entry, name) for name in row.target if name not in allowed and name != "deletedDateTime"}


def _reason(entry: ObjectType, name: str) -> str:
    known = entry.property(name)
    if known is None:
        return "this version of Tidemark does not know it"
    if name in {secret.name for secret in entry.secrets}:
        return "nobody can give a secret back"
    if known.rule is Rule.CREATE_ONLY:
        return "Graph takes it only when the object is created"
    return "Graph does not let it be cleared" if known.rule is Rule.WRITABLE else "Graph computes it"
