"""Times have one spelling in storage, and any spelling of Graph's is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.errors import InputError
from shared.domain.times import format_time, from_unix, parse_time


def test_a_time_is_written_in_utc_with_whole_seconds() -> None:
    in_oslo = datetime(2026, 11, 20, 23, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(in_oslo) == "2026-11-20T22:00:00Z"


def test_a_time_without_a_zone_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        format_time(datetime(2026, 11, 20))  # noqa: DTZ001  the very mistake this test is about


def test_seven_decimals_as_graph_writes_them_are_read_to_the_microsecond() -> None:
    assert parse_time("2026-11-20T22:00:00.1234567Z") == datetime(2026, 11, 20, 22, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("decimals", ["", ".1", ".000", ".1234567", ".123456789012"])
def test_any_number_of_decimals_is_read(decimals: str) -> None:
    assert parse_time(f"2026-11-20T22:00:00{decimals}Z").replace(microsecond=0) == datetime(
        2026, 11, 20, 22, tzinfo=UTC
    )


def test_an_offset_is_turned_into_utc() -> None:
    assert parse_time("2026-11-20T23:30:00.5+01:30") == datetime(2026, 11, 20, 22, 0, 0, 500_000, tzinfo=UTC)


def test_what_is_written_is_read_again() -> None:
    at = datetime(2026, 11, 20, 22, 5, 7, tzinfo=UTC)
    assert parse_time(format_time(at)) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no time"):
        parse_time(text)


def test_a_time_that_does_not_say_its_zone_is_refused() -> None:
    with pytest.raises(InputError, match="has no zone"):
        parse_time("2026-11-20T22:00:00")


def test_unix_seconds_are_counted_in_utc() -> None:
    assert from_unix(1_795_212_000) == datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
