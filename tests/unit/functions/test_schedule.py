"""Which moment a call of the daily timer stands for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from functions.schedule import scheduled_at

TEN = datetime(2026, 11, 20, 22, tzinfo=UTC)


def at(hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T22:00:00+00:00",
        "2026-11-20T22:00:00Z",
        "2026-11-20T22:00:00.0000000Z",
        "2026-11-20T22:00:00.0000000+00:00",
        "2026-11-21T00:00:00+02:00",
        "2026-11-20T22:00:00.1234567Z",
    ],
)
def test_a_call_on_time_stands_for_the_occurrence_however_its_time_is_written(text: str) -> None:
    for now in (at(22), at(22, 0, 1, 500), at(23, 59)):
        assert scheduled_at({"Next": text}, now) == TEN


def test_a_call_a_moment_early_by_another_clock_stands_for_the_occurrence() -> None:
    assert scheduled_at({"Next": "2026-11-20T22:00:00Z"}, at(21, 59, 0)) == TEN


def test_a_missed_occurrence_is_made_up_for_as_itself() -> None:
    assert scheduled_at({"Next": "2026-11-17T22:00:00Z"}, at(8)) == datetime(2026, 11, 17, 22, tzinfo=UTC)


def test_a_call_by_hand_before_the_occurrence_stands_for_the_present_second() -> None:
    assert scheduled_at({"Next": "2026-11-20T22:00:00Z"}, at(21, 58, 59, 999_999)) == at(21, 58, 59)


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"Next": ""},
        {"Next": "soon"},
        {"Next": "2026-11-20T22:00:00"},
        {"Next": "0001-01-01T00:00:00+00:00"},
        {"Next": "0001-01-01T00:00:00+02:00"},
        {"Next": "0001-01-01T00:00:00"},
    ],
)
def test_without_a_readable_occurrence_a_call_stands_for_the_present_second(status: dict[str, str]) -> None:
    assert scheduled_at(status, at(7, 30, 15, 250_000)) == at(7, 30, 15)
