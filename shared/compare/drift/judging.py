"""Which differences from the baseline are drift, and what becomes of every item that was known before.

Pure: the time is an argument. A rule that many objects match at once gives one item for all of them, so that a broken
script is one alert and not ten thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.compare.drift.states import Seen, next_state
from shared.compare.rows import Row
from shared.domain.changes import Action
from shared.domain.drift import Allowance, DriftItem, DriftRule, DriftState

ITEMS_PER_RULE_MAX = 500
RESOLVED_DAYS = 90  # how long an item that is resolved is kept
MANY = "*"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs: a property, a link, or a whole object."""

    row: Row
    what: str
    value: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same thing in another comparison."""
        return self.row.difference.type, self.row.difference.object_id, self.what


class Gathering:
    """Collects what the rules find while the rows of a report pass by; memory is bounded by the number of rules."""

    def __init__(self, rules: Sequence[DriftRule], allowed: Iterable[Allowance], now: datetime) -> None:
        self._rules, self._now = rules, now
        self._allowed = [one for one in allowed if one.expires_at > now]
        self._objects = dict.fromkeys((rule.name for rule in rules), 0)
        self._found: dict[str, list[Found]] = {rule.name: [] for rule in rules}

    def add(self, row: Row) -> None:
        """Look at one row under every rule."""
        for rule in self._rules:
            matching = [one for one in things(row) if _fits(rule, one) and not self._is_allowed(one)]
            if matching:
                self._objects[rule.name] += 1
                if len(self._found[rule.name]) <= ITEMS_PER_RULE_MAX:
                    self._found[rule.name] += matching

    def items(self, known: Iterable[DriftItem]) -> list[DriftItem]:
        """Return every item after this comparison: known ones moved on, new ones added, long resolved ones dropped."""
        before = {item.item_id: item for item in known}
        seen: dict[str, DriftItem] = {}
        for rule in self._rules:
            if self._objects[rule.name] < rule.at_least:
                continue
            found = self._found[rule.name]
            fresh = [self._many(rule)] if len(found) > ITEMS_PER_RULE_MAX else [self._item(rule, one) for one in found]
            for item in fresh:
                earlier = seen.get(item.item_id)
                named = (*earlier.rules, rule.name) if earlier else item.rules
                seen[item.item_id] = msgspec.structs.replace(item, rules=named)
        moved = [self._moved(item, before.get(item.item_id)) for item in seen.values()]
        gone = [self._gone(item) for item in before.values() if item.item_id not in seen]
        return sorted((*moved, *(item for item in gone if item is not None)), key=lambda item: item.item_id)

    def _is_allowed(self, one: Found) -> bool:
        row = one.row.difference
        return any(
            rule.type == row.type
            and rule.object_id.lower() in {"", row.object_id.lower()}
            and rule.property in {"", one.what.partition(":")[0]}
            for rule in self._allowed
        )

    def _moved(self, item: DriftItem, before: DriftItem | None) -> DriftItem:
        if before is None:
            return item
        state = next_state(before.state, Seen.SAME if before.value == item.value else Seen.OTHER)
        kept = before if state is before.state and state is not DriftState.NEW else item
        return msgspec.structs.replace(
            item,
            state=state,
            first_seen_at=item.first_seen_at if before.state is DriftState.RESOLVED else before.first_seen_at,
            decided_by=kept.decided_by,
            decided_at=kept.decided_at,
            note=kept.note,
        )

    def _gone(self, item: DriftItem) -> DriftItem | None:
        if item.state is not DriftState.RESOLVED:
            return msgspec.structs.replace(item, state=next_state(item.state, Seen.GONE), last_seen_at=self._now)
        return item if item.last_seen_at > self._now - timedelta(days=RESOLVED_DAYS) else None

    def _item(self, rule: DriftRule, one: Found) -> DriftItem:
        row, cause = one.row.difference, one.row.cause
        return DriftItem(
            item_id=item_id(*one.key),
            type=row.type,
            object_id=row.object_id,
            display_name=row.display_name,
            what=one.what,
            state=DriftState.NEW,
            value=one.value,
            rules=(rule.name,),
            risks=one.row.risks,
            changed_by=(cause.actor_name or cause.app_name) if cause else "",
            first_seen_at=self._now,
            last_seen_at=self._now,
        )

    def _many(self, rule: DriftRule) -> DriftItem:
        types = {one.row.difference.type for one in self._found[rule.name]}
        return DriftItem(
            item_id=item_id(rule.name, MANY, MANY),
            type=MANY if len(types) > 1 else types.pop(),
            object_id="",
            display_name=f"{self._objects[rule.name]} objects",
            what=MANY,
            state=DriftState.NEW,
            value=MANY,
            rules=(rule.name,),
            risks=tuple(sorted({risk for one in self._found[rule.name] for risk in one.row.risks})),
            changed_by="",
            first_seen_at=self._now,
            last_seen_at=self._now,
        )


def things(row: Row) -> list[Found]:
    """Return what differs in a row, one thing at a time; an object that came or went is one thing."""
    found = row.difference
    if found.action is not Action.UPDATE:
        return [Found(row=row, what=found.action.value, value=found.action.value)]
    values = [Found(row=row, what=name, value=_digest(found.current.get(name))) for name in sorted(found.target)]
    links = [(f"{link.reference}:{link.other_id}", link.action.value) for link in found.links]
    return [*values, *(Found(row=row, what=what, value=value) for what, value in links)]


def new_since(items: Iterable[DriftItem], before: Mapping[str, DriftItem]) -> list[DriftItem]:
    """Return the items that somebody has to be told of: new ones that were not new with the same value before."""
    return [
        item
        for item in items
        if item.state is DriftState.NEW
        and ((known := before.get(item.item_id)) is None or (known.state, known.value) != (item.state, item.value))
    ]


def item_id(*parts: str) -> str:
    """Return the id of an item: the same thing has the same id in every comparison."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _fits(rule: DriftRule, one: Found) -> bool:
    if rule.types and one.row.difference.type not in rule.types:
        return False
    if rule.properties and one.what.partition(":")[0] not in rule.properties:
        return False
    return not rule.risks or bool(set(rule.risks) & set(one.row.risks))


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:32]
