"""Builders of values for tests: each names only what a test is about, everything else is a plain default.

Ids are GUIDs made from a short label, so that a failure shows `user-1` as the same id in every test.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from shared.domain.changes import Action, Change, Difference, Json, LinkDifference, Outcome, Result, change_id
from shared.domain.jobs import Batch, BatchState, Job, Kind, Note, SnapshotSummary, State, Step

TENANT = "11111111-2222-4333-8444-555555555555"
SNAPSHOT_ID = "20261120T220000Z-0a1b2c3d"
AT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
LABELS = uuid.UUID("00000000-0000-4000-8000-000000000001")


def an_id(label: str) -> str:
    """Return the GUID that stands for `label` in every test."""
    return str(uuid.uuid5(LABELS, label))


def a_user_body(label: str = "user-1", **members: Any) -> Json:
    """Return the body of a user as Graph lists it."""
    return {"id": an_id(label), "displayName": label, "accountEnabled": True, **members}


def a_group_body(label: str = "group-1", **members: Any) -> Json:
    """Return the body of a security group."""
    return {"id": an_id(label), "displayName": label, "groupTypes": [], "securityEnabled": True, **members}


def a_policy_body(label: str = "policy-1", **members: Any) -> Json:
    """Return the body of a Conditional Access policy that blocks nobody."""
    conditions = {"users": {"includeUsers": ["None"]}, "applications": {"includeApplications": ["All"]}}
    return {"id": an_id(label), "displayName": label, "state": "enabled", "conditions": conditions, **members}


def a_difference(label: str = "user-1", **members: Any) -> Difference:
    """Return a row that a recovery may act on: an update of a user's city."""
    defaults: dict[str, Any] = {
        "type": "user",
        "object_id": an_id(label),
        "display_name": label,
        "action": Action.UPDATE,
        "target": {"city": "Oslo"},
        "current": {"city": "Rome"},
    }
    return Difference(**{**defaults, **members})


def a_link(other: str = "user-1", *, reference: str = "members", action: Action = Action.LINK) -> LinkDifference:
    """Return a reference that is missing now."""
    return LinkDifference(reference=reference, other_id=an_id(other), action=action)


def a_change(label: str = "user-1", **members: Any) -> Change:
    """Return a change; its id is the one a plan would give it."""
    action = members.pop("action", Action.UPDATE)
    type_name = members.pop("type", "user")
    reference, other_id = members.get("reference", ""), members.get("other_id", "")
    default_target = {"city": "Oslo"} if action is Action.UPDATE else {}
    return Change(
        change_id=change_id(action, type_name, an_id(label), reference, other_id),
        type=type_name,
        object_id=an_id(label),
        display_name=label,
        action=action,
        target=members.pop("target", default_target),
        **members,
    )


def a_link_change(other: str, label: str = "group-1", action: Action = Action.LINK) -> Change:
    """Return the change that adds (or removes) one member of a group."""
    return a_change(label, type="group", action=action, reference="members", other_id=an_id(other))


def an_outcome(label: str = "user-1", **members: Any) -> Outcome:
    """Return the record of an update that was applied."""
    defaults: dict[str, Any] = {
        "change_id": change_id(Action.UPDATE, "user", an_id(label)),
        "type": "user",
        "object_id": an_id(label),
        "display_name": label,
        "action": Action.UPDATE,
        "result": Result.APPLIED,
        "before": {"city": "Rome"},
        "target": {"city": "Oslo"},
    }
    return Outcome(**{**defaults, **members})


def a_job(label: str = "job-1", **members: Any) -> Job:
    """Return a recovery that has just been created."""
    defaults: dict[str, Any] = {
        "tenant": TENANT,
        "job_id": an_id(label),
        "kind": Kind.RECOVERY,
        "state": State.INITIALIZED,
        "snapshot_id": SNAPSHOT_ID,
        "created_at": AT,
    }
    return Job(**{**defaults, **members})


def a_batch(number: int = 1, **members: Any) -> Batch:
    """Return a batch that waits for a worker."""
    defaults: dict[str, Any] = {
        "job_id": an_id("job-1"),
        "number": number,
        "wave": 1,
        "step": Step.READ,
        "state": BatchState.WAITING,
    }
    return Batch(**{**defaults, **members})


def a_note(label: str = "job-1", *, batch: int = 1, fencing_token: int = 1) -> Note:
    """Return the note that sends a worker to a batch."""
    return Note(tenant=TENANT, job_id=an_id(label), batch=batch, fencing_token=fencing_token)


def a_summary(**members: Any) -> SnapshotSummary:
    """Return the row of the first snapshot of a tenant."""
    defaults: dict[str, Any] = {
        "tenant": TENANT,
        "snapshot_id": SNAPSHOT_ID,
        "job_id": an_id("job-1"),
        "created_at": AT,
        "sealed_at": AT,
        "sequence": 1,
        "manifest_name": f"{TENANT}/{SNAPSHOT_ID}/manifest.json",
        "manifest_sha256": "0" * 64,
    }
    return SnapshotSummary(**{**defaults, **members})
