"""Sides of a live report that cannot be read: refused or failed by name, and gone on with once they can."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.changes import Difference
from shared.domain.errors import IntegrityError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, State
from shared.domain.scope import EVERYTHING
from simulator.faults import Fault, Rule
from tests.simulation.days import PLAIN, WHOLE, Days
from tests.simulation.test_live_by_delta import rows_of
from tests.support import virtual_time
from tests.support.platform import TENANT

TRIES = 6  # of one request before the worker gives its message back (shared/graph/retry.py)


async def changed(seed: int) -> tuple[Days, Job]:
    days = Days(seed)
    target = await days.captured()
    days.move()
    return days, target


def struck(rule: Rule) -> tuple[Job, list[Difference], list[Difference], list[str]]:
    """Report while a fault strikes; return the report, its rows, those of a whole reading afterwards, and requests."""

    async def story() -> tuple[Job, list[Difference], list[Difference], list[str]]:
        days, target = await changed(41)
        days.simulator.world.faults.rules.append(rule)
        before = days.requests()
        report = await days.reported(target, EVERYTHING, PLAIN)
        asked = [sent.tail for sent in days.platform.transport.log[before:]]
        rows: list[Difference] = []
        if report.state is State.SUCCESSFUL:
            rows, _more = await days.platform.operator.asking.differences(TENANT, report.job_id, skip=0, top=999)
        days.simulator.world.faults.rules.clear()
        _whole, expected = await rows_of(days, target, WHOLE)
        _again, again = await rows_of(days, target, PLAIN)
        assert again == expected != []
        return report, sorted(rows, key=lambda row: (row.type, row.object_id)), expected, asked

    return virtual_time.run(story())


def test_a_tenant_that_is_away_for_minutes_in_the_middle_is_gone_on_with_where_reading_stood() -> None:
    away = Rule(kind=Fault.RESET, path=r"/groups/delta.*deltatoken=(?!latest)", nth=2, times=2 * TRIES + 1)
    report, rows, expected, asked = struck(away)
    assert away.fired > 2 * TRIES, "the message came back more than once"
    assert report.state is State.SUCCESSFUL, report.error
    assert rows == expected
    users = [tail for tail in asked if tail.startswith("/users/delta") and "latest" not in tail]
    assert len(users) == 2, "users are tried and followed once, whatever becomes of groups"


def test_a_report_of_a_tenant_that_stays_away_can_be_cancelled_and_the_next_one_reads_it() -> None:
    away = Rule(kind=Fault.RESET, path=r"/groups/delta.*deltatoken=(?!latest)", nth=2)

    async def story() -> Job:
        days, target = await changed(44)
        days.simulator.world.faults.rules.append(away)
        wire_id, starting = wire_snapshot_id(target.snapshot_id), days.platform.operator.starting
        report = await starting.report(TENANT, wire_id, EVERYTHING, requested_by="me")

        async def lose_patience() -> None:
            await days.clock.sleep(1_800)
            await starting.cancel(TENANT, report.job_id)

        ended, _none = await asyncio.gather(days.platform.finish(report), lose_patience())
        days.simulator.world.faults.rules.clear()
        assert (await rows_of(days, target, PLAIN))[1]
        return ended

    report = virtual_time.run(story())
    assert away.fired > TRIES
    assert report.state is State.ABANDONED


def test_consent_that_is_revoked_in_the_middle_fails_the_report_by_type_and_request() -> None:
    denied = Rule(kind=Fault.FORBIDDEN, path=r"/groups/delta.*deltatoken=(?!latest)", nth=2)
    report, _rows, _expected, _asked = struck(denied)
    assert denied.fired > 0
    assert report.state is State.FAILED
    assert "group-delta: Graph answered 403" in report.error
    assert "request-id" in report.error


def test_a_target_whose_manifest_is_not_what_was_sealed_is_refused_before_anything_is_read() -> None:
    async def story() -> int:
        days, target = await changed(42)
        contents = days.platform.vault.contents
        name = f"{TENANT}/{target.snapshot_id}/manifest.json"
        contents[name] = contents[name].replace(b'"user"', b'"User"', 1)
        before = days.requests()
        starting = days.platform.operator.starting
        with pytest.raises(IntegrityError, match=r"manifest\.json"):
            await starting.report(TENANT, wire_snapshot_id(target.snapshot_id), EVERYTHING, requested_by="me")
        return days.requests() - before

    assert virtual_time.run(story()) == 0


@pytest.mark.parametrize("part", ["index", "links", "objects"])
def test_a_target_with_a_damaged_file_fails_the_report_by_that_file(part: str) -> None:
    async def story() -> tuple[Job, str]:
        days, target = await changed(43)
        file = next(one for one in days.manifest(target).files if one.part == part)
        content = bytearray(days.platform.vault.contents[file.name])
        content[len(content) // 2] ^= 1
        days.platform.vault.contents[file.name] = bytes(content)
        return await days.reported(target, EVERYTHING, WHOLE), file.name

    report, name = virtual_time.run(story())
    assert (report.state, report.error_code) == (State.FAILED, IntegrityError.code)
    assert name in report.error
