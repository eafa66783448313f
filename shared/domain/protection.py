"""How well a container is protected against change, as the storage service itself says it.

Pure values. Only a locked policy is a promise: an unlocked one can be shortened or removed by whoever manages the
account, and a version-level one lets an uploader opt out ("Overview of immutable storage for blob data"). What could
not be read back is said to be unknown; it is never taken for protection.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Lock(StrEnum):
    """What is known of a container's immutability policy."""

    NONE = "notImmutable"
    VERSION_LEVEL = "versionLevel"
    UNKNOWN = "lockUnknown"
    UNLOCKED = "unlocked"
    LOCKED = "locked"


SAID = {
    Lock.NONE: "NOT IMMUTABLE: the vault has no immutability policy; whoever may delete there can delete snapshots",
    Lock.VERSION_LEVEL: "NOT PROTECTED: the policy is version-level, from which an uploader can opt out",
    Lock.UNKNOWN: "NOT PROVEN: the vault has an immutability policy; whether it is locked could not be read",
    Lock.UNLOCKED: "ONLY UNLOCKED: the vault's policy of {days} days can still be shortened or removed",
    Lock.LOCKED: "locked {days} days",
}


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """A container's policy: `days` since a blob's creation that it protects it, 0 where nobody could say."""

    lock: Lock
    days: int = 0
    has_legal_hold: bool = False

    @property
    def is_promise(self) -> bool:
        """Whether nobody, whatever their rights, can delete what is younger than `days`."""
        return self.lock is Lock.LOCKED and self.days > 0

    def said(self) -> str:
        """Return the sentence that an operator reads."""
        return SAID[self.lock].format(days=self.days)


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """What the storage service says of a container, and the time `at` which it said so, by its own clock."""

    protection: Protection
    at: datetime


UNPROTECTED = Protection(lock=Lock.NONE)
