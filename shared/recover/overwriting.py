"""Say who overwrote what a recovery had set: the record of the audit log that fits what the second look found.

Pure. The recovery's own records name the same properties, so those of its own applications never count. Where nobody
knows which applications those are, only records from after the change was recorded do.

Promises (tests/unit/recover/test_overwriting.py):
  W1  the recovery is never said to have overwritten itself
  W2  what the log does not say is said to be not in the log, and a log that was refused to be unreadable
  W3  what is as it was before the recovery counts as overwritten only where somebody else's record says that it made it
      so after the recovery did; otherwise it is pending, for a replica may lag
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.compare.causes import best, led_back, recorded
from shared.domain.changes import Action, Difference, LinkDifference
from shared.domain.confirmations import Confirmation, Overwriter
from shared.domain.explanations import Cause, Log
from shared.recover.confirm import DELETED


def overwriter(
    one: Confirmation,
    known: Mapping[str, Sequence[Cause]],
    *,
    ours: Collection[str],
    written_at: datetime,
    is_refused: bool = False,
) -> Overwriter:
    """Return who overwrote a change; `known` are causes by object id, newest first, `ours` our own app ids."""
    row = _as_row(one)
    found = best(row, _of_others(recorded(row, known), ours, written_at))
    said = Log.FOUND if found else Log.NOT_READABLE if is_refused else Log.NOT_IN_LOG
    return Overwriter(change_id=one.change_id, log=said, cause=found)


def reverter(
    one: Confirmation, known: Mapping[str, Sequence[Cause]], *, ours: Collection[str], written_at: datetime
) -> Overwriter | None:
    """Return who has put a pending change back to what was there before it, None where the log does not say so.

    The harm that was recovered from looks the same, but is older than the recovery's own record; where the log has
    none of those, it is older than the time at which the change was recorded.
    """
    row = _as_made(one)
    causes = recorded(row, known)
    own = best(row, [cause for cause in causes if cause.app_id.lower() in ours])
    others = _of_others(causes, ours, written_at)
    later = [cause for cause in others if (cause.at >= own.at if own else cause.at > written_at)]
    found = next((cause for cause in later if led_back(row, cause)), None)
    return Overwriter(change_id=one.change_id, log=Log.FOUND, cause=found) if found else None


def _of_others(causes: Sequence[Cause], ours: Collection[str], written_at: datetime) -> list[Cause]:
    if ours:
        return [cause for cause in causes if cause.app_id.lower() not in ours]
    return [cause for cause in causes if cause.at > written_at]


def _as_made(one: Confirmation) -> Difference:
    """Return the confirmation as a row whose target is what was found: what a record has to say that it made."""
    row = _as_row(one)
    if one.other_id:
        action = Action.LINK if one.found.get(one.reference) else Action.UNLINK
        return msgspec.structs.replace(
            row, links=(LinkDifference(reference=one.reference, other_id=one.other_id, action=action),)
        )
    if DELETED in one.found:
        return msgspec.structs.replace(row, action=Action.SOFT_DELETE if one.found[DELETED] else Action.RESTORE)
    return row


def _as_row(one: Confirmation) -> Difference:
    """Return the confirmation as a row of a report, which is how causes are looked for."""
    links = (LinkDifference(reference=one.reference, other_id=one.other_id, action=Action.LINK),)
    return Difference(
        type=one.type,
        object_id=one.object_id,
        display_name=one.display_name,
        action=Action.UPDATE,
        target=one.found,
        links=links if one.other_id else (),
    )
