"""Say when a timer is due next: six-field NCRONTAB expressions and constant TimeSpan intervals, in UTC.

Pure: the time is an argument. Fields, names and ranges follow "Timer trigger for Azure Functions", section NCRONTAB
expressions: {second} {minute} {hour} {day} {month} {day of week}, where a day must satisfy both day fields.

Refused by name although the NCRONTAB library takes it: a range that runs backwards (it is silently turned round there)
and five fields (a forgotten seconds field is more likely than a wish for second 0).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from local.host.timespan import parse_timespan

# 29 February on a given weekday returns after 40 years at most (the gap around 2100 included).
_HORIZON_DAYS = 41 * 366
_MINUTE_SECONDS = 60
_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday".split()


def _names(words: Sequence[str], first: int) -> Mapping[str, int]:
    """Return every full name and its three-letter form with the number it stands for."""
    numbered = dict(enumerate(words, first))
    return MappingProxyType({form: number for number, word in numbered.items() for form in (word, word[:3])})


class Schedule(Protocol):
    """When a timer is due; `is_frequent` marks gaps below a minute, which are never monitored."""

    @property
    def is_frequent(self) -> bool: ...

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence strictly after `moment` (aware UTC)."""
        ...


@dataclass(frozen=True)
class Interval:
    """Due again a constant number of seconds after the last call."""

    seconds: float

    @property
    def is_frequent(self) -> bool:
        return self.seconds < _MINUTE_SECONDS

    def next_after(self, moment: datetime) -> datetime:
        """Return `moment` plus the interval."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Cron:
    """One NCRONTAB expression, each field as its sorted allowed numbers."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    @property
    def is_frequent(self) -> bool:
        return len(self.seconds) > 1

    def next_after(self, moment: datetime) -> datetime:
        """Return the first matching second strictly after `moment`; ValueError when none comes."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for offset in range(_HORIZON_DAYS):
            day = start.date() + timedelta(days=offset)
            if self._has_day(day):
                from_second = start.hour * 3600 + start.minute * 60 + start.second if offset == 0 else 0
                second_of_day = self._first_second(from_second)
                if second_of_day is not None:
                    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second_of_day)
        raise ValueError("the expression names a day that never comes")

    def _has_day(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _first_second(self, from_second: int) -> int | None:
        candidates = (
            hour * 3600 + minute * 60 + second
            for hour in self.hours
            if hour >= from_second // 3600
            for minute in self.minutes
            for second in self.seconds
        )
        return next((candidate for candidate in candidates if candidate >= from_second), None)


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _names(_MONTHS, 1)),
    _Field("day of week", 0, 6, _names(_WEEKDAYS, 0)),
)


def parse_schedule(text: str) -> Schedule:
    """Return the schedule `text` describes; ValueError names the field and what is wrong with it."""
    if ":" in text:
        interval = Interval(parse_timespan(text))
        if interval.seconds <= 0:
            raise ValueError(f"{text!r} is no interval: it must be longer than zero")
        return interval
    parts = text.split()
    if len(parts) != len(_FIELDS):
        wanted = " ".join("{" + field.name + "}" for field in _FIELDS)
        raise ValueError(f"{text!r} has {len(parts)} fields; six are needed: {wanted}")
    cron = Cron(*(_field_values(field, part) for field, part in zip(_FIELDS, parts, strict=True)))
    try:
        cron.next_after(datetime(2000, 1, 1, tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    return cron


def _field_values(field: _Field, text: str) -> tuple[int, ...]:
    """Return the sorted numbers a field's text allows: lists of *, values and ranges, each with an optional step."""
    allowed: set[int] = set()
    for item in text.split(","):
        span, slash, step_text = item.partition("/")
        step = _number(field, step_text) if slash else 1
        if step < 1:
            raise ValueError(f"field {field.name}: {item!r} steps by {step}")
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = field.low, field.high
        elif dash:
            first, last = _value(field, low), _value(field, high)
        else:
            first = _value(field, low)
            last = field.high if slash else first  # "5/10" means from 5 on, every 10
        if first > last:
            raise ValueError(f"field {field.name}: range {span!r} runs backwards")
        allowed.update(range(first, last + 1, step))
    return tuple(sorted(allowed))


def _value(field: _Field, text: str) -> int:
    value = field.names.get(text.lower())
    value = _number(field, text) if value is None else value
    if not field.low <= value <= field.high:
        raise ValueError(f"field {field.name}: {value} is outside {field.low} to {field.high}")
    return value


def _number(field: _Field, text: str) -> int:
    if re.fullmatch(r"[0-9]{1,2}", text) is None:
        raise ValueError(f"field {field.name}: {text!r} is not a value")
    return int(text)
