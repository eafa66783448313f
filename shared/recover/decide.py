"""Look at the live object just before it is written, and decide: write, already right, or impossible.

Pure. Between the plan and this moment anything may have happened to the tenant, our own crashed attempt included.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.compare.judge import creatable, is_mastered_on_premises
from shared.compare.values import same
from shared.domain.changes import Action, Change, Json, Outcome, Result
from shared.domain.writes import Answer
from shared.recover.answers import explanation

GONE = "it has been deleted for good since the comparison"
IN_BIN = "it is in the recycle bin, so it cannot be changed"
WHOLE = "whole"  # in the before-image of what is removed: all that a request which makes it again says
INSTEAD = "instead"  # in the before-image of a link that leads to one object: where it led before
OVERWRITTEN = "somebody changed it after the recovery, so it stays as it is: "
SYNCED = "it is mastered on premises now: correct it in Active Directory"


class Look(msgspec.Struct, frozen=True):
    """What is live: the body (None when gone), whether it is in the recycle bin, and its references by name."""

    body: Json | None
    is_deleted: bool = False
    links: Mapping[str, frozenset[str]] = {}


def settled(change: Change, look: Look, entry: ObjectType) -> tuple[Result, str] | None:
    """Return the outcome that needs no write (result and reason), None when the change has to be written."""
    if change.action in {Action.SOFT_DELETE, Action.REMOVE}:
        return _settled_soft_delete(look, entry)
    if change.action is Action.RECREATE:
        return None if look.body is None else (Result.ALREADY_RIGHT, "")
    if look.body is None:
        return Result.FAILED, GONE
    if change.action is Action.RESTORE:
        return None if look.is_deleted else (Result.ALREADY_RIGHT, "")
    return _settled_live(change, look.body, look, entry)


def _settled_live(change: Change, body: Json, look: Look, entry: ObjectType) -> tuple[Result, str] | None:
    if look.is_deleted:
        return Result.FAILED, IN_BIN
    if entry.is_synced and is_mastered_on_premises(body):
        return Result.FAILED, SYNCED
    if change.action is Action.UPDATE:
        if still_differing(change, body, entry):
            return None
        others = overwritten(change, body, entry)
        return (Result.FAILED, OVERWRITTEN + ", ".join(others)) if others else (Result.ALREADY_RIGHT, "")
    is_linked = change.other_id in look.links.get(change.reference, frozenset())
    return (Result.ALREADY_RIGHT, "") if is_linked == (change.action is Action.LINK) else None


def _settled_soft_delete(look: Look, entry: ObjectType) -> tuple[Result, str] | None:
    if look.body is None or look.is_deleted:
        return Result.ALREADY_RIGHT, ""
    return (Result.FAILED, SYNCED) if entry.is_synced and is_mastered_on_premises(look.body) else None


def still_differing(change: Change, body: Json, entry: ObjectType) -> Json:
    """Return those of the change's values that the live object does not have, and that are ours to write."""
    others = overwritten(change, body, entry)
    return {name: change.target[name] for name in _differing(change.target, body, entry) if name not in others}


def overwritten(change: Change, body: Json, entry: ObjectType) -> list[str]:
    """Return the properties that somebody else has set since: neither what is wanted nor what was expected."""
    if not change.expected:
        return []
    elsewhere = _differing(change.expected, body, entry)
    return [name for name in _differing(change.target, body, entry) if name in elsewhere]


def _differing(wanted: Json, body: Json, entry: ObjectType) -> list[str]:
    differing = []
    for name, value in wanted.items():
        known = entry.property(name)
        if not same(value, body.get(name), is_set=known is None or known.is_set):
            differing.append(name)
    return differing


def before_image(change: Change, look: Look) -> Json:
    """Return what undoing the change would have to put back."""
    if change.action is Action.UPDATE:
        return {name: (look.body or {}).get(name) for name in change.target}
    if change.action in {Action.LINK, Action.UNLINK}:
        held = look.links.get(change.reference, frozenset())
        is_single = type_named(change.type).reference(change.reference).is_single
        instead = {INSTEAD: min(held)} if is_single and held else {}
        return {change.reference: change.other_id in held, **instead}
    if change.action is Action.REMOVE and look.body is not None:
        return {"isDeleted": False, WHOLE: creatable(type_named(change.type), look.body)}
    return {"isDeleted": look.is_deleted or look.body is None}


def outcome(
    change: Change, result: Result, *, before: Json, message: str = "", answer: Answer | None = None
) -> Outcome:
    """Return the record of how `change` ended; the error is Graph's when `answer` is given.

    Of an applied change, what somebody else has set since was not written: it is in the message, not in the values.
    """
    has_failed = result is Result.FAILED
    is_applied = result is Result.APPLIED and change.action is Action.UPDATE
    left = overwritten(change, before, type_named(change.type)) if is_applied else ()
    return Outcome(
        change_id=change.change_id,
        type=change.type,
        object_id=change.object_id,
        display_name=change.display_name,
        action=change.action,
        result=result,
        before={name: value for name, value in before.items() if name not in left},
        target={name: value for name, value in change.target.items() if name not in left},
        reference=change.reference,
        other_id=change.other_id,
        error_code=answer.code if answer and has_failed else "",
        message=explanation(answer, _takes(change)) if answer and has_failed else message,
        request_id=answer.request_id if answer else "",
    )


def _takes(change: Change) -> tuple[str, ...]:
    """Return the permissions that writing an object of the change's type takes."""
    return type_named(change.type).write_permissions


def was_ours(change: Change, earlier: Json | None, entry: ObjectType) -> bool:
    """Tell whether a change that is right by now was made so by an attempt of ours that died before recording it.

    `earlier` is the before-image that attempt noted, None when there was none: it differs from the target then.
    """
    if earlier is None:
        return False
    if change.action is Action.UPDATE:
        return bool(still_differing(change, earlier, entry))
    if change.action in {Action.LINK, Action.UNLINK}:
        return earlier.get(change.reference) != (change.action is Action.LINK)
    return earlier.get("isDeleted") == (change.action in {Action.RESTORE, Action.RECREATE})
