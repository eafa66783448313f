"""A hold on a snapshot: while it is set, nothing of the snapshot is removed, however old it is.

Pure values. Setting and lifting are remembered with who did it, when and why; the newest entry decides.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.errors import InputError

REASON_CHARACTERS_MAX = 500
ENTRIES_MAX = 100  # older ones fall off; a row must stay far below what a table entity may hold
TIDEMARK = "tidemark"  # who holds what an alert protects


class HoldEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One setting (`is_held`) or lifting of a hold; `by` is the caller's object id, or `tidemark`."""

    is_held: bool
    at: datetime
    by: str
    reason: str


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one snapshot's hold, oldest first."""

    snapshot_id: str
    entries: tuple[HoldEntry, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether the snapshot is held now."""
        return bool(self.entries) and self.entries[-1].is_held

    def with_entry(self, entry: HoldEntry) -> Hold:
        """Return the hold after `entry`; setting what is set and lifting what is not changes nothing."""
        if entry.is_held == self.is_held:
            return self
        return Hold(snapshot_id=self.snapshot_id, entries=(*self.entries, entry)[-ENTRIES_MAX:])


def checked_reason(text: object) -> str:
    """Return a reason as it is kept; raise InputError unless it is one to 500 characters of text."""
    reason = text.strip() if isinstance(text, str) else ""
    if not reason or len(reason) > REASON_CHARACTERS_MAX or not reason.isprintable():
        message = f"say why, in 1 to {REASON_CHARACTERS_MAX} printable characters"
        raise InputError(message, member="reason")
    return reason
