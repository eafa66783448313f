"""What separates one object at the target from the same object now, and what a recovery may do about it.

Pure. The table is Microsoft's own state table ("Native behaviour"), with the row it leaves out: an object that was
deleted for good is shown as `recreate`, with the reason why it is not brought back by itself.

Promises (tests/unit/compare/test_judge.py):
  J1  nothing is ever said to need a hard delete
  J2  an object that is the same on both sides gives no row
  J3  a row that Tidemark cannot or will not act on carries the reason
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Rule
from shared.compare.values import differing
from shared.domain.changes import Action, Difference, Json, LinkDifference

ON_PREMISES = "mastered on premises: correct it in Active Directory, Graph refuses the write"
HARD_DELETED = "deleted for good: it can only be created anew, with another id"
NO_BIN = "newer than the snapshot, and gone for good if deleted: delete it by hand if it should not be there"
BUILT_IN = "built in: Graph lets nobody change it"
NAMES = ("displayName", "name", "principalDisplayName")  # where an object says what people call it, best first
READ_ONLY = "only properties that Graph does not let anyone write differ"


class Side:
    """One object on one side: its body, or None when absent; `is_deleted` when it is in the recycle bin."""

    __slots__ = ("body", "is_deleted", "is_live")

    def __init__(self, body: Json | None, *, is_deleted: bool = False) -> None:
        self.body, self.is_deleted = body, is_deleted
        self.is_live = body is not None and not is_deleted  # it exists and is not in the recycle bin


ABSENT = Side(None)


def judge(
    entry: ObjectType, object_id: str, target: Side, current: Side, links: tuple[LinkDifference, ...] = ()
) -> Difference | None:
    """Return the report's row for one object, None when there is nothing to bring back."""
    action = action_for(target, current)
    if action is None:
        return None
    wanted, present = _values(entry, target, current, action)
    if action is Action.UPDATE and not wanted and not links:
        return None
    return Difference(
        type=entry.name,
        object_id=object_id,
        display_name=_name_of(current.body or target.body or {}),
        action=action,
        target=wanted,
        current=present,
        links=links if action is Action.UPDATE else (),
        refusal=refusal_for(entry, action, current.body, wanted, links),
    )


def updated(entry: ObjectType, object_id: str, wanted: Json, present: Json, facts: Json) -> Difference | None:
    """Return the same for an object that is live on both sides, from the properties that differ alone.

    `facts` are the present values of what any object is asked here.
    """
    if not wanted:
        return None
    return Difference(
        type=entry.name,
        object_id=object_id,
        display_name=_name_of(facts),
        action=Action.UPDATE,
        target=wanted,
        current=present,
        refusal=refusal_for(entry, Action.UPDATE, facts, wanted),
    )


def action_for(target: Side, current: Side) -> Action | None:
    """Return what the state table says, before values are looked at."""
    if current.is_live:
        return Action.UPDATE if target.is_live else Action.SOFT_DELETE
    if not target.is_live:
        return None
    return Action.RESTORE if current.is_deleted else Action.RECREATE


def _values(entry: ObjectType, target: Side, current: Side, action: Action) -> tuple[Json, Json]:
    if action is Action.SOFT_DELETE:
        return {}, {}
    if action is Action.RECREATE:
        return dict(target.body or {}), {}
    wanted, present = differing(entry, target.body or {}, current.body or {})
    if action is Action.RESTORE:
        wanted["deletedDateTime"], present["deletedDateTime"] = None, (current.body or {}).get("deletedDateTime")
    return wanted, present


def refusal_for(
    entry: ObjectType, action: Action, body: Json | None, wanted: Json, links: tuple[LinkDifference, ...] = ()
) -> str:
    """Return why a recovery leaves this row alone, empty when it may act; `body` is the object as it is now."""
    if entry.is_synced and is_mastered_on_premises(body):
        return ON_PREMISES
    if entry.built_in is not None and is_built_in(entry, body):
        return BUILT_IN
    if action is Action.UPDATE:  # most rows are, so it is asked first, and without a generator
        may_act = links or any(map(is_writable, repeat(entry), wanted, wanted.values()))
        return "" if may_act else f"{READ_ONLY}: {', '.join(sorted(wanted))}"
    if action is Action.RECREATE and not entry.is_remade:
        return HARD_DELETED
    if action is Action.SOFT_DELETE and not (entry.has_bin or entry.is_removable):
        return NO_BIN
    return ""


def is_built_in(entry: ObjectType, body: Json | None) -> bool:
    """Tell whether the object is one of those that come with every tenant and that nobody may write."""
    return entry.built_in is not None and body is not None and body.get(entry.built_in[0]) == entry.built_in[1]


def _name_of(body: Json) -> str:
    for name in NAMES:
        if found := body.get(name):
            return str(found)
    return ""


def is_mastered_on_premises(body: Json | None) -> bool:
    """Tell whether Active Directory is the authority for the object ("Microsoft Graph: facts", section 4.1)."""
    if body is None or body.get("onPremisesSyncEnabled") is not True:
        return False
    behaviour = body.get("onPremisesSyncBehavior")
    return not (isinstance(behaviour, dict) and behaviour.get("isCloudManaged") is True)


def writable(entry: ObjectType, values: Json) -> Json:
    """Return those of `values` that Graph lets a recovery write."""
    return {name: value for name, value in values.items() if is_writable(entry, name, value)}


def is_writable(entry: ObjectType, name: str, value: Any) -> bool:
    """Tell whether Graph lets a recovery write `value` to the property."""
    known = entry.property(name)
    return known is not None and known.rule is Rule.WRITABLE and (value is not None or known.may_clear)


def creatable(entry: ObjectType, body: Json) -> Json:
    """Return what of `body` a request that makes the object again says."""
    allowed: Json = {}
    for name, value in body.items():
        known = entry.property(name)
        is_said = known is not None and known.rule in {Rule.WRITABLE, Rule.CREATE_ONLY} and known.call is None
        if is_said and value is not None:
            allowed[name] = value
    return allowed
