"""Say for which moment a call of the daily timer stands.

Pure. The capture's job id is derived from that moment, so two calls for one occurrence must agree on it, and a call
made by hand must not pass for the next occurrence, which would then be taken for done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.domain.errors import InputError
from shared.domain.times import parse_time

EARLY_SECONDS_MAX = 60  # how far the clocks of two instances may differ
YEAR_MIN = 2000  # .NET writes the year 1 for "never"


def scheduled_at(status: Mapping[str, str], now: datetime) -> datetime:
    """Return the occurrence that is being fired, or the present second when the call is out of turn.

    `status` is the schedule status as it was before the call: its `Next` is the occurrence being fired ("Timer trigger
    for Azure Functions", ScheduleStatus). A status that is missing or unreadable counts as a call out of turn.
    """
    occurrence = _next(status)
    if occurrence is not None and now >= occurrence - timedelta(seconds=EARLY_SECONDS_MAX):
        return occurrence
    return now.replace(microsecond=0)


def _next(status: Mapping[str, str]) -> datetime | None:
    try:
        occurrence = parse_time(status.get("Next") or "")
    except InputError:
        return None
    return occurrence.replace(microsecond=0) if occurrence.year >= YEAR_MIN else None
