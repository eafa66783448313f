"""Turn the outcomes of a recovery round: back to what it found, or once more for what failed.

Pure. An undo is judged and ordered like any other recovery, because it is told as differences and goes through the same
plan. What was not applied is not undone; a policy that is on otherwise than planned is on all the same. A change that
several stages made to one object (a policy that landed report-only first) is undone once, to what the first stage
found. What was created anew goes into the recycle bin, where its type has one. A grant or assignment that was made
again is removed, and one that was removed is made again. A setting that was made again stays: taking it away would be
for good.

Promises (tests/unit/recover/test_undo.py):
  U1  undoing asks for exactly the before-images of what was applied, links the other way round
  U2  a value that is no longer what the recovery left is somebody else's, and named in `expected` so that it stays
  U3  repeating asks for exactly what failed
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.catalogue.types import type_named
from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Difference, Json, LinkDifference, Outcome, Result
from shared.domain.jobs import Options
from shared.recover.decide import INSTEAD, WHOLE
from shared.recover.lockout.policies import REPORT_ONLY
from shared.recover.plan import ENABLE
from shared.recover.recreating import is_created_anew
from shared.recover.refusals import NOT_AS_PLANNED

# What was done before may be done back.
EVERYTHING_ALLOWED = Options(soft_delete_newer=True, remove_newer_grants=True, recreate_deleted=True)
Key = tuple[str, str]
INVERSE = {
    Action.LINK: Action.UNLINK,
    Action.UNLINK: Action.LINK,
    Action.RESTORE: Action.SOFT_DELETE,
    Action.SOFT_DELETE: Action.RESTORE,
}
MADE_AGAIN = "the recovery made it again, and it is gone for good if deleted: delete it by hand to be without it again"
UNKNOWN_ID = "perhaps created anew just before the recovery broke off: look for it by its name, and delete it by hand"
LINKS = frozenset({Action.LINK, Action.UNLINK})


class _Object(msgspec.Struct):
    """What is to be done to one object: values to write, what they must have been left as, and links."""

    display_name: str
    values: Json = {}
    expected: Json = {}
    action: Action | None = None
    links: list[LinkDifference] = []
    made: Json = {}
    refusal: str = ""
    is_new: bool = False


class Reversal(msgspec.Struct, frozen=True):
    """Differences to plan, and by object what a value must still be for it to be written."""

    differences: tuple[Difference, ...]
    expected: dict[Key, Json] = {}

    def guarded(self, change: Change, wave: Wave) -> Change:
        """Return the change with the values that must still be there for it to write over them.

        A policy that is switched on by itself was left report-only by the stage before.
        """
        known = self.expected.get((change.type, change.object_id), {})
        if change.action is not Action.UPDATE or not known:
            return change
        if type_named(change.type).waves.get(ENABLE) is wave:
            known = {**known, "state": REPORT_ONLY}
        return msgspec.structs.replace(change, expected=known)


def permitted(options: Options) -> Options:
    """Return what a recovery may do: an undo or a retry does what the other one was allowed already."""
    return EVERYTHING_ALLOWED if options.undoes or options.repeats else options


def brings_back(rows: Iterable[Difference]) -> bool:
    """Tell whether an object comes back, which has references of its own and is named by others."""
    return any(row.action is Action.RESTORE or is_created_anew(row) for row in rows)


def undoing(outcomes: Iterable[Outcome]) -> Reversal:
    """Return what puts back the before-images of every applied change; `outcomes` in the order they happened."""
    objects: dict[Key, _Object] = {}
    for one in outcomes:
        if one.result is not Result.APPLIED and one.error_code != NOT_AS_PLANNED:
            continue
        found = objects.setdefault((one.type, one.object_id), _Object(one.display_name))
        if one.action is Action.UPDATE:
            found.values = {**one.before, **found.values}
            found.expected = {**found.expected, **{name: one.target.get(name) for name in one.before}}
        elif one.action is Action.LINK and one.before.get(INSTEAD):
            found.links.append(_link(one, Action.LINK, other_id=str(one.before[INSTEAD])))
        elif one.action in LINKS:
            found.links.append(_link(one, INVERSE[one.action]))
        elif one.action is Action.RECREATE and one.new_id and type_named(one.type).has_bin:
            made = objects.setdefault((one.type, one.new_id), _Object(one.display_name))
            made.action, made.is_new = Action.SOFT_DELETE, True
        elif one.action is Action.REMOVE:
            found.action, found.made = Action.RECREATE, one.before.get(WHOLE) or {}
        elif one.action is Action.RECREATE and type_named(one.type).is_removable:
            found.action = Action.SOFT_DELETE
        elif one.action is Action.RECREATE:
            found.action, found.refusal = Action.SOFT_DELETE, MADE_AGAIN if not is_created_anew(one) else UNKNOWN_ID
        else:
            found.action = INVERSE[one.action]
    expected = {key: found.expected for key, found in objects.items() if found.expected}
    return Reversal(tuple(row for key, found in objects.items() for row in _rows(key, found)), expected)


def repeating(outcomes: Iterable[Outcome]) -> Reversal:
    """Return what every failed change wanted, a later stage of one object over an earlier."""
    objects: dict[Key, _Object] = {}
    for one in outcomes:
        if one.result is not Result.FAILED:
            continue
        found = objects.setdefault((one.type, one.object_id), _Object(one.display_name))
        if one.action is Action.UPDATE:
            found.values = {**found.values, **one.target}
        elif one.action in LINKS:
            found.links.append(_link(one, one.action))
        elif one.action is Action.REMOVE:
            found.action = Action.SOFT_DELETE
        else:
            found.action, found.made = one.action, one.target if one.action is Action.RECREATE else {}
    return Reversal(tuple(row for key, found in objects.items() for row in _rows(key, found)))


def _rows(key: Key, found: _Object) -> Iterable[Difference]:
    type_name, object_id = key
    if found.action is Action.RECREATE and type_named(type_name).creation is not None:
        found.made, found.values = {**found.made, **found.values}, {}  # what follows a creation is planned with it
    if (found.values or found.links) and not found.is_new:
        yield Difference(
            type=type_name,
            object_id=object_id,
            display_name=found.display_name,
            action=Action.UPDATE,
            target=found.values,
            current=found.expected,
            links=tuple(found.links),
        )
    if found.action is not None:
        yield Difference(
            type=type_name,
            object_id=object_id,
            display_name=found.display_name,
            action=found.action,
            target=found.made,
            refusal=found.refusal,
        )


def _link(one: Outcome, action: Action, *, other_id: str = "") -> LinkDifference:
    return LinkDifference(reference=one.reference, other_id=other_id or one.other_id, action=action)
