"""Times as Graph and HTTP write them, from unix seconds. Reads no clock."""

from datetime import UTC, datetime
from email.utils import format_datetime

DAY_SECONDS = 86_400.0


def stamp(seconds: float) -> str:
    """Return `seconds` since 1970 as Graph writes a DateTimeOffset, to the second, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(seconds: float) -> str:
    """Return `seconds` since 1970 as an HTTP Date header."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)
