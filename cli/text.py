"""Text that is safe to show: names come from the tenant, and a name must not steer the terminal.

Pure. Control characters, line ends, and characters that turn the direction of text around or are not seen at all are
written as escapes; everything else, in any script, stays as it is.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import msgspec

# Control, format (direction marks, zero width), surrogates, private use, unassigned, line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return `text` with everything escaped that a terminal would not simply draw."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(letter) if unicodedata.category(letter) in HIDDEN else letter for letter in text)


def json_text(document: Any) -> str:
    """Return `document` as one line of JSON in which every such character is a JSON escape."""
    # In what msgspec writes, these characters stand inside strings only, where an escape means the same.
    return visible(msgspec.json.encode(document).decode())


def moment(text: object) -> str:
    """Return a DateTimeOffset as a person reads it, in UTC; anything else as it is, nothing for None."""
    if not isinstance(text, str):
        return ""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}Z"
    except ValueError:
        return text


def duration(seconds: float) -> str:
    """Return a time span as h:mm:ss."""
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def _escaped(letter: str) -> str:
    code = ord(letter)
    if code > 0xFFFF:  # JSON, and so everything here, writes these as two halves
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f"\\u{code:04x}"
