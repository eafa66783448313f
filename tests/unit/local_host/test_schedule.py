"""When timers are due: NCRONTAB expressions and intervals."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.schedule import Cron, Interval, parse_schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("0 */5 * * * *", "2026-01-07T12:03:20", "2026-01-07T12:05:00"),
        ("0 */5 * * * *", "2026-01-07T12:05:00", "2026-01-07T12:10:00"),
        ("0 */5 * * * *", "2026-01-07T12:04:59.999999", "2026-01-07T12:05:00"),
        ("*/2 * * * * *", "2026-12-31T23:59:58", "2027-01-01T00:00:00"),
        ("0 0 * * * *", "2026-01-07T12:03:20", "2026-01-07T13:00:00"),
        ("0 0 */2 * * *", "2026-01-07T13:00:00", "2026-01-07T14:00:00"),
        ("0 0 9-17 * * *", "2026-01-07T17:00:00", "2026-01-08T09:00:00"),
        ("0 30 9 * * *", "2026-01-07T09:30:00", "2026-01-08T09:30:00"),
        ("0 30 9 * * 1-5", "2026-01-09T10:00:00", "2026-01-12T09:30:00"),
        ("0 30 9 * * Mon-Fri", "2026-01-09T10:00:00", "2026-01-12T09:30:00"),
        ("0 30 9 * JAN Mon", "2026-01-27T10:00:00", "2027-01-04T09:30:00"),
        ("0 30 9 * january,July monday", "2026-01-27T10:00:00", "2026-07-06T09:30:00"),
        ("5,8,10 * * * * *", "2026-01-07T12:03:08", "2026-01-07T12:03:10"),
        ("0 5/20 * * * *", "2026-01-07T12:26:00", "2026-01-07T12:45:00"),
        ("0 10-40/15 * * * *", "2026-01-07T12:26:00", "2026-01-07T12:40:00"),
        ("0 0 0 31 * *", "2026-01-31T00:00:00", "2026-03-31T00:00:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 sun", "2026-01-01T00:00:00", "2032-02-29T00:00:00"),
        ("0 0 0 13 * fri", "2026-01-01T00:00:00", "2026-02-13T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59", "2027-12-31T23:59:59"),
        ("24:00:00", "2026-01-07T12:03:20", None),
        ("00:10:00", "2026-01-07T12:03:20", "2026-01-07T12:13:20"),
        ("1.00:00:00", "2026-01-07T12:03:20", "2026-01-08T12:03:20"),
    ],
)
def test_a_schedule_says_when_it_is_due_next(expression: str, after: str, due: str | None) -> None:
    if due is None:
        with pytest.raises(ValueError, match="24 hours"):
            parse_schedule(expression)
        return
    assert parse_schedule(expression).next_after(at(after)) == at(due)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "has 0 fields; six are needed"),
        ("*/5 * * * *", "has 5 fields; six are needed: {second} {minute} {hour} {day} {month} {day of week}"),
        ("0 0 0 * * * *", "has 7 fields"),
        ("60 * * * * *", "field second: 60 is outside 0 to 59"),
        ("0 0 24 * * *", "field hour: 24 is outside 0 to 23"),
        ("0 0 0 0 * *", "field day: 0 is outside 1 to 31"),
        ("0 0 0 * 13 *", "field month: 13 is outside 1 to 12"),
        ("0 0 0 * * 7", "field day of week: 7 is outside 0 to 6"),
        ("0 0 0 * * mo", "field day of week: 'mo' is not a value"),
        ("0 jan * * * *", "field minute: 'jan' is not a value"),
        ("0 40-10 * * * *", "field minute: range '40-10' runs backwards"),
        ("0 */0 * * * *", "field minute: '*/0' steps by 0"),
        ("0 */ * * * *", "field minute: '' is not a value"),
        ("0 1,,2 * * * *", "field minute: '' is not a value"),
        ("0 -5 * * * *", "field minute: '' is not a value"),
        ("0 0 0 30 feb *", "names a day that never comes"),
        ("00:00:00", "must be longer than zero"),
        ("00:60:00", "has 60 minutes; the highest is 59"),
        ("10:00", "is not a duration"),
    ],
)
def test_an_expression_that_cannot_be_meant_is_refused_by_name(expression: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_schedule(expression)


@pytest.mark.parametrize(
    ("expression", "is_frequent"),
    [("0 * * * * *", False), ("*/30 * * * * *", True), ("00:00:59", True), ("00:01:00", False)],
)
def test_gaps_below_a_minute_are_frequent(expression: str, is_frequent: bool) -> None:
    assert parse_schedule(expression).is_frequent is is_frequent


def test_an_interval_keeps_fractions_of_a_second() -> None:
    assert parse_schedule("00:00:01.5") == Interval(1.5)


_fields = st.tuples(
    *(st.frozensets(st.integers(low, high), min_size=1, max_size=4) for low, high in [(0, 59), (0, 59), (0, 23)]),
    st.frozensets(st.integers(1, 28), min_size=1, max_size=4),
    st.frozensets(st.integers(1, 12), min_size=1, max_size=4),
)
_moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001  hypothesis wants naive bounds


@given(_fields, _moments)
def test_the_next_occurrence_matches_every_field_and_none_lies_before_it(
    fields: tuple[frozenset[int], ...], moment: datetime
) -> None:
    schedule = parse_schedule(" ".join(",".join(map(str, field)) for field in fields) + " *")
    assert isinstance(schedule, Cron)
    due = schedule.next_after(moment)
    assert due > moment
    assert all(
        value in allowed
        for value, allowed in zip((due.second, due.minute, due.hour, due.day, due.month), fields, strict=True)
    )
    # Asking from just before the answer gives the answer; asking from it gives a later one.
    assert schedule.next_after(due - timedelta(microseconds=1)) == due
    assert schedule.next_after(due) > due
    between = moment + (due - moment) / 2
    assert schedule.next_after(between) == due
