"""What a stored timer status means at a start and after a call."""

from datetime import UTC, datetime, timedelta

import msgspec

from local.host.schedule import parse_schedule
from local.host.timer_status import NEVER, TimerStatus, after_call, at_start, timer_value

HOURLY = parse_schedule("0 0 * * * *")
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_timer_seen_for_the_first_time_is_stored_and_not_due() -> None:
    start = at_start(None, HOURLY, NOON + MINUTE)
    assert start.status == TimerStatus(NEVER, NOON + HOUR, NOON + MINUTE)
    assert start.must_store
    assert not start.is_past_due


def test_a_missed_occurrence_is_past_due_once_however_many_were_missed() -> None:
    stored = TimerStatus(NOON, NOON + HOUR, NOON)
    now = NOON + 5 * HOUR + MINUTE
    start = at_start(stored, HOURLY, now)
    assert start.is_past_due
    assert start.status.next == NOON + HOUR, "the call is told the occurrence that was missed"
    assert after_call(start.status, HOURLY, now).next == NOON + 6 * HOUR


def test_a_timer_that_never_fired_is_past_due_when_its_first_occurrence_was_missed() -> None:
    stored = TimerStatus(NEVER, NOON + HOUR, NOON + MINUTE)
    assert at_start(stored, HOURLY, NOON + 2 * HOUR + MINUTE).is_past_due


def test_nothing_is_past_due_before_the_next_occurrence() -> None:
    stored = TimerStatus(NOON, NOON + HOUR, NOON)
    start = at_start(stored, HOURLY, NOON + HOUR - MINUTE)
    assert not start.is_past_due
    assert not start.must_store
    assert start.status == stored


def test_a_changed_schedule_starts_anew_and_is_not_past_due() -> None:
    stored = TimerStatus(NOON, NOON + HOUR, NOON)
    daily = parse_schedule("0 0 3 * * *")
    start = at_start(stored, daily, NOON + 48 * HOUR)
    assert not start.is_past_due
    assert start.must_store
    assert start.status.next == datetime(2026, 1, 10, 3, tzinfo=UTC)


def test_a_call_that_ran_a_moment_early_counts_as_its_own_occurrence() -> None:
    before = TimerStatus(NOON, NOON + HOUR, NOON)
    after = after_call(before, HOURLY, NOON + HOUR - timedelta(milliseconds=3))
    assert after.last == NOON + HOUR
    assert after.next == NOON + 2 * HOUR


def test_a_status_survives_its_blob() -> None:
    for status in (TimerStatus(NEVER, NOON, NOON - MINUTE), TimerStatus(NOON, NOON + HOUR, NOON)):
        assert TimerStatus.from_bytes(status.to_bytes()) == status


def test_a_blob_that_holds_no_status_is_as_none() -> None:
    assert TimerStatus.from_bytes(b"") is None
    assert TimerStatus.from_bytes(b'{"Last": "2026-01-07T12:00:00+00:00"}') is None


def test_a_call_is_told_the_status_before_it() -> None:
    status = TimerStatus(NOON, NOON + HOUR, NOON)
    value = msgspec.json.decode(timer_value(status, is_past_due=True))
    assert value["IsPastDue"] is True
    assert value["ScheduleStatus"]["Next"] == "2026-01-07T13:00:00+00:00"
    assert msgspec.json.decode(timer_value(None, is_past_due=False))["ScheduleStatus"] is None
