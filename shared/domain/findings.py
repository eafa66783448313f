"""What is found when somebody looks into a snapshot: objects, and their links.

Pure values.
"""

from __future__ import annotations

import msgspec

from shared.domain.changes import Json


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a snapshot."""

    type: str
    is_soft_deleted: bool
    body: Json


class ObjectLink(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A link of an object; `type` is that of the object it leads from."""

    is_incoming: bool
    type: str
    reference: str
    other_id: str


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One object with its links; incoming ones are None where they were not asked for."""

    match: Match
    outgoing: list[ObjectLink]
    incoming: list[ObjectLink] | None
