"""When a report may use what an earlier one has read, by the promises of shared/jobs/freshness.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import InputError
from shared.domain.jobs import Job, Kind, Options, State
from shared.domain.scope import EVERYTHING, Scope
from shared.jobs.freshness import (
    MINUTES_MAX,
    SETTING,
    LiveReading,
    candidates,
    freshness_from,
    is_usable,
    minutes_for,
    reads_enough,
)
from tests.support.builders import a_job

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USERS, BOTH = Scope(types=("user",)), Scope(types=("group", "user"))
ONE = Scope(ids={"user": ("11111111-2222-4333-8444-555555555555",)})


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def a_reading(minutes: float) -> LiveReading:
    return LiveReading(name="n", sha256="d", job_id="j", began_at=ago(minutes))


def ended(label: str, minutes: float, *, kind: Kind = Kind.REPORT, scope: Scope = EVERYTHING, against: str = "") -> Job:
    ends = {"started_at": ago(minutes + 1), "completed_at": ago(minutes), "created_at": ago(minutes + 2)}
    return a_job(label, kind=kind, state=State.SUCCESSFUL, scope=scope, against=against, **ends)


@pytest.mark.parametrize(
    ("kind", "options", "minutes"),
    [
        (Kind.REPORT, Options(), 5),
        (Kind.REPORT, Options(fresh_minutes=0), 0),
        (Kind.REPORT, Options(fresh_minutes=30), 30),
        (Kind.REPORT, Options(makes_plan=True, fresh_minutes=30), 0),
        (Kind.REPORT, Options(reads_whole=True), 0),
        (Kind.RECOVERY, Options(fresh_minutes=30), 0),
    ],
)
def test_r1_only_a_plain_report_uses_a_reading(kind: Kind, options: Options, minutes: int) -> None:
    assert minutes_for(a_job(kind=kind, options=options), 5) == minutes


@pytest.mark.parametrize(("age", "is_used"), [(4.9, True), (5, True), (5.1, False)])
def test_r2_a_reading_is_used_for_so_many_minutes_after_it_began(age: float, is_used: bool) -> None:
    assert is_usable(a_reading(age), [], 5, NOW) is is_used


@pytest.mark.parametrize(("ended_ago", "is_used"), [(3, False), (4.5, True), (None, False)])
def test_r3_none_is_used_that_began_before_a_recovery_had_ended(ended_ago: float | None, is_used: bool) -> None:
    completed_at = None if ended_ago is None else ago(ended_ago)
    recovery = a_job("r", kind=Kind.RECOVERY, completed_at=completed_at)
    assert is_usable(a_reading(4), [recovery, ended("c", 1, kind=Kind.CAPTURE)], 5, NOW) is is_used


@pytest.mark.parametrize(
    ("earlier", "wanted", "is_enough"),
    [
        (EVERYTHING, EVERYTHING, True),
        (EVERYTHING, ONE, True),
        (BOTH, USERS, True),
        (BOTH, ONE, True),
        (USERS, BOTH, False),
        (USERS, EVERYTHING, False),
        (ONE, ONE, False),
    ],
)
def test_r4_none_is_used_that_read_less_than_the_report_is_about(
    earlier: Scope, wanted: Scope, is_enough: bool
) -> None:
    assert reads_enough(earlier, wanted) is is_enough


def test_the_newest_successful_report_of_the_tenant_comes_first() -> None:
    jobs = [
        ended("old", 4),
        ended("new", 2),
        ended("too old", 9),
        ended("too little", 1, scope=USERS),
        ended("stored", 1, against="another snapshot"),
        ended("capture", 1, kind=Kind.CAPTURE),
        a_job("failed", kind=Kind.REPORT, state=State.FAILED, started_at=ago(2), completed_at=ago(1)),
    ]
    found = candidates(a_job(kind=Kind.REPORT), jobs, 5, NOW)
    assert [one.job_id for one in found] == [jobs[1].job_id, jobs[0].job_id]


def test_the_setting_is_minutes_up_to_a_day_and_nothing_else() -> None:
    assert (freshness_from({}), freshness_from({SETTING: ""}), freshness_from({SETTING: "90"})) == (0, 0, 90)
    for text in ("-1", "1.5", "soon", str(MINUTES_MAX + 1), "٣", "99999"):
        with pytest.raises(InputError, match=SETTING):
            freshness_from({SETTING: text})
