"""Rows of a report that a recovery is to bring back: from a file or standard input to the API's `tidemark.rows`.

Pure. A line is a row as `export-report` writes it, or TYPE:ID. `properties`, a list in a row, chooses what of it;
`--property` chooses the same of every row that has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cli.errors import CliError, Exit

LINES_MAX = 100_000  # a slip of the hand must not be read to its end; the API takes 2,000 rows


def rows_body(report: str, lines: Iterable[str], properties: str | None) -> dict[str, Any]:
    """Return the member that names the rows; raise CliError naming the line that cannot be read."""
    named = _parts(properties) if properties is not None else []
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if number > LINES_MAX:
            raise CliError(Exit.USAGE, f"--rows: more than {LINES_MAX} lines")
        if line.strip():
            rows.append(_row(line.strip(), number, named))
    if not rows:
        raise CliError(Exit.USAGE, "--rows: there is no row")
    return {"report": report, "rows": rows}


def _row(line: str, number: int, named: list[str]) -> dict[str, Any]:
    if line.startswith("{"):
        return _of_json(line, number, named)
    kind, colon, object_id = line.partition(":")
    if not colon or not kind or not object_id:
        raise CliError(Exit.USAGE, f"--rows: line {number} is neither TYPE:ID nor a row of a report")
    return {"entityType": kind, "id": object_id, **({"properties": named} if named else {})}


def _of_json(line: str, number: int, named: list[str]) -> dict[str, Any]:
    try:
        found: Any = msgspec.json.decode(line.encode(errors="surrogateescape"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise CliError(Exit.USAGE, f"--rows: line {number} is no JSON object") from None
    kind, object_id = found.get("entityTypeName"), found.get("id")
    if not isinstance(kind, str) or not isinstance(object_id, str):
        raise CliError(Exit.USAGE, f"--rows: line {number} has no entityTypeName and id")
    names = found.get("properties", named)
    if not isinstance(names, list):
        raise CliError(Exit.USAGE, f"--rows: line {number} has properties that are no list")
    return {"entityType": kind, "id": object_id, **({"properties": names} if names else {})}


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise CliError(Exit.USAGE, f"--property: {text!r} has an empty item")
    return parts
