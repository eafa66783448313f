"""Nothing goes out to be written without asking whether the tenant is still ours, repeated writes included."""

from __future__ import annotations

import pytest

from shared.domain.errors import LeaseLostError, UnrenewedError
from shared.domain.writes import Write
from shared.graph.settings import QuotaSettings
from simulator.applications import TIDEMARK, TIDEMARK_SECOND
from simulator.faults import Fault, Rule
from simulator.throttle import Limits
from tests.contract.graph.changes import POLICIES, a_patch, a_restore, cloud_users, live
from tests.contract.graph.worlds import World, a_world
from tests.support.virtual_time import VirtualClock, run

LOST = LeaseLostError("tenant", ours=4, current=5)
UNSURE = UnrenewedError("tenant", seconds=40.0, reason="the storage is away")


class Lease:
    """Is ours for the first `times` questions, then `gone`; remembers when it was asked."""

    def __init__(self, times: int, gone: Exception = LOST, clock: VirtualClock | None = None) -> None:
        self.times, self.gone, self.clock = times, gone, clock
        self.asked: list[float] = []

    async def hold(self) -> None:
        """Raise once it is gone."""
        self.asked.append(self.clock.elapsed() if self.clock else 0.0)
        if len(self.asked) > self.times:
            raise self.gone


def some_writes(world: World, kind: str) -> list[Write]:
    if kind == "one by one":
        return [a_patch(POLICIES, one, state="disabled") for one in list(live(world, "conditionalAccessPolicy"))[:2]]
    if kind == "a restore":
        return [a_restore("11111111-1111-4111-8111-111111111111")]
    return [a_patch("/users", one, jobTitle="Chef") for one in cloud_users(world, 3)]


def sent(world: World) -> int:
    return sum(entry.method != "GET" for entry in world.transport.log)


@pytest.mark.parametrize("kind", ["one by one", "a restore", "in a batch"])
def test_a_holder_that_was_fenced_off_between_two_tries_sends_no_third(kind: str) -> None:
    rule = Rule(kind=Fault.STATUS_503, method="POST" if kind == "a restore" else "PATCH")

    async def story() -> None:
        world = a_world(objects=300, faults=[rule])
        lease = Lease(times=2)
        with pytest.raises(LeaseLostError):
            await world.directory.apply(some_writes(world, kind), lease.hold)
        assert (sent(world), len(lease.asked)) == (2, 3)

    run(story())
    assert rule.fired >= 2


def test_the_question_comes_after_the_wait_for_the_quota_and_not_before() -> None:
    limits = Limits(writes_max=20, write_window_seconds=10, tenant_writes_max=90, tenant_write_window_seconds=10)
    quota = QuotaSettings(writes=20, write_window_seconds=10, tenant_writes=90, tenant_write_window_seconds=10)

    async def story() -> None:
        world = a_world(objects=900, limits=limits, quota=quota)
        lease = Lease(times=1_000, clock=world.clock)
        users = cloud_users(world, 100)
        answers = await world.directory.apply([a_patch("/users", one, jobTitle="C") for one in users], lease.hold)
        assert {answer.status for answer in answers} == {204}
        assert len(lease.asked) == sent(world) >= 5
        assert lease.asked[-1] > 30, "the last batch had to wait for the quota"
        assert world.clock.elapsed() - lease.asked[-1] < 1, "and asked just before it went out"

    run(story())


def test_what_was_held_back_is_not_waited_for_in_what_graph_counts() -> None:
    """A quiet answer says that a fifth of the limit is free, less what is still on its way there."""

    async def story() -> None:
        world = a_world(objects=900, quota=QuotaSettings(writes=20, write_window_seconds=1_000))
        for _time in range(6):
            with pytest.raises(LeaseLostError):
                await world.directory.apply(some_writes(world, "in a batch"), Lease(times=0).hold)
        first, second, third = some_writes(world, "in a batch")
        await world.directory.apply([first])
        began = world.clock.elapsed()
        await world.directory.apply([second, third])
        assert world.clock.elapsed() - began < 10, "at a write in 50 seconds"

    run(story())


def test_a_lease_in_doubt_is_not_blamed_on_the_identity_that_was_about_to_write() -> None:
    async def story() -> None:
        world = a_world(objects=900, writers=[TIDEMARK_SECOND])
        users = cloud_users(world, 400)
        writes = [a_patch("/users", one, jobTitle="Chef") for one in users]
        for times in range(4):
            with pytest.raises(UnrenewedError):
                await world.directory.apply(writes, Lease(times, UNSURE).hold)
        answers = await world.directory.apply(writes, Lease(times=10_000).hold)
        assert not [answer.warning for answer in answers if answer.warning]
        shares = [len(world.simulator.tenant.history.of(one.app_id)) for one in (TIDEMARK, TIDEMARK_SECOND)]
        assert min(shares) > 100, shares

    run(story())
