"""Matches of a search, whole objects and histories on the wire.

Pure. Properties are as the snapshot has them, as Graph sent them; secrets, should there ever be any, are withheld.
"""

from __future__ import annotations

from functions.wire.names import Json, type_member
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import reference_of_code, type_named
from shared.compare.versions import LinkChange, Told, Version
from shared.domain.findings import Match, ObjectLink, Whole
from shared.domain.ids import key_guid, wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.domain.secrets import without_secrets
from shared.domain.times import format_time

SHOWN = ("displayName", "userPrincipalName", "appId")


def match_body(match: Match, *, shows_all: bool) -> Json:
    """Return what tells one object from others; names that it does not have are left out."""
    named = {name: match.body[name] for name in SHOWN if match.body.get(name) is not None}
    type_name = type_member(type_named(match.type).wire_name, shows_all=shows_all)
    return {
        "id": object_id_of(type_named(match.type), match.body),
        "entityTypeName": type_name,
        **named,
        "tidemark.isSoftDeleted": match.is_soft_deleted,
    }


def whole_body(whole: Whole, *, shows_all: bool) -> Json:
    """Return one object with everything the snapshot has of it."""
    match = whole.match
    return {
        "id": object_id_of(type_named(match.type), match.body),
        "entityTypeName": type_member(type_named(match.type).wire_name, shows_all=shows_all),
        "tidemark.isSoftDeleted": match.is_soft_deleted,
        "object": without_secrets(match.body),
        "outgoingLinks": [_link(link, shows_all=shows_all) for link in whole.outgoing],
        "incomingLinks": whole.incoming and [_link(link, shows_all=shows_all) for link in whole.incoming],
    }


def history_body(told: Told, *, shows_all: bool) -> Json:
    """Return the versions of one object, oldest first."""
    return {
        "id": told.object_id,
        "entityTypeName": type_member(type_named(told.type).wire_name, shows_all=shows_all),
        "versions": [_version(one, told.states[one.position]) for one in told.versions],
        "notes": list(told.notes),
    }


def _version(version: Version, state: SnapshotSummary) -> Json:
    before, after = without_secrets(version.before), without_secrets(version.after)
    changed = {name: {"before": before.get(name), "after": after.get(name)} for name in sorted({*before, *after})}
    return {
        "snapshotId": wire_snapshot_id(state.snapshot_id),
        "tidemark.snapshotId": state.snapshot_id,
        "createdDateTime": format_time(state.created_at),
        "what": version.what,
        "isSoftDeleted": version.is_soft_deleted,
        "properties": changed,
        "links": [_change(link) for link in version.links],
    }


def _link(link: ObjectLink, *, shows_all: bool) -> Json:
    of_type = type_member(type_named(link.type).wire_name, shows_all=shows_all) if link.type else None
    return {"reference": link.reference, "ofType": of_type, "otherId": link.other_id}


def _change(link: LinkChange) -> Json:
    kind_of = reference_of_code(link.code)
    return {
        "reference": kind_of[1] if kind_of else f"code {link.code}",
        "otherId": key_guid(link.other),
        "isIncoming": link.is_incoming,
        "action": "added" if link.is_added else "removed",
    }
