"""Which changes of a job are no longer sent, because of what Graph has answered to others of it.

Pure: told from the job's figures, which batch rows keep, so whoever takes a batch next knows as much. Two answers say
more than how one change ended:
  403 Authorization_RequestDenied   the identity lacks a permission. One object may be protected by a role of its own,
                                    so a kind of change (type and action) stops only once that many objects were
                                    refused and none was ever let through; a whole type likewise.
  Directory_QuotaExceeded           the tenant is full: the job stops writing, and ends by that name. An object's own
                                    limit (100 owners) has the same code; the references it refuses fail alone.
What is not sent is recorded as failed with that reason, so nothing is lost: repeating what failed does it later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.catalogue.group import GROUP
from shared.catalogue.types import BY_NAME
from shared.domain.changes import Action, Change, Outcome, Result
from shared.domain.writes import Answer
from shared.recover.answers import DENIED, QUOTA

DENIALS_MAX = 20  # objects refused; one $batch is 20 requests, and no fewer prove that it is not about single objects
QUOTA_CODE = "quota-exceeded"  # the error code of the job
QUOTA_COUNT = "quotaExceeded"
LOCK_OUT, LOCK_OUT_COUNT = "lock-out", "leftReportOnly"  # policies that the guard did not let be switched on
NOT_REMOVED_COUNT = "notRemoved"  # what it did not let be taken away
TAKEN_BACK_COUNT = "takenBack"  # groups that it took back once it was to be seen what they came back into
# Of policies that were switched on and read back: the message of one that is as planned, the error code of any other.
SWITCHED_ON, SWITCHED_ON_COUNT = "switched on, read back as planned", "switchedOn"
NOT_AS_PLANNED, NOT_AS_PLANNED_COUNT = "not-as-planned", "switchedOnOtherwise"
LINKS = frozenset({Action.LINK, Action.UNLINK})


def refused(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return the figures to keep: objects refused, by type and action, and policies by how they were switched on."""
    objects: dict[str, set[str]] = {}
    for one in outcomes:
        if one.result is Result.FAILED and one.error_code == DENIED:
            objects.setdefault(_denied(one.type, one.action), set()).add(one.object_id)
        if one.result is Result.FAILED and one.error_code == QUOTA and one.action not in LINKS:
            objects.setdefault(QUOTA_COUNT, set()).add(one.object_id)
        if one.error_code == LOCK_OUT:
            objects.setdefault(_kept(one), set()).add(one.object_id)
        if one.error_code == NOT_AS_PLANNED:
            objects.setdefault(NOT_AS_PLANNED_COUNT, set()).add(one.object_id)
        if one.message == SWITCHED_ON:
            objects.setdefault(SWITCHED_ON_COUNT, set()).add(one.object_id)
    return {name: len(known) for name, known in objects.items()}


def _kept(one: Outcome) -> str:
    """Return the figure that a change counts for which the lock-out guard did not let be, or undid."""
    if one.action is Action.RESTORE and one.type == GROUP.name:
        return TAKEN_BACK_COUNT
    return NOT_REMOVED_COUNT if one.action in {Action.SOFT_DELETE, Action.REMOVE} else LOCK_OUT_COUNT


def held(change: Change, counts: Mapping[str, int]) -> Answer | None:
    """Return the answer that a change shares without being sent, None when it is to be sent."""
    if counts.get(QUOTA_COUNT):
        return _unsent(change, QUOTA, "not sent: the tenant may hold no more objects")
    if is_stopped(change.type, change.action, counts):
        what = f"not sent: Graph refused to {change.action} {DENIALS_MAX} objects or more of type {change.type}"
        return _unsent(change, DENIED, f"{what}, and let none through")
    return None


def is_stopped(type_name: str, action: str, counts: Mapping[str, int]) -> bool:
    """Tell whether changes of this kind are no longer sent: refused often enough, and never let through."""
    if counts.get(_denied(type_name, action), 0) >= DENIALS_MAX and not _applied(counts, f"{type_name}.{action}."):
        return True
    denials = sum(count for name, count in counts.items() if name.startswith(_denied(type_name, "")))
    return denials >= DENIALS_MAX and not _applied(counts, f"{type_name}.")


def has_gone_through(type_name: str, action: str, counts: Mapping[str, int]) -> bool:
    """Tell whether Graph has let a change of this kind through by now."""
    return _applied(counts, f"{type_name}.{action}.")


def warnings_of(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return what an operator must be told of a job with these figures: what stopped, and what to grant."""
    kinds = [name.split(".")[1:] for name in sorted(counts) if name.startswith("denied.")]
    policies = counts.get(LOCK_OUT_COUNT, 0)
    said = [f"LOCK-OUT GUARD: {policies} policies were left report-only or as they were; their outcomes say why"]
    locked = said if policies else []
    if groups := counts.get(TAKEN_BACK_COUNT, 0):
        locked.append(f"LOCK-OUT GUARD: {groups} groups were taken back to the recycle bin; their outcomes say why")
    if others := counts.get(NOT_REMOVED_COUNT, 0):
        locked.append(f"LOCK-OUT GUARD: {others} objects were not removed; their outcomes say why")
    if others := counts.get(NOT_AS_PLANNED_COUNT, 0):
        locked += [f"LOCK-OUT GUARD: {others} policies were switched on and read back otherwise than planned"]
    return tuple(locked) + tuple(
        f"NOT ALLOWED: changes of type {type_name} ({action}) were refused and stopped; grant the recovery identity "
        f"{needed(type_name)}, then retry what failed"
        for type_name, action in kinds
        if is_stopped(type_name, action, counts)
    )


def broken_by(counts: Mapping[str, int]) -> tuple[str, str]:
    """Return the error code and text by which a job with these figures ends, empty when it ends well."""
    if not counts.get(QUOTA_COUNT):
        return "", ""
    applied = sum(counts.get(f"{kind}.{Result.APPLIED}", 0) for kind in ("objects", "links"))
    failed = sum(counts.get(f"{kind}.{Result.FAILED}", 0) for kind in ("objects", "links"))
    return QUOTA_CODE, (
        f"the tenant may hold no more objects ({QUOTA}): {applied} changes were applied and stay, {failed} failed or "
        "were not sent; free directory quota or have it raised, then retry what failed"
    )


def needed(type_name: str) -> str:
    """Return the permissions that writing a type takes, in words."""
    entry = BY_NAME.get(type_name)
    return ", ".join(entry.write_permissions) if entry else "the permission that the message names"


def _applied(counts: Mapping[str, int], kind: str) -> bool:
    prefix = f"outcome.{kind}"
    return any(
        count and name.startswith(prefix) and name.endswith(f".{Result.APPLIED}") for name, count in counts.items()
    )


def _denied(type_name: str, action: str) -> str:
    return f"denied.{type_name}.{action}"


def _unsent(change: Change, code: str, message: str) -> Answer:
    return Answer(write_id=change.change_id, status=403, code=code, message=message)
