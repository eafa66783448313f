"""One audit record for each change of the journal, as the Microsoft Graph page "directoryAudit resource type" says.

Names of activities follow the page "Microsoft Entra audit log categories and activities".
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.applications import BY_APP_ID
from simulator.moments import stamp
from simulator.replicas.journal import Entry
from simulator.types.schema import JsonObject

NameOf = Callable[[str], str | None]
_SPACE = uuid.UUID("5a9d1c1e-0000-4000-8000-000000000a0d")
_CATEGORIES: Mapping[str, str] = {
    "user": "UserManagement",
    "group": "GroupManagement",
    "application": "ApplicationManagement",
    "servicePrincipal": "ApplicationManagement",
    "administrativeUnit": "AdministrativeUnit",
    "conditionalAccessPolicy": "Policy",
    "namedLocation": "Policy",
}
_WORDS: Mapping[str, str] = {
    "servicePrincipal": "service principal",
    "administrativeUnit": "administrative unit",
    "conditionalAccessPolicy": "conditional access policy",
    "namedLocation": "named location",
}
_VERBS: Mapping[str, tuple[str, str]] = {
    "created": ("Add", "Add"),
    "updated": ("Update", "Update"),
    "deleted": ("Delete", "Delete"),
    "restored": ("Restore", "Update"),
    "purged": ("Hard Delete", "Delete"),
    "linked": ("Add", "Assign"),
    "unlinked": ("Remove", "Unassign"),
}
_DIRECTIONS = {"linked": "to", "unlinked": "from"}


def record(entry: Entry, name_of: NameOf) -> JsonObject:
    """Return the record of one change; `name_of` looks display names up."""
    verb, kind = _VERBS[entry.happened]
    word = _WORDS.get(entry.type_name, entry.type_name)
    activity = f"{verb} {word}"
    if entry.relation:
        activity = f"{verb} {entry.relation.removesuffix('s')} {_DIRECTIONS[entry.happened]} {word}"
    made = str(uuid.uuid5(_SPACE, f"{entry.number} {entry.object_id}"))
    return {
        "id": f"Directory_{made}_{entry.number}",
        "category": _CATEGORIES.get(entry.type_name, "Policy"),
        "correlationId": entry.operation.correlation_id or None,
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": stamp(entry.at),
        "loggedByService": "Core Directory",
        "operationType": kind,
        "initiatedBy": {"user": None, "app": _actor(entry.operation.app_id)},
        "targetResources": _targets(entry, name_of),
        "additionalDetails": [],
    }


def _actor(app_id: str) -> JsonObject:
    app = BY_APP_ID.get(app_id)
    return {
        "appId": app_id or None,
        "displayName": app.name if app else "Microsoft Entra ID",
        "servicePrincipalId": app.object_id if app else None,
        "servicePrincipalName": None,
    }


def _targets(entry: Entry, name_of: NameOf) -> list[JsonObject]:
    own = _target(entry.object_id, entry.type_name, name_of)
    if not entry.relation:
        own["modifiedProperties"] = _modified(entry)
        return [own]
    other = _target(entry.target_id, "", name_of)
    kind = entry.type_name[:1].upper() + entry.type_name[1:]
    values = (_quoted(entry.object_id), None) if entry.happened == "unlinked" else (None, _quoted(entry.object_id))
    other["modifiedProperties"] = [{"displayName": f"{kind}.ObjectID", "oldValue": values[0], "newValue": values[1]}]
    return [other, own]


def _target(object_id: str, type_name: str, name_of: NameOf) -> JsonObject:
    return {
        "id": object_id,
        "displayName": name_of(object_id),
        "type": type_name[:1].upper() + type_name[1:] if type_name else None,
        "userPrincipalName": None,
        "groupType": None,
        "modifiedProperties": [],
    }


def _modified(entry: Entry) -> list[JsonObject]:
    before: Mapping[str, Any] = entry.before or {}
    rows = []
    for name, value in (entry.changes or {}).items():
        if before.get(name) != value and not name.startswith("@"):
            rows.append({"displayName": name, "oldValue": _quoted(before.get(name)), "newValue": _quoted(value)})
    return rows


def _quoted(value: Any) -> str | None:
    """Return a value as the log writes it: JSON inside a text."""
    return None if value in (None, []) else msgspec.json.encode(value).decode()
