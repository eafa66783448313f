"""Name what a plan would remove, before anything is: no recycle bin shows a grant or an assignment afterwards.

Keeps the names of the first hundred and counts the rest; a dry run tells the same as the recovery.
"""

from __future__ import annotations

from shared.catalogue.types import type_named
from shared.domain.changes import Action, Difference

NAMED_MAX = 100


class Removals:
    """What of a plan is removed, as it is laid out."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._count = 0

    def add(self, row: Difference) -> None:
        """Note a row that the plan acts on, when it removes something."""
        if row.action is not Action.SOFT_DELETE or not type_named(row.type).is_removable:
            return
        self._count += 1
        if len(self._named) < NAMED_MAX:
            name = f" of {row.display_name!r}" if row.display_name else ""
            self._named.append(f"REMOVES {type_named(row.type).wire_name}{name} ({row.object_id})")

    def warnings(self) -> list[str]:
        """Return what the operator must be told."""
        more = self._count - len(self._named)
        return [*self._named, f"REMOVES {more} more grants and assignments"] if more else list(self._named)
