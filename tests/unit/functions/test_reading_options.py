"""What a request may say of how the tenant is read, and what of it is refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from functions.wire.body import read_start
from shared.domain.errors import InputError
from shared.domain.jobs import Kind, Options

JSON = {"content-type": "application/json"}


def options(kind: Kind = Kind.REPORT, /, **given: Any) -> Options:
    return read_start(JSON, msgspec.json.encode({"tidemark.options": given}), kind)[1]


def test_a_report_may_use_an_earlier_reading_or_read_every_object() -> None:
    assert options(freshMinutes=15) == Options(fresh_minutes=15)
    assert options(freshMinutes=0) == Options(fresh_minutes=0)
    assert options(readWhole=True) == Options(reads_whole=True)
    assert options(Kind.RECOVERY, readWhole=True) == Options(reads_whole=True)
    assert options() == Options()


@pytest.mark.parametrize("value", [-1, 1_441, 1.5, True, "10", None])
def test_a_freshness_that_is_no_number_of_minutes_up_to_a_day_is_refused_by_name(value: object) -> None:
    with pytest.raises(InputError, match=r"tidemark\.options\.freshMinutes must be a whole number from 0 to 1440"):
        options(freshMinutes=value)


@pytest.mark.parametrize("besides", [{"plan": True}, {"readWhole": True}])
def test_a_freshness_beside_what_always_reads_the_tenant_is_refused(besides: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="freshMinutes excludes plan and readWhole"):
        options(freshMinutes=5, **besides)


def test_a_recovery_cannot_use_an_earlier_reading() -> None:
    with pytest.raises(InputError, match="freshMinutes"):
        options(Kind.RECOVERY, freshMinutes=5)
