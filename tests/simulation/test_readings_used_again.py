"""A live report may use what an earlier report has read, says so, and never after a recovery wrote to the tenant."""

from __future__ import annotations

from datetime import datetime

from shared.domain.jobs import Job, Options, State
from shared.domain.scope import Scope
from simulator.applications import CARELESS_SCRIPT
from tests.simulation.days import PLAIN, Days
from tests.simulation.test_live_by_delta import rows_of
from tests.support import virtual_time
from tests.support.platform import TENANT

FRESH = Options(fresh_minutes=10)


def used(report: Job) -> str:
    return str(report.notes.get("readBy", ""))


async def reported_on(seed: int) -> tuple[Days, Job, Job]:
    """Return a tenant that was captured, changed and reported on, the capture and the report."""
    days = Days(seed)
    target = await days.captured()
    days.move()
    return days, target, (await rows_of(days, target, PLAIN))[0]


def test_a_report_within_the_freshness_reads_nothing_and_has_the_same_rows() -> None:
    async def story() -> None:
        days, target, first = await reported_on(31)
        _first, expected = await rows_of(days, target, FRESH)
        days.simulator.act(CARELESS_SCRIPT, "POST", "/groups", a_group("Newcomers"))
        before = [sent.tail for sent in days.platform.transport.log]
        second, rows = await rows_of(days, target, FRESH)
        asked = [sent.tail for sent in days.platform.transport.log][len(before) :]
        assert rows == expected != []
        assert used(second) == first.job_id
        assert all("directoryAudits" in tail for tail in asked), asked
        as_of = datetime.fromisoformat(second.notes["liveAsOf"])
        assert first.created_at <= as_of <= (first.completed_at or as_of)
        _part, some = await rows_of(days, target, FRESH, Scope(types=("user",)))
        assert some == [row for row in expected if row.type == "user"]
        third, now = await rows_of(days, target, PLAIN)
        assert used(third) == ""
        assert len(now) == len(rows) + 1

    virtual_time.run(story())


def test_a_reading_made_against_one_snapshot_serves_a_report_against_another() -> None:
    async def story() -> None:
        days = Days(32)
        first = await days.captured()
        days.move()
        second = await days.captured()
        days.move()
        report, _rows = await rows_of(days, second, PLAIN)
        against_first, rows = await rows_of(days, first, FRESH)
        _fresh, expected = await rows_of(days, first, PLAIN)
        assert used(against_first) == report.job_id
        assert rows == expected != []

    virtual_time.run(story())


def test_after_the_freshness_the_tenant_is_read_again() -> None:
    async def story() -> str:
        days, target, _first = await reported_on(33)
        await days.clock.sleep(601)
        return used((await rows_of(days, target, FRESH))[0])

    assert virtual_time.run(story()) == ""


def test_after_a_recovery_the_tenant_is_read_again() -> None:
    async def story() -> tuple[str, int]:
        days, target, _first = await reported_on(34)
        done = await days.recovered(target)
        assert done.state is State.SUCCESSFUL, done.error
        assert used(done) == ""
        report, rows = await rows_of(days, target, FRESH)
        return used(report), len([row for row in rows if not row.refusal])

    assert virtual_time.run(story()) == ("", 0)


def test_a_reading_whose_files_are_gone_is_passed_over() -> None:
    async def story() -> tuple[str, int]:
        days, target, first = await reported_on(35)
        for name in await days.platform.work.names(f"{TENANT}/{first.job_id}/live/"):
            await days.platform.work.remove(name)
        report, rows = await rows_of(days, target, FRESH)
        return used(report), len(rows)

    by, rows = virtual_time.run(story())
    assert by == ""
    assert rows > 0


def a_group(name: str) -> dict[str, object]:
    return {"displayName": name, "mailEnabled": False, "mailNickname": name.lower(), "securityEnabled": True}
