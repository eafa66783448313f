"""Ids keep their grammar, and the same thing always gets the same id."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.errors import InputError
from shared.domain.ids import (
    SNAPSHOT_ID,
    capture_job_id,
    guid,
    key_guid,
    object_key,
    object_keys,
    snapshot_id,
    snapshot_time,
    wire_snapshot_id,
)
from tests.support.builders import TENANT, an_id

TEN_AT_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def test_a_guid_is_kept_in_lower_case() -> None:
    assert guid("A1B2C3D4-0000-4000-8000-00000000000F", member="id") == "a1b2c3d4-0000-4000-8000-00000000000f"


@pytest.mark.parametrize("text", ["", "42", f"{an_id('a')}\n", f"../{an_id('a')}", an_id("a").replace("-", "")])
def test_what_is_no_guid_is_refused_and_its_member_is_named(text: str) -> None:
    with pytest.raises(InputError, match="must be a GUID") as refused:
        guid(text, member="tenant")
    assert refused.value.member == "tenant"


def test_the_key_of_a_guid_is_its_own_bytes_whatever_its_case() -> None:
    wanted = an_id("user-1")
    assert object_key(wanted) == object_key(wanted.upper())
    assert key_guid(object_key(wanted)) == wanted


def test_a_key_that_ends_in_zero_bytes_keeps_them() -> None:
    wanted = "a1b2c3d4-0000-4000-8000-000000000000"
    assert object_key(wanted)[-6:] == bytes(6)
    assert key_guid(object_key(wanted)) == wanted


def test_an_id_that_is_no_guid_gets_a_digest_of_16_bytes_as_its_key() -> None:
    keys = {object_key("policy-one"), object_key("policy-two")}
    assert {len(key) for key in keys} == {16}
    assert len(keys) == 2


def test_a_timer_that_fires_twice_names_one_job() -> None:
    in_oslo = TEN_AT_NIGHT.astimezone(timezone(timedelta(hours=1)))
    assert capture_job_id(TENANT, TEN_AT_NIGHT) == capture_job_id(TENANT, in_oslo)


def test_other_times_and_other_tenants_name_other_jobs() -> None:
    later = TEN_AT_NIGHT + timedelta(days=1)
    jobs = {capture_job_id(tenant, at) for tenant in (TENANT, an_id("other")) for at in (TEN_AT_NIGHT, later)}
    assert len(jobs) == 4


def test_snapshot_ids_sort_by_time_and_tell_two_jobs_of_one_second_apart() -> None:
    first, second = snapshot_id(TEN_AT_NIGHT, "job-1"), snapshot_id(TEN_AT_NIGHT, "job-2")
    assert first != second
    assert SNAPSHOT_ID.match(first)
    assert max(first, second) < snapshot_id(TEN_AT_NIGHT + timedelta(seconds=1), "job-1")


def test_the_wire_id_is_base64_of_the_time_in_decimal_unix_seconds() -> None:
    wire = wire_snapshot_id(snapshot_id(TEN_AT_NIGHT, "job-1"))
    assert base64.b64decode(wire) == b"1795212000"


def test_the_wire_id_names_the_time_again() -> None:
    assert snapshot_time(wire_snapshot_id(snapshot_id(TEN_AT_NIGHT, "job-1"))) == TEN_AT_NIGHT


@pytest.mark.parametrize("wire", ["", "?", "bm8=", "MTc5NTIxMjAwMA", "OTk5OTk5OTk5OTk5OTk5OTk5", "w7w="])
def test_what_names_no_time_is_no_snapshot_id(wire: str) -> None:
    with pytest.raises(InputError, match="no snapshot id"):
        snapshot_time(wire)


@pytest.mark.parametrize(
    "ids",
    [
        [],
        [an_id("a")],
        [an_id("a"), an_id("b").upper(), an_id("a")],
        [an_id("a"), "a policy template", an_id("b")],
        [f"{an_id('a')}\n{an_id('b')}"],
        ["", an_id("a")],
        [an_id("a")[:-1], f"0{an_id('b')}"],
        [an_id("a"), f"  {an_id('b')[2:]}"],
        [an_id("a"), f"{an_id('b')[:-2]}--"],
        [an_id("a"), f"{an_id('b')[:-1]}g"],
        [an_id("a"), f"{an_id('b')[:-1]}\uff11"],
        [an_id("a"), f"{an_id('b')[:-2]}\n0"],
    ],
)
def test_keys_of_many_ids_are_those_of_each_by_itself(ids: list[str]) -> None:
    assert object_keys(ids) == [object_key(object_id) for object_id in ids]
