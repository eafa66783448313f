"""A report as a Markdown summary: figures, who, and the changes that put something at risk.

Pure. What comes from the tenant is escaped, so that a name is text and neither markup nor a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from shared.catalogue.types import type_named
from shared.compare.exports.cells import visible
from shared.compare.exports.heading import Digest, Heading
from shared.compare.rows import Row
from shared.domain.times import format_time

MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~@]|:(?=/)|(?<=www)\.)")
ROWS_MAX = 200
CELL_CHARS_MAX = 200


def plain(text: str, chars_max: int = CELL_CHARS_MAX) -> str:
    """Return `text` so that Markdown shows it as it is, on one line."""
    cut = text if len(text) <= chars_max else text[:chars_max] + "…"
    return escape(MARKUP.sub(r"\\\1", visible(cut)), quote=False)


def markdown_of(heading: Heading, found: Digest) -> bytes:
    """Return the summary."""
    parts = [
        "# Difference report",
        f"Tenant {heading.tenant}: what separates {heading.other_side} from snapshot {heading.target} "
        f"({format_time(heading.target_at)}). {found.rows} objects differ.",
        _section("What differs", ("type", "to bring it back", "objects"), _kinds(found)),
        _section("What is at risk", ("risk", "objects"), sorted(found.by_risk.items())),
        _section("Who changed it", ("by", "objects"), found.actors),
        _section("Changes at risk", ("risk", "object", "what", "by", "when"), map(_risky, found.risky[:ROWS_MAX])),
    ]
    if len(found.risky) > ROWS_MAX:
        parts.append(f"{found.by_risk.total()} risks in all; the others are in the other exports.")
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _kinds(found: Digest) -> list[tuple[str, str, int]]:
    return [(type_name, action, count) for (type_name, action), count in sorted(found.by_kind.items())]


def _risky(row: Row) -> tuple[str, ...]:
    cause = row.cause
    who = cause.actor_name or cause.app_name or cause.actor_id if cause else row.log
    named = f"{type_named(row.difference.type).wire_name} {row.difference.display_name or row.difference.object_id}"
    what = f"{row.difference.action.value} {', '.join(row.properties)}".strip()
    return ", ".join(row.risks), named, what, who, format_time(cause.at) if cause else ""


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(plain(str(cell)) for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"## {title}", "", f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|", *lines])
