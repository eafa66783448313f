"""Say how a change stands when its object is read again after the recovery.

Pure. A stage that a later stage of the same recovery built upon (a policy that was switched on after it had landed
report-only) is confirmed by what the later one left.

Promises (tests/unit/recover/test_confirm.py):
  C1  what is as the recovery left it is confirmed, whatever else changed about the object
  C2  what is as it was before the recovery is pending; anything else is somebody else's
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.compare.values import same
from shared.domain.changes import Action, Json, Outcome
from shared.domain.confirmations import Confirmation, Standing
from shared.recover.decide import Look
from shared.recover.lockout.policies import ENABLED, REPORT_ONLY
from shared.recover.plan import ENABLE

DELETED = "isDeleted"  # in what was found: whether the object is in the recycle bin, or gone
GONE = {DELETED: True}


def confirmation(one: Outcome, look: Look, entry: ObjectType) -> Confirmation | None:
    """Return what a second look found in place of an applied change, None when the change is confirmed."""
    standing, found = _standing(one, look, entry)
    if standing is Standing.CONFIRMED:
        return None
    return Confirmation(
        change_id=one.change_id,
        type=one.type,
        object_id=one.object_id,
        display_name=one.display_name,
        action=one.action,
        standing=standing,
        found=found,
        reference=one.reference,
        other_id=one.other_id,
    )


def _standing(one: Outcome, look: Look, entry: ObjectType) -> tuple[Standing, Json]:
    is_live = look.body is not None and not look.is_deleted
    if one.action in {Action.SOFT_DELETE, Action.REMOVE}:
        return (Standing.PENDING, {DELETED: False}) if is_live else (Standing.CONFIRMED, {})
    if one.action in {Action.RESTORE, Action.RECREATE}:
        return (Standing.CONFIRMED, {}) if is_live else (Standing.PENDING, GONE)
    if not is_live or look.body is None:
        return Standing.OVERWRITTEN, GONE
    if one.action is Action.UPDATE:
        return _of_values(one, look.body, entry)
    is_there = one.other_id in look.links.get(one.reference, frozenset())
    if is_there == (one.action is Action.LINK):
        return Standing.CONFIRMED, {}
    was_there = bool(one.before.get(one.reference, not is_there))
    return Standing.PENDING if was_there == is_there else Standing.OVERWRITTEN, {one.reference: is_there}


def _of_values(one: Outcome, body: Json, entry: ObjectType) -> tuple[Standing, Json]:
    differing = [name for name, value in one.target.items() if not _same(name, value, body.get(name), entry)]
    if not differing:
        return Standing.CONFIRMED, {}
    is_old = all(name in one.before and _same(name, one.before[name], body.get(name), entry) for name in differing)
    return Standing.PENDING if is_old else Standing.OVERWRITTEN, {name: body.get(name) for name in differing}


def _same(name: str, wanted: object, found: object, entry: ObjectType) -> bool:
    if ENABLE in entry.waves and name == "state" and (wanted, found) == (REPORT_ONLY, ENABLED):
        return True
    known = entry.property(name)
    return same(wanted, found, is_set=known is None or known.is_set)
