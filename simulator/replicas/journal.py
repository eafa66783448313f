"""What every change replaced: enough to show the tenant as it was at an earlier time, and to say who changed what.

Kept for the newest changes only; `whole_since` tells how far back it reaches without a hole.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.types.schema import JsonObject

ENTRIES_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Operation:
    """The request a change belongs to; the tenant's own housekeeping has no application, an app alone no user."""

    app_id: str = ""
    correlation_id: str = ""
    user_id: str = ""


@dataclass(slots=True)
class Entry:
    """One change. `before` is the object as it was, in `place` ("live", "deleted" or "" for nowhere).

    A link change has a `relation` and a `target_id`; `changes` are the properties written.
    """

    at: float
    number: int
    happened: str
    type_name: str
    object_id: str
    operation: Operation
    place: str = ""
    before: JsonObject | None = None
    changes: dict[str, Any] | None = None
    relation: str = ""
    target_id: str = ""


class Journal:
    """The newest changes, oldest first. `created` says since when an object is there, and of which type it is."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_MAX)
        self.is_recording = False
        self.operation = Operation()
        self.count = 0
        self.created: dict[str, tuple[float, str]] = {}

    def append(self, at: float, happened: str, type_name: str, object_id: str, **more: Any) -> None:
        """Keep one change of the operation under way."""
        if self.is_recording:
            self.count += 1
            if happened in ("created", "restored"):
                self.created[object_id] = (at, type_name)
            self._entries.append(Entry(at, self.count, happened, type_name, object_id, self.operation, **more))

    def newest_first(self) -> Iterator[Entry]:
        """Yield the entries, the newest first."""
        return reversed(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def whole_since(self, at: float) -> bool:
        """Tell whether every change after `at` is still here."""
        return self.count == len(self._entries) or self._entries[0].at <= at
