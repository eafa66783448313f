"""Whether a live report may use the reading of an earlier one instead of reading the tenant again.

Pure. Promises (tests/unit/jobs/test_freshness.py checks each by name):
  R1  only a plain report uses one: never a recovery, nor a report that makes a plan or was told to read everything
  R2  a reading is used for at most so many minutes after it began
  R3  none is used that began before a recovery of the tenant had ended, or while one is unfinished
  R4  none is used that read less than the report is about
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import InputError
from shared.domain.jobs import Job, Kind, State
from shared.domain.scope import EVERYTHING, Scope

SETTING = "TIDEMARK_LIVE_FRESHNESS_MINUTES"
# A day: what is older is in a snapshot or a restore point, which say by themselves as of when they are.
MINUTES_MAX = 1_440
DIGITS_MAX = 4


class LiveReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier report has read: the manifest's blob and digest, the job, and when its reading began."""

    name: str
    sha256: str
    job_id: str
    began_at: datetime


def freshness_from(settings: Mapping[str, str]) -> int:
    """Return for how many minutes a reading is used, 0 for never; raise InputError for anything but such a number."""
    text = settings.get(SETTING) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX and int(text) <= MINUTES_MAX):
        raise InputError(
            f"{SETTING} is {text[:40]!r}; it must be a whole number from 0 to {MINUTES_MAX}", member=SETTING
        )
    return int(text)


def minutes_for(job: Job, setting: int) -> int:
    """Return how old a reading may be that the job uses, 0 when it has to read the tenant itself."""
    if job.kind is not Kind.REPORT or job.options.makes_plan or job.options.reads_whole:
        return 0
    return setting if job.options.fresh_minutes is None else min(job.options.fresh_minutes, MINUTES_MAX)


def candidates(job: Job, jobs: Iterable[Job], minutes: int, now: datetime) -> list[Job]:
    """Return the reports whose reading may do for the job, the newest first, as far as their rows tell."""
    since = now - timedelta(minutes=minutes)
    reports = [one for one in jobs if one.kind is Kind.REPORT and one.state is State.SUCCESSFUL and one.asks_tenant]
    recent = [one for one in reports if one.started_at and (one.completed_at or now) >= since]
    return sorted((one for one in recent if reads_enough(one.scope, job.scope)), key=_started_at, reverse=True)


def is_usable(reading: LiveReading, jobs: Sequence[Job], minutes: int, now: datetime) -> bool:
    """Tell whether a reading is new enough, and no recovery has written to the tenant since it began."""
    if now - reading.began_at > timedelta(minutes=minutes):
        return False
    recoveries = (one for one in jobs if one.kind is Kind.RECOVERY)
    return all(one.completed_at is not None and one.completed_at < reading.began_at for one in recoveries)


def reads_enough(earlier: Scope, wanted: Scope) -> bool:
    """Tell whether a reading for one scope holds all that a report of another is about.

    What was read object by object lies over the target of just that report, so it is nobody else's.
    """
    if earlier == EVERYTHING:
        return True
    if earlier.types is None:
        return False
    names = wanted.types if wanted.types is not None else wanted.ids
    return names is not None and set(names) <= set(earlier.types)


def _started_at(job: Job) -> datetime:
    return job.started_at or job.created_at
