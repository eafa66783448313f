"""How what a comparison found looks as a table: changes, objects on neither side, drift items."""

from __future__ import annotations

from collections.abc import Iterator

from cli.api import Json
from cli.tables.cells import lines, members, name_and_id
from cli.text import moment

CHANGES = ("change", "object", "what differs")
ON_NEITHER_SIDE = ("type", "id")
DRIFT_ITEMS = ("item", "what")


def change_row(change: Json) -> tuple[object, ...]:
    """Return the line of one change, whether of a report or failed."""
    failure, refusal = change.get("failureMessage"), change.get("tidemark.refusal")
    about = lines(
        ", ".join(_differing(change)),
        f"failed: {failure}" if failure else None,
        f"left alone: {refusal}" if refusal else None,
        f"at risk: {', '.join(change['tidemark.risks'])}" if change.get("tidemark.risks") else None,
        _changed_by(members(change, "tidemark.cause")),
    )
    action = change.get("tidemark.action") or change.get("recoveryAction")
    return (f"{action} {change.get('entityTypeName')}", name_and_id(change), about)


def _differing(change: Json) -> Iterator[str]:
    for name, value in members(change, "deltaFromCurrent").items():
        if name.endswith("@delta"):
            gone = sum(1 for item in value if "@removed" in item)
            yield f"{name.removesuffix('@delta')} +{len(value) - gone} -{gone}"
        elif not name.startswith("@"):
            yield name


def _changed_by(cause: Json) -> str | None:
    who = cause.get("changedBy") or cause.get("app")
    return f"by {who}, {moment(cause.get('changedDateTime'))}" if who else None


def unknown_row(unknown: Json) -> tuple[object, ...]:
    """Return the line of an object that a report was asked about and that neither of its sides has."""
    return unknown.get("entityTypeName"), unknown.get("id")


def drift_item_row(item: Json) -> tuple[object, ...]:
    """Return the line of one drift item."""
    named = f"{item.get('entityTypeName')} {item.get('displayName') or item.get('id')}: {item.get('what')}"
    at_risk = ", ".join(item.get("risks") or ())
    about = lines(
        named,
        f"found by {', '.join(item.get('rules') or ())}",
        f"at risk: {at_risk}" if at_risk else None,
        f"by {item['changedBy']}" if item.get("changedBy") else None,
    )
    return (lines(item.get("itemId"), item.get("state")), about)
