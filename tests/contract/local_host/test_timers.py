"""Timer functions: one instance fires, another takes over, a missed occurrence is made up for once."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.contract.local_host.conftest import TinyApp, eventually

EVERY_SECOND = "* * * * * *"


def test_two_instances_fire_every_occurrence_once_and_the_second_takes_over(tiny: TinyApp) -> None:
    async def story() -> None:
        for name in ("one", "two"):
            await tiny.start(name, TICK_SCHEDULE=EVERY_SECOND)
        ticks = await tiny.recorded("tick", 3)
        (holder,) = {tick["pid"] for tick in ticks}
        first, second = sorted(tiny.children, key=lambda child: child.pid != holder)
        first.terminate()
        assert await first.ended() == 0
        await eventually(lambda: tiny.records("tick")[-1]["pid"] == second.pid, "a tick of the other instance")
        seconds = [int(tick["at"]) for tick in tiny.records("tick")]
        assert len(seconds) == len(set(seconds)), "no occurrence fired twice"

    asyncio.run(story())


def test_a_missed_occurrence_is_made_up_for_once_and_told_as_past_due(tiny: TinyApp) -> None:
    year = datetime.now(UTC).year
    missed = datetime(year, 1, 1, tzinfo=UTC)
    before = missed - timedelta(days=365 if year % 4 != 1 else 366)

    async def story() -> None:
        status = {"Last": before.isoformat(), "Next": missed.isoformat(), "LastUpdated": before.isoformat()}
        await tiny.store_timer_status("tick", **status)
        await tiny.start("one")
        (tick,) = await tiny.recorded("tick")
        assert tick["past_due"] is True
        assert tick["status"] == status, "the status is that from before the call"
        tiny.child("one").terminate()
        assert await tiny.child("one").ended() == 0
        await tiny.start("two")
        await eventually(lambda: bool(tiny.events("two", "timer lease taken")), "a lease")
        await asyncio.sleep(0.5)
        assert len(tiny.records("tick")) == 1, "the next start has nothing to make up for"

    asyncio.run(story())


def test_a_timer_that_was_never_due_does_not_fire_on_start(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        await eventually(lambda: bool(tiny.events("one", "timer lease taken")), "a lease")
        await asyncio.sleep(0.5)
        assert tiny.records("tick") == []

    asyncio.run(story())


def test_a_disabled_timer_is_not_listened_to(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.begin("one", {"TICK_SCHEDULE": EVERY_SECOND, "AzureWebJobs.tick.Disabled": "true"}).listening()
        await asyncio.sleep(1.5)
        assert tiny.records("tick") == []

    asyncio.run(story())
