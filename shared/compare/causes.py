"""Which record of the directory audit log tells who made a difference.

Pure. A record is taken as it came from Graph ("directoryAudit resource type") and kept only when it has the shape of
one, succeeded, and names an object that differs. Names and ids in it come from the tenant; nothing here believes them
beyond showing them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.domain.changes import Action, Difference
from shared.domain.explanations import Cause

TEXT_CHARS_MAX = 200
NAMES_MAX = 50
NOTHING = "null"  # what a property became that was cleared
TOO_LONG = " " * (TEXT_CHARS_MAX + 1)
KEPT_PER_OBJECT_MAX = 20  # the newest records of one object; more would only repeat the story


class _Modified(msgspec.Struct, rename={"name": "displayName", "new_value": "newValue"}):
    name: str | None = None
    new_value: str | None = None


class _Target(msgspec.Struct, rename={"modified": "modifiedProperties"}):
    id: str | None = None
    modified: list[_Modified] | None = None


class _User(msgspec.Struct, rename={"name": "userPrincipalName", "shown": "displayName"}):
    id: str | None = None
    name: str | None = None
    shown: str | None = None


class _App(msgspec.Struct, rename={"app_id": "appId", "name": "displayName", "principal": "servicePrincipalId"}):
    app_id: str | None = None
    name: str | None = None
    principal: str | None = None


class _By(msgspec.Struct):
    user: _User | None = None
    app: _App | None = None


class _Record(
    msgspec.Struct,
    rename={
        "at": "activityDateTime",
        "activity": "activityDisplayName",
        "by": "initiatedBy",
        "targets": "targetResources",
        "correlation": "correlationId",
    },
):
    id: str
    at: datetime
    activity: str | None = None
    result: str | None = None
    by: _By | None = None
    targets: list[_Target] | None = None
    correlation: str | None = None


_DECODER = msgspec.json.Decoder(_Record)


def cause_of(record: bytes, concerned: Collection[str]) -> Cause | None:
    """Return the cause that a record tells, None when it failed, is none, or names no id in `concerned`."""
    try:
        found = _DECODER.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    targets = tuple(target.id.lower() for target in found.targets or () if target.id)
    if found.at.tzinfo is None or found.result not in {None, "success"} or not any(one in concerned for one in targets):
        return None
    by = found.by or _By()
    user, app = by.user or _User(), by.app or _App()
    modified = [item for target in found.targets or () for item in target.modified or () if item.name]
    named = sorted({(item.name or "")[:TEXT_CHARS_MAX] for item in modified})[:NAMES_MAX]
    became = {item.name or "": item.new_value or NOTHING for item in modified}
    return Cause(
        audit_id=_text(found.id),
        at=found.at,
        activity=_text(found.activity),
        actor_id=_text(user.id or app.principal),
        actor_name=_text(user.name or user.shown or app.name),
        app_id=_text(app.app_id),
        app_name=_text(app.name),
        correlation_id=_text(found.correlation),
        properties=tuple(named),
        targets=targets[:NAMES_MAX],
        new_values={name: became[name] for name in named if len(became.get(name, TOO_LONG)) <= TEXT_CHARS_MAX},
    )


def by_object(causes: Iterable[Cause], concerned: Collection[str]) -> dict[str, list[Cause]]:
    """Return the newest causes of each concerned object, newest first; a record that came twice counts once."""
    found: dict[str, dict[str, Cause]] = {}
    for cause in causes:
        for target in cause.targets:
            if target in concerned:
                found.setdefault(target, {})[cause.audit_id] = cause
    return {
        object_id: sorted(some.values(), key=lambda cause: (cause.at, cause.audit_id), reverse=True)[
            :KEPT_PER_OBJECT_MAX
        ]
        for object_id, some in found.items()
    }


def names_of(object_id: str) -> list[str]:
    """Return by which ids the log may know an object: its own, or the parts of one made of several (grants)."""
    own = object_id.lower()
    return [own, *own.split("/")] if "/" in own else [own]


def cause_for(row: Difference, known: Mapping[str, Sequence[Cause]]) -> Cause | None:
    """Return what explains best why the row differs.

    None of the records that led back to the target: the log is minutes late, and what came after is not in it yet.
    """
    return best(row, [cause for cause in recorded(row, known) if not led_back(row, cause)])


def recorded(row: Difference, known: Mapping[str, Sequence[Cause]]) -> Sequence[Cause]:
    """Return what the log has of the row's object, newest first."""
    return next((known[name] for name in names_of(row.object_id) if name in known), ())


def best(row: Difference, causes: Sequence[Cause]) -> Cause | None:
    """Return the newest of the causes that names a property or a link of the row, else the newest."""
    properties, others = set(map(str.casefold, row.target)), {link.other_id.lower() for link in row.links}
    for cause in causes:
        if properties & set(map(str.casefold, cause.properties)) or others & set(cause.targets):
            return cause
    return causes[0] if causes else None


def led_back(row: Difference, cause: Cause) -> bool:
    """Tell whether a record says that it made of the object, or of a link, what the target has: a recovery's does."""
    activity, targets = cause.activity.casefold(), frozenset(cause.targets)
    if row.action in {Action.RESTORE, Action.RECREATE}:
        return activity.startswith("restore")
    if row.action is Action.SOFT_DELETE:
        return activity.startswith(("delete", "hard delete"))
    if linked := {link.action for link in row.links if link.other_id.lower() in targets}:
        return (linked, activity.partition(" ")[0]) in (({Action.LINK}, "add"), ({Action.UNLINK}, "remove"))
    became = {name.casefold(): value for name, value in cause.new_values.items()}
    told = [(became[name.casefold()], value) for name, value in row.target.items() if name.casefold() in became]
    return bool(told) and all(_says(text, value) for text, value in told)


def _says(text: str, value: Any) -> bool:
    """Tell whether the log's text of a value means that value; it puts single values in a list of their own."""
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        said = text
    return bool(said in (value, [] if value is None else [value]))


def _text(value: str | None) -> str:
    return (value or "")[:TEXT_CHARS_MAX]
