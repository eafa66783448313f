"""The change log of one object type: every write in the order it took effect. Delta queries read nothing else.

The log is only ever appended to; a position in it is a point in the history of the tenant.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple, TypeVar

View = TypeVar("View")


class Happened(StrEnum):
    """What one entry says about its object."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "purged"
    LINKED = "linked"
    UNLINKED = "unlinked"


class Change(NamedTuple):
    """One entry: `names` are the properties written, or the relation of a link whose other end is `target_id`."""

    at: float
    object_id: str
    happened: Happened
    names: tuple[str, ...] = ()
    target_id: str = ""
    target_type: str = ""


VIEWS_KEPT = 32  # windows asked for side by side: rounds of delta, ranges of a listing; else each page goes through all


class ChangeLog:
    """Append-only; silent until `is_recording`, so that a tenant's first fill leaves no history."""

    __slots__ = ("_entries", "_views", "is_recording")

    def __init__(self) -> None:
        self._entries: list[Change] = []
        self._views: OrderedDict[Hashable, Any] = OrderedDict()
        self.is_recording = False

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, change: Change) -> None:
        """Record one change."""
        if self.is_recording:
            self._entries.append(change)

    def between(self, start: int, end: int) -> Iterator[Change]:
        """Yield the entries from position `start` up to but not including `end`."""
        return islice(self._entries, start, end)

    def view(self, start: int, end: int, what: Hashable, make: Callable[[], View]) -> View:
        """Return what `make` makes of a window of the log, made once for as long as it is asked for often.

        `what` tells apart the things that are made of one window; the entries in it never change.
        """
        key = (start, min(end, len(self._entries)), what)
        if key not in self._views:
            self._views[key] = make()
        self._views.move_to_end(key)
        while len(self._views) > VIEWS_KEPT:
            self._views.popitem(last=False)
        found: View = self._views[key]
        return found

    def cut(self, horizon: float) -> list[Change]:
        """Take the entries younger than `horizon` off the end and return them; `extend` puts them back."""
        keep = len(self._entries)
        while keep and self._entries[keep - 1].at > horizon:
            keep -= 1
        tail = self._entries[keep:]
        del self._entries[keep:]
        return tail

    def extend(self, tail: list[Change]) -> None:
        """Put back what `cut` took."""
        self._entries.extend(tail)
