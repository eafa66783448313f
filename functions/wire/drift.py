"""Drift on the wire: settings in and out, items out.

Pure. Settings are read strictly: a rule that is misread would watch nothing.
"""

from __future__ import annotations

import msgspec

from functions.wire.names import Json
from shared.catalogue.types import BY_NAME, spoken_of
from shared.domain.drift import Allowance, Count, DriftItem, DriftRule, DriftState, Moment, Name, Names, Text, Watch
from shared.domain.errors import InputError
from shared.domain.explanations import Risk
from shared.domain.times import format_time


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A DriftRule as it is sent."""

    name: Name
    types: Names = ()
    properties: Names = ()
    risks: tuple[Risk, ...] = ()
    at_least: Count = 1


class Allowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An Allowance as it is sent."""

    type: Name
    object_id: Text = ""
    property: Text = ""
    owner: Name
    reason: Text = ""
    expires_at: Moment


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What drift is judged by, as it is sent."""

    is_on: bool
    baseline: Text = ""
    rules: tuple[Rule, ...] = ()
    allowed: tuple[Allowed, ...] = ()


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """The same in the product's own words."""

    is_on: bool
    baseline: str
    rules: list[DriftRule]
    allowed: list[Allowance]


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: Text = ""


def read_settings(body: Json) -> Judging:
    """Return the settings of a request's body with the catalogue's type names; raise InputError for what is wrong."""
    try:
        found = msgspec.convert(body, Settings)
    except msgspec.ValidationError as error:
        raise InputError(f"the settings are wrong: {error}", member="body") from error
    rules = [
        DriftRule(**{**msgspec.structs.asdict(one), "types": tuple(map(_known, one.types))}) for one in found.rules
    ]
    allowed = [Allowance(**{**msgspec.structs.asdict(one), "type": _known(one.type)}) for one in found.allowed]
    return Judging(is_on=found.is_on, baseline=found.baseline, rules=rules, allowed=allowed)


def read_note(body: Json) -> str:
    """Return the note of a decision."""
    try:
        return msgspec.convert(body, _Note).note
    except msgspec.ValidationError as error:
        raise InputError(f"the body is wrong: {error}", member="body") from error


def read_state(text: str | None) -> DriftState | None:
    """Return the state that items are asked for by, None for all."""
    if text is None:
        return None
    if text not in list(DriftState):
        raise InputError(f"state is {text[:40]!r}; use one of {', '.join(DriftState)}", member="state")
    return DriftState(text)


def watch_body(watch: Watch) -> Json:
    """Return what drift is judged by and where that stands."""
    rules = [_renamed(msgspec.structs.asdict(rule)) | {"types": list(map(_wire, rule.types))} for rule in watch.rules]
    allowed = [
        _renamed(msgspec.structs.asdict(one)) | {"type": _wire(one.type), "expiresAt": format_time(one.expires_at)}
        for one in watch.allowed
    ]
    return {
        "isOn": watch.is_on,
        "baseline": watch.baseline,
        "rules": rules,
        "allowed": allowed,
        "compared": watch.compared or None,
        "comparedWith": watch.compared_with or None,
        "error": watch.error or None,
        "counts": watch.counts,
        "alertsWaiting": len(watch.pending),
    }


def item_body(item: DriftItem) -> Json:
    """Return one item."""
    return {
        "itemId": item.item_id,
        "id": item.object_id or None,
        "entityTypeName": _wire(item.type),
        "displayName": item.display_name,
        "what": item.what,
        "state": item.state,
        "rules": list(item.rules),
        "risks": list(item.risks),
        "changedBy": item.changed_by or None,
        "firstSeenDateTime": format_time(item.first_seen_at),
        "lastSeenDateTime": format_time(item.last_seen_at),
        "decidedBy": item.decided_by or None,
        "decidedDateTime": format_time(item.decided_at) if item.decided_at else None,
        "note": item.note or None,
    }


def _renamed(members: Json) -> Json:
    words = {name: name.split("_") for name in members}
    return {first + "".join(map(str.capitalize, rest)): members[name] for name, (first, *rest) in words.items()}


def _known(name: str) -> str:
    """Return the catalogue's name of a type; one that is not captured would watch nothing, so it is refused."""
    return spoken_of(name, member="types").name


def _wire(name: str) -> str:
    return BY_NAME[name].wire_name if name in BY_NAME else name
