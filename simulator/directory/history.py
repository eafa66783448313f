"""Who wrote what: the ordered list of every write that took effect, and how many were for good."""

from dataclasses import asdict, dataclass
from typing import Any

from simulator.moments import stamp


@dataclass(frozen=True, slots=True)
class Write:
    """One write that took effect; `links` are (relation, other end, "added" or "removed")."""

    at: float
    app_id: str
    method: str
    path: str
    object_type: str
    object_id: str
    links: tuple[tuple[str, str, str], ...] = ()

    def shown(self) -> dict[str, Any]:
        """Return the JSON form, `at` as a time."""
        return {**asdict(self), "at": stamp(self.at)}


class History:
    """The writes of all applications, oldest first."""

    def __init__(self) -> None:
        self._writes: list[Write] = []
        self.hard_deletes = 0

    def __len__(self) -> int:
        return len(self._writes)

    def append(self, write: Write) -> None:
        """Keep one write."""
        self._writes.append(write)

    def of(self, app_id: str | None) -> list[Write]:
        """Return the writes of one application, or of all."""
        return [write for write in self._writes if app_id is None or write.app_id == app_id]
