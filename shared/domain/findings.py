"""What is found when somebody looks into a snapshot: objects, their links, and the files it is kept in.

Pure values.
"""

from __future__ import annotations

import msgspec

from shared.domain.changes import Json
from shared.domain.jobs import SnapshotSummary


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


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One stored file to hand out, by the last part of its name."""

    name: str
    length: int
    sha256: str


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a snapshot: its files, and how many shards the readable form comes in."""

    snapshot: SnapshotSummary
    is_signed: bool
    shards: int
    files: list[ExportedFile]
