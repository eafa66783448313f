"""Which objects the directory audit log says have got or lost an owner or a sponsor.

Pure. Delta is not known to name an application or service principal whose owners changed, nor a user whose sponsors
did. The log tells of each ("Microsoft Entra audit log categories and activities"), so whoever goes on by delta asks it
for just those records and reads those lists again. Nothing in a record is believed but that a list has to be read: what
it names wrongly costs a request, and what it does not name is found by the next whole reading.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Reference
from shared.domain.ids import GUID

VERBS = ("Add", "Remove")


class _Target(msgspec.Struct):
    id: str | None = None
    type: str | None = None


class _Record(msgspec.Struct, rename={"activity": "activityDisplayName", "targets": "targetResources"}):
    activity: str
    targets: list[_Target] = []


_DECODE = msgspec.json.Decoder(_Record).decode


def audited_references(entry: ObjectType) -> tuple[Reference, ...]:
    """Return the references of a type whose changes the log is asked for."""
    return tuple(known for known in entry.references if known.audited)


def openings(reference: Reference) -> tuple[str, ...]:
    """Return what the activities about links of the reference begin with, such as `Add owner` or `Remove a sponsor`."""
    return tuple(f"{verb}{article} {reference.audited}" for verb in VERBS for article in ("", " a"))


def named_in(records: Iterable[bytes], entry: ObjectType, reference: Reference) -> set[str]:
    """Return the ids of the objects of the type that the records name, those of a type that is not said among them."""
    begin, found = openings(reference), set[str]()
    for record in records:
        try:
            row = _DECODE(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if row.activity.startswith(begin):
            found |= {
                target.id.lower()
                for target in row.targets
                if target.id and GUID.match(target.id) and (target.type or entry.name).lower() == entry.name.lower()
            }
    return found
