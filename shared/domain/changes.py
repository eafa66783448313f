"""What separates two states of a tenant, what to do about it, and what became of that.

Pure values, stored as they are in reports, plans and journals (docs/formats/records.md).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

Json = dict[str, Any]


class Action(StrEnum):
    """What brings an object or a reference back; the first three are Graph's recoveryAction members.

    REMOVE takes away a grant or an assignment, which has no recycle bin and is known by what it says.
    """

    UPDATE = "update"
    RESTORE = "restore"
    SOFT_DELETE = "softDelete"
    RECREATE = "recreate"
    LINK = "link"
    UNLINK = "unlink"
    REMOVE = "remove"


class LinkDifference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reference that the target has and the present lacks (LINK), or the reverse (UNLINK)."""

    reference: str
    other_id: str
    action: Action


class Difference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a difference report: an object with every property and reference that differs.

    `target` and `current` hold the same property names. `refusal` says why Tidemark will leave the row alone; it is
    empty when a recovery may act on it.
    """

    type: str
    object_id: str
    display_name: str
    action: Action
    target: Json = {}
    current: Json = {}
    links: tuple[LinkDifference, ...] = ()
    refusal: str = ""


class UnknownObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object that the scope of a report names and that neither of its sides has."""

    type: str
    object_id: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a recovery does to one object or one reference.

    `target` holds the property values to write; `reference` and `other_id` are set for links only. Where `expected`
    names a property, it is written over that value only: any other one was set by somebody else meanwhile (undo).
    """

    change_id: str
    type: str
    object_id: str
    display_name: str
    action: Action
    target: Json = {}
    expected: Json = {}
    reference: str = ""
    other_id: str = ""


class Result(StrEnum):
    """How one change ended."""

    APPLIED = "applied"
    ALREADY_RIGHT = "alreadyRight"
    FAILED = "failed"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one change: what was there before it, so that it can be undone, and what was wanted.

    Of an object that was created anew, `new_id` is the id it has now (`new_app_id` an application's other one), and
    `next_steps` are what somebody has to do because it cannot come back by itself.
    """

    change_id: str
    type: str
    object_id: str
    display_name: str
    action: Action
    result: Result
    before: Json = {}
    target: Json = {}
    reference: str = ""
    other_id: str = ""
    error_code: str = ""
    message: str = ""
    request_id: str = ""
    new_id: str = ""
    new_app_id: str = ""
    next_steps: tuple[str, ...] = ()


def change_id(action: Action, type_name: str, object_id: str, reference: str = "", other_id: str = "") -> str:
    """Return the id of a change; the same change of the same plan always has the same id."""
    parts = [action.value, type_name, object_id, reference, other_id]
    return ":".join(part for part in parts if part)
