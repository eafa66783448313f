"""Times are aware UTC; this is their one spelling on the wire and in storage.

Pure: reads no clock. Graph writes DateTimeOffset with up to seven decimals; we write whole seconds and read any.
"""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.errors import InputError


def format_time(at: datetime) -> str:
    """Return `at` as Graph's DateTimeOffset with whole seconds, such as `2026-11-20T22:00:00Z`."""
    assert at.tzinfo is not None, "a time without a zone"
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Return the aware UTC time that `text` names; decimals beyond microseconds are dropped.

    Raises InputError when `text` is no DateTimeOffset.
    """
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    trimmed = f"{head}.{rest[:digits][:6]}{rest[digits:]}" if dot else text
    try:
        at = datetime.fromisoformat(trimmed)
        in_utc = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no time; write it as 2026-11-20T22:00:00Z", member="time") from None
    if at.tzinfo is None:
        raise InputError(f"{text!r} has no zone; end it with Z", member="time")
    return in_utc


def from_unix(seconds: float) -> datetime:
    """Return the aware UTC time `seconds` after 1970-01-01T00:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC)
