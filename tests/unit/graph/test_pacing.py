"""Waiting is fair, kept apart by quota, and follows what Graph says in its headers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from shared.graph.exchange import Reply
from shared.graph.figures import Figures
from shared.graph.pacing import Pacing
from shared.graph.quota import Cost
from shared.graph.settings import QuotaSettings
from tests.support.virtual_time import VirtualClock, run

READ = Cost(read_units=1)
WRITE = Cost(read_units=1, writes=1)
POLICY = Cost(conditional_access=1)
SLOW = QuotaSettings(read_units=20, read_window_seconds=10, writes=20, write_window_seconds=20)


class SteppingClock(VirtualClock):
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.step = timedelta(0)

    def now(self) -> datetime:
        """Return the time the clock shows."""
        return super().now() + self.step


def a_pacing(clock: VirtualClock | None = None) -> Pacing:
    """Return the pacing of a small quota: 19 reads at once and 2 a second, 19 writes at once and 1 a second."""
    return Pacing(SLOW, clock or VirtualClock(), Figures())


def test_those_who_ask_first_are_let_through_first() -> None:
    async def story() -> list[int]:
        pacing, order = a_pacing(), []

        async def ask(number: int, units: float) -> None:
            await pacing.admit(Cost(read_units=units))
            order.append(number)

        await asyncio.gather(*(ask(number, 15 if number % 2 else 1) for number in range(8)))
        return order

    assert run(story()) == list(range(8))


def test_a_quota_that_is_used_up_holds_back_nothing_that_does_not_need_it() -> None:
    async def story() -> None:
        clock = VirtualClock()
        pacing = a_pacing(clock)
        await pacing.admit(Cost(writes=19))
        await pacing.admit(POLICY)
        waiting = [asyncio.create_task(pacing.admit(cost)) for cost in (Cost(writes=10), POLICY)]
        await asyncio.sleep(0)
        await pacing.admit(READ)
        assert clock.elapsed() == 0
        await asyncio.gather(*waiting)
        assert clock.elapsed() == pytest.approx(10)

    run(story())


@pytest.mark.parametrize(
    ("scope", "held", "free"),
    [
        ("Tenant_Application/Write/app/tenant", WRITE, READ),
        ("Tenant/Read/tenant", READ, POLICY),
        ("Tenant_Application/ReadWrite/app/tenant", WRITE, POLICY),
        ("", WRITE, READ),
    ],
)
def test_a_refusal_holds_back_what_its_scope_names(scope: str, held: Cost, free: Cost) -> None:
    async def story() -> None:
        clock = VirtualClock()
        pacing = a_pacing(clock)
        pacing.refuse(WRITE, Reply(status=429, headers={"x-ms-throttle-scope": scope}), 30)
        await pacing.admit(free)
        assert clock.elapsed() == 0
        await pacing.admit(held)
        assert clock.elapsed() >= 30

    run(story())


def test_a_refusal_reaches_those_who_already_wait() -> None:
    async def story() -> None:
        clock = VirtualClock()
        pacing = a_pacing(clock)
        await pacing.admit(Cost(writes=19))
        waiting = asyncio.create_task(pacing.admit(Cost(writes=5)))
        await asyncio.sleep(1)
        pacing.refuse(WRITE, Reply(status=429), 60)
        await waiting
        assert clock.elapsed() >= 61

    run(story())


def test_what_a_request_really_cost_is_what_it_is_charged() -> None:
    async def story() -> None:
        clock = VirtualClock()
        pacing = a_pacing(clock)
        await pacing.admit(READ)
        pacing.learn([READ], [Reply(status=200, headers={"x-ms-resource-unit": "11"})])
        await pacing.admit(Cost(read_units=10))
        assert clock.elapsed() == pytest.approx(1.0)

    run(story())


def test_what_never_went_out_is_not_on_its_way() -> None:
    async def story() -> None:
        pacing = a_pacing()
        await pacing.admit(Cost(writes=18))
        await pacing.admit(Cost(writes=1))
        pacing.forget([Cost(writes=18)])
        pacing.learn([Cost(writes=1)], [Reply(status=204)])
        assert pacing.shortage(Cost(writes=2)) == 0.0, "a quiet answer says that a fifth is free"

    run(story())


def test_after_a_refusal_a_quiet_answer_is_no_leave_to_take_more_than_our_own_buckets_hold() -> None:
    async def story(is_refused: bool) -> float:
        clock = VirtualClock()
        pacing = a_pacing(clock)
        await pacing.admit(Cost(writes=18))
        if is_refused:
            pacing.refuse(WRITE, Reply(status=429), 0)
        await pacing.admit(Cost(writes=1))
        pacing.learn([Cost(writes=18), Cost(writes=1)], [Reply(status=204), Reply(status=204)])
        await pacing.admit(Cost(writes=2))
        return clock.elapsed()

    assert run(story(is_refused=False)) < 1
    assert run(story(is_refused=True)) >= 2


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    async def story() -> None:
        clock = SteppingClock()
        pacing = a_pacing(clock)
        await pacing.admit(Cost(read_units=19))
        clock.step = timedelta(hours=-2)
        await pacing.admit(Cost(read_units=4))
        assert clock.elapsed() == pytest.approx(2.0)

    run(story())


def test_a_refused_tenant_gets_smaller_batches_until_it_answers_quietly_again() -> None:
    async def story() -> list[int]:
        pacing = Pacing(QuotaSettings(), VirtualClock(), Figures())
        sizes = []
        for status in [429] * 4 + [204] * 10:
            sizes.append(pacing.parts_max("writes"))
            await pacing.admit(WRITE)
            pacing.learn([WRITE], [Reply(status=status)])
        return sizes

    sizes = run(story())
    assert sizes[:5] == [20, 20, 20, 10, 5]
    assert sizes[-1] == 20
