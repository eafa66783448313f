"""One audit record for each change of the journal, as the Microsoft Graph page "directoryAudit resource type" says."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.applications import BY_APP_ID
from simulator.audit.activities import told
from simulator.moments import stamp
from simulator.replicas.journal import Entry, Operation
from simulator.types.schema import JsonObject

# (type, object) of a directory object, live or softly deleted, None when it is gone.
Find = Callable[[str], tuple[str, JsonObject] | None]
# (id, display name) of an application's service principal, None when it has none here.
Principal = Callable[[str], tuple[str, str | None] | None]
_SPACE = uuid.UUID("5a9d1c1e-0000-4000-8000-000000000a0d")


def record(entry: Entry, find: Find, principal_of: Principal) -> JsonObject:
    """Return the record of one change; `find` looks objects up, `principal_of` service principals by application."""
    written = {**(entry.before or {}), **(entry.changes or {})}
    category, activity, kind = told(
        entry.type_name,
        entry.happened,
        relation=entry.relation,
        was_live=entry.place == "live",
        principal=str(written.get("principalType", "")),
    )
    made = str(uuid.uuid5(_SPACE, f"{entry.number} {entry.object_id}"))
    return {
        "id": f"Directory_{made}_{entry.number}",
        "category": category,
        "correlationId": entry.operation.correlation_id or None,
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": stamp(entry.at),
        "loggedByService": "Core Directory",
        "operationType": kind,
        "initiatedBy": _initiator(entry.operation, find, principal_of),
        "targetResources": _targets(entry, find),
        "additionalDetails": [],
    }


def _initiator(operation: Operation, find: Find, principal_of: Principal) -> JsonObject:
    """Return who did it: the user signed in to an application, else the application itself."""
    if operation.user_id:
        found = find(operation.user_id)
        user = found[1] if found else {}
        names = {name: user.get(name) for name in ("displayName", "userPrincipalName")}
        return {"user": {"id": operation.user_id, **names, "ipAddress": None}, "app": None}
    app, principal = BY_APP_ID.get(operation.app_id), principal_of(operation.app_id)
    principal_id, name = principal or ((app.object_id, app.name) if app else (None, "Microsoft Entra ID"))
    actor = {"appId": operation.app_id or None, "displayName": name, "servicePrincipalId": principal_id}
    return {"user": None, "app": {**actor, "servicePrincipalName": None}}


def _targets(entry: Entry, find: Find) -> list[JsonObject]:
    own = _target(entry.object_id, entry.type_name, find, entry.before or entry.changes or {})
    if not entry.relation:
        own["modifiedProperties"] = _modified(entry)
        return [own]
    other = _target(entry.target_id, "", find, {})
    kind = entry.type_name[:1].upper() + entry.type_name[1:]
    values = (_quoted(entry.object_id), None) if entry.happened == "unlinked" else (None, _quoted(entry.object_id))
    other["modifiedProperties"] = [{"displayName": f"{kind}.ObjectID", "oldValue": values[0], "newValue": values[1]}]
    return [other, own]


def _target(object_id: str, type_name: str, find: Find, otherwise: Mapping[str, Any]) -> JsonObject:
    """Return one target; what is gone by now is told as it was."""
    found = find(object_id)
    name, thing = found if found else (type_name, otherwise)
    return {
        "id": object_id,
        "displayName": thing.get("displayName"),
        "type": name[:1].upper() + name[1:] or None,
        "userPrincipalName": thing.get("userPrincipalName"),
        "groupType": _group_type(thing) if name == "group" else None,
        "modifiedProperties": [],
    }


def _group_type(thing: Mapping[str, Any]) -> str:
    return "unifiedGroups" if "Unified" in thing.get("groupTypes", ()) else "azureAD"


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
