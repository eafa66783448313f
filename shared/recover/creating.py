"""Decide how one object that is gone for good is created anew, and what a refusal of that may mean.

Pure.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from shared.catalogue.entry import ObjectType
from shared.compare.values import TYPE_ANNOTATION
from shared.domain.changes import Change, Json
from shared.domain.writes import Answer, Write
from shared.recover.answers import is_taken
from shared.recover.recreating import BLUEPRINT_ID, PARENT_ID

UPSERT = "create-if-missing"
NO_BLUEPRINT = "its blueprint is not there and could not be created anew either"
NO_AGENT = "the agent identity that it acts for is not there and could not be created anew either"
NO_APPLICATION = "its application is not there and could not be created anew either"


def is_safe(entry: ObjectType, change: Change) -> bool:
    """Tell whether a second creation is impossible, so that it may be sent without looking first."""
    creation = entry.creation_of(change.target)
    return creation.is_unique or any(change.target.get(key) for key in creation.upsert_by)


def orphaned(entry: ObjectType, change: Change, body: Json) -> str:
    """Return why an object cannot be created because what it belongs to is not there, empty when that is there."""
    if entry.name != "servicePrincipal":
        return NO_AGENT if change.target.get(PARENT_ID) and not body.get(PARENT_ID) else ""
    if change.target.get(BLUEPRINT_ID):
        return "" if body.get(BLUEPRINT_ID) else NO_BLUEPRINT
    return "" if body.get("appId") else NO_APPLICATION


def may_be_there(entry: ObjectType, change: Change, answer: Answer) -> bool:
    """Tell whether Graph may refuse a creation because an earlier one, whose answer was lost, took effect."""
    return is_taken(answer) or (answer.status == 400 and is_safe(entry, change))


def creation_write(entry: ObjectType, change: Change, body: Json) -> Write:
    """Return the write that creates an object: an upsert where it has an alternate key, else a POST."""
    kind = str(change.target.get(TYPE_ANNOTATION) or "")
    is_derived = kind in entry.kinds  # made in the collection of its own kind; an upsert would make a plain one
    key = "" if is_derived else next((name for name in entry.creation_of(body).upsert_by if body.get(name)), "")
    if key:
        rest = {name: value for name, value in body.items() if name != key}
        path = f"{entry.path}({key}='{quote(str(body[key]), safe='')}')"
        return Write(
            write_id=change.change_id,
            lane=change.object_id,
            method="PATCH",
            path=path,
            body=msgspec.json.encode(rest),
            prefer=UPSERT,
            makes_another=True,  # a second one would change the first, and Graph refuses what only a creation takes
        )
    return Write(
        write_id=change.change_id,
        lane=change.object_id,
        method="POST",
        path=entry.cast_path(kind) if is_derived else entry.make or entry.path,
        body=msgspec.json.encode(body),
        makes_another=True,
    )
