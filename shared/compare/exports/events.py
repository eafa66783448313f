"""A report as a stream for a SIEM: one JSON event on a line for each changed object, with ECS field names.

Pure. Names are those of the Elastic Common Schema 8.11; what it has no name for stands below `tidemark`. An event's id
is made of what it says, so the same change of the same two sides has the same id however often it is exported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from shared.catalogue.types import type_named
from shared.compare.exports.heading import Heading
from shared.compare.rows import Row
from shared.domain.changes import Action
from shared.domain.explanations import Risk
from shared.domain.times import format_time

ECS_VERSION = "8.11.0"
# What happened in the tenant since the target: the reverse of what would bring it back.
HAPPENED = {
    Action.UPDATE: "change",
    Action.RESTORE: "deletion",
    Action.RECREATE: "deletion",
    Action.SOFT_DELETE: "creation",
}
SEVERITY = {risk: 90 - 10 * rank for rank, risk in enumerate(Risk)}
SEVERITY_NONE = 20


def event_id(heading: Heading, row: Row) -> str:
    """Return the id of the event that tells of `row`."""
    found = row.difference
    said = {"properties": found.target, "now": found.current, "links": found.links}
    parts = (heading.tenant, heading.target, heading.current, found.type, found.object_id, found.action.value)
    content = "\n".join(parts).encode() + msgspec.json.encode(said, order="deterministic")
    return hashlib.sha256(content).hexdigest()[:32]


def event(heading: Heading, row: Row) -> dict[str, Any]:
    """Return the event that tells of one row."""
    found, cause = row.difference, row.cause
    severity = max((SEVERITY[risk] for risk in row.risks), default=SEVERITY_NONE)
    body: dict[str, Any] = {
        "@timestamp": format_time(cause.at if cause else heading.read_at),
        "ecs": {"version": ECS_VERSION},
        "event": {
            "id": event_id(heading, row),
            "kind": "alert" if row.risks else "event",
            "category": ["iam"] if found.type in {"user", "group"} else ["configuration"],
            "type": [HAPPENED[found.action]],
            "action": cause.activity if cause and cause.activity else f"directory-object-{HAPPENED[found.action]}",
            "provider": "tidemark",
            "dataset": "tidemark.difference",
            "severity": severity,
        },
        "organization": {"id": heading.tenant},
        "observer": {"product": "Tidemark", "type": "backup"},
        "tidemark": {
            "object": {
                "id": found.object_id,
                "type": type_named(found.type).wire_name,
                "name": found.display_name,
            },
            "action": found.action,
            "risks": list(row.risks),
            "properties": list(row.properties),
            "target": found.target,
            "current": found.current,
            "links": [msgspec.to_builtins(link) | {"name": row.name_of(link.other_id)} for link in found.links],
            "refusal": found.refusal,
            "log": row.log,
            "snapshot": heading.target,
            "against": heading.current or None,
        },
    }
    if cause is not None:
        body["user"] = {"id": cause.actor_id, "name": cause.actor_name}
        body["tidemark"]["app"] = {"id": cause.app_id, "name": cause.app_name}
        body["trace"] = {"id": cause.correlation_id}
        body["event"]["reference"] = cause.audit_id
    return body


def events_of(heading: Heading, rows: Iterable[Row]) -> bytes:
    """Return the events of `rows`, one on a line."""
    return msgspec.json.Encoder(order="deterministic").encode_lines([event(heading, row) for row in rows])
