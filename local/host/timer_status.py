"""Decide what a timer's stored status means: when it is due, whether a call was missed, what to store next.

Pure. The rules are those of the timer listener and schedule monitor of azure-webjobs-sdk-extensions: a status is
written when a timer is first seen and after every call; `Next` computed before the call is the occurrence being fired;
one call makes up for all that were missed; a changed schedule is not past due.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from local.host.schedule import Schedule

# .NET's default DateTime: the value of Last until the first call.
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimerStatus:
    """What the status blob of a timer holds, all in UTC."""

    last: datetime
    next: datetime
    last_updated: datetime

    def as_json(self) -> dict[str, str]:
        """Return the members as the host writes them into the blob and into a call."""
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }

    def to_bytes(self) -> bytes:
        """Return the content of the status blob."""
        return msgspec.json.encode(self.as_json())

    @classmethod
    def from_bytes(cls, content: bytes) -> "TimerStatus | None":
        """Return the status a blob holds; None when it is not one (the host then starts afresh, as in Azure)."""
        try:
            found = msgspec.json.decode(content, type=dict[str, datetime])
            return cls(found["Last"].astimezone(UTC), found["Next"].astimezone(UTC), found["LastUpdated"])
        except (msgspec.MsgspecError, KeyError):
            return None


@dataclass(frozen=True)
class Start:
    """What a timer does when its listener starts."""

    status: TimerStatus
    is_past_due: bool
    must_store: bool


def at_start(stored: TimerStatus | None, schedule: Schedule, now: datetime) -> Start:
    """Return the status to go on with and whether one missed call has to be made up for at once."""
    if stored is None:
        return Start(TimerStatus(NEVER, schedule.next_after(now), now), is_past_due=False, must_store=True)
    computed_from = stored.last if stored.last > NEVER else stored.last_updated
    expected = schedule.next_after(computed_from)
    if expected != stored.next:
        if now > expected:
            computed_from, expected = now, schedule.next_after(now)
        status = TimerStatus(NEVER, expected, computed_from)
        return Start(status, is_past_due=now > status.next, must_store=True)
    return Start(stored, is_past_due=now > stored.next, must_store=False)


def after_call(before: TimerStatus, schedule: Schedule, called_at: datetime) -> TimerStatus:
    """Return the status after a call, whatever its outcome: a failed call is not repeated, the schedule moves on.

    A call that ran a moment early counts as its own occurrence, so that the same `Next` is never stored twice.
    """
    effective = max(called_at, before.next)
    return TimerStatus(effective, schedule.next_after(effective), effective)


def timer_value(status: TimerStatus | None, *, is_past_due: bool) -> str:
    """Return the JSON the worker library turns into a TimerRequest; no status when the timer is not monitored."""
    value: dict[str, Any] = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": None if status is None else status.as_json(),
        "IsPastDue": is_past_due,
    }
    return msgspec.json.encode(value).decode()
