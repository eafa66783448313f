"""A row of a report flattened: one line for each property and each link that differs.

Pure. Values are JSON, except texts, which stand as they are. Characters that no reader draws (control characters,
marks that turn text around) are written as escapes: a name must not rewrite the line it stands in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.catalogue.types import type_named
from shared.compare.rows import Row, not_written
from shared.domain.changes import Action
from shared.domain.times import format_time

# Control, format (direction marks, zero width), surrogates, private use, unassigned, line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
COLUMNS = (
    "type id displayName action what inTarget now otherName notWritten refusal risks changedBy changedWith changedAt "
    "activity log"
).split()


def visible(text: str) -> str:
    """Return `text` with everything escaped that would not simply be drawn."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(letter):x}}}" if unicodedata.category(letter) in HIDDEN else letter for letter in text)


def shown(value: Any) -> str:
    """Return a property's value as one line of text; nothing for null."""
    if value is None:
        return ""
    return visible(value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode())


def lines(row: Row) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a row, one cell for each of COLUMNS; a row without properties and links has one line."""
    found, refused = row.difference, not_written(row.difference)
    head = (type_named(found.type).wire_name, found.object_id, visible(found.display_name), found.action.value)
    cause = row.cause
    tail = (
        visible(found.refusal),
        " ".join(row.risks),
        visible(cause.actor_name or cause.actor_id) if cause else "",
        visible(cause.app_name or cause.app_id) if cause else "",
        format_time(cause.at) if cause else "",
        visible(cause.activity) if cause else "",
        row.log.value,
    )
    if not found.target and not found.links:
        yield (*head, "", "", "", "", "", *tail)
    for name in sorted(found.target):
        values = (shown(found.target[name]), shown(found.current.get(name)))
        yield (*head, visible(name), *values, "", refused.get(name, ""), *tail)
    for link in found.links:
        ends = (link.other_id, "") if link.action is Action.LINK else ("", link.other_id)
        yield (*head, visible(link.reference), *ends, visible(row.name_of(link.other_id)), "", *tail)
