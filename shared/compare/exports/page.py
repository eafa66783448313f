"""A report as one HTML file that needs nothing else, runs nothing and fetches nothing.

Pure. There is no script; the content security policy in the file allows its one style sheet by digest and nothing
more. What comes from the tenant is escaped and isolated, so that no name can add markup or turn text around.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from shared.compare.exports.cells import COLUMNS, lines, visible
from shared.compare.exports.heading import Digest, Heading
from shared.domain.times import format_time

STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#1b1b1f}"
    "table{border-collapse:collapse;margin:0 0 2rem}caption{text-align:left;font-weight:600;padding:.4rem 0}"
    "th,td{border:1px solid #c8c8d0;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f0f0f4}td{overflow-wrap:anywhere;max-width:24rem}"
)
POLICY = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
CELL_CHARS_MAX = 1_000


def content_security_policy() -> str:
    """Return the policy of the page, for the file and for the header it is sent with."""
    return POLICY.format(base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode())


def html_of(heading: Heading, found: Digest) -> bytes:
    """Return the page."""
    title = f"Difference report of {heading.target}"
    kinds = [(type_name, action, count) for (type_name, action), count in sorted(found.by_kind.items())]
    shown = found.shown
    left = found.rows - len(shown)
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(content_security_policy())}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>Tenant {escape(heading.tenant)}: what separates {escape(heading.other_side)} from the snapshot of "
        f"{escape(format_time(heading.target_at))}. {found.rows} objects differ.</p>",
        _table("What differs", ("type", "to bring it back", "objects"), kinds),
        _table("What is at risk", ("risk", "objects"), sorted(found.by_risk.items())),
        _table("Who changed it", ("by", "objects"), found.actors),
        _table("Changes, those at risk first", COLUMNS, (line for row in shown for line in lines(row))),
        f"<p>{left} more objects are in the NDJSON and CSV exports.</p>" if left else "",
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part).encode()


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return ""
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    text = visible(str(value))
    cut = text if len(text) <= CELL_CHARS_MAX else text[:CELL_CHARS_MAX] + "…"
    return f"<td><bdi>{escape(cut)}</bdi></td>" if cut else "<td></td>"
