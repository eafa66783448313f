"""Drift: what a tenant has become since a state that was known to be good, kept item by item.

Pure values, stored as they are (docs/formats/drift.md).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from shared.domain.explanations import Risk

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Text = Annotated[str, msgspec.Meta(max_length=400)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class DriftState(StrEnum):
    """Where one item stands."""

    NEW = "new"
    ACCEPTED = "accepted"
    DENIED = "denied"
    RESOLVED = "resolved"


class DriftRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to watch. Empty `types`, `properties` and `risks` mean any; `at_least` objects must match at once."""

    name: Name
    types: Names = ()
    properties: Names = ()
    risks: tuple[Risk, ...] = ()
    at_least: Count = 1


class Allowance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A difference that somebody answers for until `expires_at`; empty `object_id` and `property` mean any."""

    type: Name
    object_id: Text = ""
    property: Text = ""
    owner: Name
    reason: Text = ""
    expires_at: Moment


class DriftItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs from the baseline, over time. `value` is the digest of how it is now.

    `what` is a property, `reference:other id`, or the action when the object as a whole came or went.
    """

    item_id: str
    type: str
    object_id: str
    display_name: str
    what: str
    state: DriftState
    value: str
    rules: tuple[str, ...]
    risks: tuple[Risk, ...]
    changed_by: str
    first_seen_at: datetime
    last_seen_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""


class PendingAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that one channel has not taken yet; its content is the blob `name`."""

    alert_id: str
    channel: str
    name: str
    attempts: int = 0
    not_before: datetime


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant's drift is judged by and where that stands: the content of the row `drift`.

    `baseline` is the snapshot that is known to be good, empty for the one before the newest. `compared` is the newest
    snapshot that was judged, `items` names the file of all items.
    """

    is_on: bool = False
    baseline: str = ""
    rules: tuple[DriftRule, ...] = ()
    allowed: tuple[Allowance, ...] = ()
    compared: str = ""
    compared_with: str = ""
    error: str = ""
    items: dict[str, str] = {}
    counts: dict[str, int] = {}
    pending: tuple[PendingAlert, ...] = ()
