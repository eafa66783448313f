"""Rows of a report, failed changes and outcomes on the wire, after Graph's recoveryChangeObjectBase.

Pure. `deltaFromCurrent` holds target values of what differs, `currentState` present ones. Conventions of the published
examples ("recoveryChangeObjectBase resource type"): a restore sets `deletedDateTime` to null; a soft delete sets it and
carries `@removed`; links are `members@delta`, where `@removed` means "will be unlinked".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from functions.wire.names import TYPE_TAG, UNKNOWN, Json, type_member
from shared.catalogue.types import type_named
from shared.domain.changes import Action, Difference, LinkDifference, Outcome, UnknownObject
from shared.domain.confirmations import Confirmation, Overwriter, standing_of
from shared.domain.explanations import Cause, Log
from shared.domain.times import format_time

MEMBERS = frozenset(
    "id entityTypeName displayName recoveryAction failureMessage deltaFromCurrent currentState tidemark.action "
    "tidemark.refusal tidemark.errorCode tidemark.requestId tidemark.risks tidemark.cause tidemark.notWritten "
    "tidemark.recreation".split()
)
REMOVED = {"@removed": {"reason": "changed"}}
# Graph's recoveryAction knows three: a link is an update of the object it starts from. Creating anew is a member of
# ours, for clients that ask to see members that were added later.
NATIVE_ACTIONS = {
    Action.UPDATE: "update",
    Action.RESTORE: "restore",
    Action.SOFT_DELETE: "softDelete",
    Action.LINK: "update",
    Action.UNLINK: "update",
    Action.RECREATE: UNKNOWN,
    Action.REMOVE: "softDelete",
}
LINKS = frozenset({Action.LINK, Action.UNLINK})


def change_body(
    row: Difference, *, target_at: datetime, shows_all: bool, names: Mapping[str, str] | None = None
) -> Json:
    """Return one row of a report against the state of `target_at`; `names` are of the other ends of its links."""
    delta, current = _states(row.type, row.action, target_at)
    delta |= row.target | _link_deltas(row.links, names or {})
    current |= row.current
    body = _base(row.type, row.object_id, row.display_name, row.action, shows_all=shows_all)
    return body | {"deltaFromCurrent": delta, "currentState": current, "tidemark.refusal": row.refusal or None}


def unknown_bodies(unknown: Iterable[UnknownObject], *, shows_all: bool) -> list[Json]:
    """Return the objects that a filter named and that neither side has."""
    return [
        {"id": one.object_id, "entityTypeName": type_member(type_named(one.type).wire_name, shows_all=shows_all)}
        for one in unknown
    ]


def failed_body(outcome: Outcome, *, target_at: datetime, shows_all: bool) -> Json:
    """Return one failed change with Graph's own words; what it found before it wrote is the current state."""
    delta, current = _states(outcome.type, outcome.action, target_at)
    if outcome.action in LINKS:
        link = LinkDifference(reference=outcome.reference, other_id=outcome.other_id, action=outcome.action)
        delta |= _link_deltas([link], {})
    if outcome.action is Action.UPDATE:
        delta |= outcome.target
        current |= outcome.before
    body = _base(outcome.type, outcome.object_id, outcome.display_name, outcome.action, shows_all=shows_all)
    return body | {
        "failureMessage": outcome.message or outcome.error_code,
        "deltaFromCurrent": delta,
        "currentState": current,
        "tidemark.errorCode": outcome.error_code or None,
        "tidemark.requestId": outcome.request_id or None,
    }


def outcome_body(outcome: Outcome, *, shows_all: bool) -> Json:
    """Return one recorded outcome as it is kept, with before-image and result."""
    return {
        "changeId": outcome.change_id,
        "id": outcome.object_id,
        "entityTypeName": type_member(type_named(outcome.type).wire_name, shows_all=shows_all),
        "displayName": outcome.display_name,
        "action": outcome.action,
        "result": outcome.result,
        "before": outcome.before,
        "target": outcome.target,
        "reference": outcome.reference or None,
        "otherId": outcome.other_id or None,
        "errorCode": outcome.error_code or None,
        "message": outcome.message or None,
        "requestId": outcome.request_id or None,
        "newId": outcome.new_id or None,
        "newAppId": outcome.new_app_id or None,
        "nextSteps": list(outcome.next_steps),
    }


def told_body(log: Log, cause: Cause | None) -> Json:
    """Return what the audit log says of who did something; only `log` when it does not say."""
    if cause is None:
        return {"log": log}
    return {
        "log": log,
        "changedDateTime": format_time(cause.at),
        "activity": cause.activity,
        "changedById": cause.actor_id or None,
        "changedBy": cause.actor_name or None,
        "appId": cause.app_id or None,
        "app": cause.app_name or None,
        "correlationId": cause.correlation_id or None,
        "auditId": cause.audit_id,
    }


def confirmation_body(one: Confirmation, overwriter: Overwriter | None, *, shows_all: bool) -> Json:
    """Return a change that the second look of a recovery did not find as it was left, and who overwrote it."""
    return {
        "id": one.object_id,
        "entityTypeName": type_member(type_named(one.type).wire_name, shows_all=shows_all),
        "displayName": one.display_name,
        "action": one.action,
        "standing": standing_of(one.standing, overwriter),
        "overwrittenBy": told_body(overwriter.log, overwriter.cause) if overwriter else None,
        "found": one.found,
        "reference": one.reference or None,
        "otherId": one.other_id or None,
    }


def _base(type_name: str, object_id: str, display_name: str, action: Action, *, shows_all: bool) -> Json:
    return {
        "id": object_id,
        "entityTypeName": type_member(type_named(type_name).wire_name, shows_all=shows_all),
        "displayName": display_name,
        "recoveryAction": action if shows_all and action is Action.RECREATE else NATIVE_ACTIONS[action],
        "failureMessage": None,
        "tidemark.action": action,
    }


def _states(type_name: str, action: Action, target_at: datetime) -> tuple[Json, Json]:
    """Return what both states say before any property: the type, and whether the object is deleted there."""
    delta: Json = {TYPE_TAG: type_named(type_name).odata_type}
    current = dict(delta)
    if action is Action.RESTORE:
        delta["deletedDateTime"] = None
    elif action in {Action.SOFT_DELETE, Action.REMOVE}:
        # The snapshot does not have the object, so it counts as deleted as of the snapshot's time.
        delta |= {"deletedDateTime": format_time(target_at)} | REMOVED
        current["deletedDateTime"] = None
    return delta, current


def _link_deltas(links: Iterable[LinkDifference], names: Mapping[str, str]) -> Json:
    deltas: Json = {}
    for link in links:
        item = {TYPE_TAG: "#microsoft.graph.directoryObject", "id": link.other_id}
        item |= {"tidemark.displayName": names[link.other_id]} if names.get(link.other_id) else {}
        removed = REMOVED if link.action is Action.UNLINK else {}
        deltas.setdefault(f"{link.reference}@delta", []).append(item | removed)
    return deltas
