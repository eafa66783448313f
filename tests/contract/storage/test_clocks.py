"""Clocks and ids: the machine's own, and those of a simulated world."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta

from shared.azure.clock import RandomIds, SystemClock
from shared.domain.ids import guid
from shared.memory.clock import EPOCH, LoopClock, SequentialIds


class JumpingSelector(selectors.SelectSelector):
    """Makes time jump to the next timer where another selector would wait for it."""

    present = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.present += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in whose time hours pass at once."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.present


def test_a_loop_clock_tells_the_loops_time_so_that_virtual_hours_take_no_time() -> None:
    async def story() -> None:
        clock = LoopClock()
        assert clock.now() == EPOCH
        await clock.sleep(3 * 3600)
        assert clock.now() == EPOCH + timedelta(hours=3)
        later = LoopClock(datetime(2030, 1, 1, tzinfo=UTC))
        assert later.now() == datetime(2030, 1, 1, 3, tzinfo=UTC)

    started = datetime.now(UTC)
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())
    finally:
        loop.close()
    assert datetime.now(UTC) - started < timedelta(seconds=5)


def test_one_seed_always_gives_the_same_ids_and_another_seed_gives_others() -> None:
    def drawn(seed: int) -> list[str]:
        ids = SequentialIds(seed)
        return [guid(ids.new(), member="id") for _ in range(50)]

    assert drawn(1) == drawn(1)
    assert len(set(drawn(1)) | set(drawn(2))) == 100


def test_the_machines_clock_is_aware_utc_and_its_ids_are_guids() -> None:
    async def story() -> None:
        clock = SystemClock()
        before = clock.now()
        await clock.sleep(0.01)
        assert before.utcoffset() == timedelta(0)
        assert clock.now() - before >= timedelta(seconds=0.009)

    asyncio.run(story())
    ids = RandomIds()
    assert len({guid(ids.new(), member="id") for _ in range(50)}) == 50
