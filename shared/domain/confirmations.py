"""What a second look at a tenant says of the changes that a recovery made.

Pure values, stored as they are at the end of every recovery (docs/formats/records.md).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.domain.changes import Action, Json
from shared.domain.explanations import Cause, Log


class Standing(StrEnum):
    """How a change stands when its object is read again.

    PENDING: the tenant still shows what was there before, although Graph took the write. OVERWRITTEN: it shows
    something else, so somebody has changed it since; or what was there before, and the audit log names who put it back.
    """

    CONFIRMED = "confirmed"
    PENDING = "pending"
    OVERWRITTEN = "overwritten"


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """One change that the second look did not find as it was left; `found` is what was there in its place."""

    change_id: str
    type: str
    object_id: str
    display_name: str
    action: Action
    standing: Standing
    found: Json = {}
    reference: str = ""
    other_id: str = ""


class Overwriter(msgspec.Struct, frozen=True, kw_only=True):
    """Who overwrote one change, as far as the audit log says; `cause` is None where it does not."""

    change_id: str
    log: Log
    cause: Cause | None = None


def standing_of(standing: Standing, overwriter: Overwriter | None) -> Standing:
    """Return how a change stands once the audit log was read: whatever somebody is named for is overwritten."""
    return standing if overwriter is None else Standing.OVERWRITTEN
