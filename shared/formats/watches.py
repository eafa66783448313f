"""The row of a tenant's drift and the file of its items (docs/formats/drift.md).

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.domain.drift import Watch
from shared.domain.errors import InputError, IntegrityError
from shared.formats.rows import Values

WATCH_FORMAT = "drift/1"
DRIFT_ITEMS = "drift-items/1"
WATCH_KEY = "drift"
DOCUMENT_CHARS_MAX = 30_000  # a table cell holds 32 Ki characters


def watch_values(watch: Watch) -> Values:
    """Return what the table keeps; raise InputError when the rules are too many for a row."""
    document = msgspec.json.encode(watch).decode()
    if len(document) > DOCUMENT_CHARS_MAX:
        raise InputError(f"rules and allowances of {len(document)} characters do not fit; shorten them", member="rules")
    return {"format": WATCH_FORMAT, "document": document}


def watch_of(values: Mapping[str, str | int | bool], *, key: str = WATCH_KEY) -> Watch:
    """Return what the row holds; raise IntegrityError for any other format."""
    if values.get("format") != WATCH_FORMAT:
        raise IntegrityError(key, f"format {values.get('format')!r}; {WATCH_FORMAT!r} was expected")
    try:
        return msgspec.json.decode(str(values.get("document", "")), type=Watch)
    except msgspec.DecodeError as error:
        raise IntegrityError(key, f"not a row of {WATCH_FORMAT}: {error}") from error
