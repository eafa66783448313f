"""The gateway keeps inside its quotas, and where the tenant refuses, it waits as long as it was told."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from shared.catalogue.types import LISTINGS
from shared.catalogue.user import USER
from shared.graph.quota import USABLE
from shared.graph.settings import QuotaSettings
from shared.ports import Found
from simulator.faults import Fault, Rule
from simulator.throttle import Limits
from tests.contract.graph.changes import POLICIES, a_patch, cloud_users, live
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

TINY_WRITES = Limits(writes_max=10, write_window_seconds=5)
TINY_READS = Limits(read_units_max=10, read_window_seconds=5)


def refused(world: World) -> int:
    """Return how many requests and parts the tenant refused for their number."""
    refusals: int = world.simulator.world.counted()["throttled"]
    return refusals


def test_a_storm_of_write_refusals_is_weathered_and_every_write_takes_effect() -> None:
    async def story() -> None:
        world = a_world(objects=300, limits=TINY_WRITES)
        users = cloud_users(world, 100)
        answers = await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in users])
        assert {answer.status for answer in answers} == {204}
        assert {live(world, "user")[one]["jobTitle"] for one in users} == {"Chef"}
        assert refused(world) > 20
        assert world.directory.figures["throttled"] == refused(world)
        assert world.clock.elapsed() < 4 * len(users) / (10 / 5)

    run(story())


def test_a_storm_of_read_refusals_loses_no_object() -> None:
    async def story() -> None:
        world = a_world(objects=400, limits=TINY_READS)
        users = list(live(world, "user"))[:200]
        found: dict[str, Found] = {}
        for start in range(0, len(users), 50):  # few enough to be read one by one
            found |= await world.directory.find(USER, users[start : start + 50])
        assert all(state.body is not None and not state.is_deleted for state in found.values())
        assert refused(world) > 20

    run(story())


def test_nothing_is_sent_before_the_time_a_refusal_named() -> None:
    rule = Rule(kind=Fault.THROTTLED, path="^/users", times=4, retry_after_seconds=11.5)

    async def story() -> None:
        world = a_world(objects=300, faults=[rule])
        await whole(world, LISTINGS["user"])
        times = [sent.at for sent in world.transport.log]
        assert len(times) == 5
        assert all(after - before >= 11.5 for before, after in pairwise(times))

    run(story())
    assert rule.fired == 4


def test_conditional_access_that_is_refused_without_a_time_is_asked_again_in_one_to_two_seconds() -> None:
    rule = Rule(kind=Fault.THROTTLED, path="^/identity", times=3, retry_after_seconds=None)

    async def story() -> None:
        world = a_world(faults=[rule])
        await whole(world, LISTINGS["conditionalAccessPolicy"])
        times = [sent.at for sent in world.transport.log]
        gaps = [after - before for before, after in pairwise(times)]
        assert len(gaps) == 3
        assert all(1.0 <= gap <= 3.2 for gap in gaps)

    run(story())
    assert rule.fired == 3


def test_another_app_that_uses_up_conditional_access_only_costs_time() -> None:
    async def story() -> None:
        world = a_world(limits=Limits(conditional_access_interval_seconds=3.0))
        policies = list(live(world, "conditionalAccessPolicy"))[:5]
        answers = await world.directory.apply([a_patch(POLICIES, one, state="disabled") for one in policies])
        assert all(answer.status in (200, 204) for answer in answers)
        assert refused(world) > 0

    run(story())


@pytest.mark.parametrize("limits", [TINY_WRITES, Limits(writes_max=50, write_window_seconds=5)])
def test_a_quota_that_is_known_is_kept_without_a_refusal_at_the_speed_it_allows(limits: Limits) -> None:
    quota = QuotaSettings(writes=limits.writes_max, write_window_seconds=limits.write_window_seconds)

    async def story() -> None:
        world = a_world(objects=500, limits=limits, quota=quota)
        users = cloud_users(world, 300)
        await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in users])
        assert refused(world) == 0
        rate = limits.writes_max / limits.write_window_seconds
        floor = (len(users) - limits.writes_max) / rate
        assert floor <= world.clock.elapsed() <= 1.25 * floor

    run(story())


def test_a_part_says_what_it_cost_and_the_gateway_believes_it() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        await whole(world, LISTINGS["user"])
        units = world.simulator.world.counters.resource_units
        level = world.directory._sender._pacing._quotas["read_units"].bucket.level
        assert level == pytest.approx(USABLE * QuotaSettings().read_units - units, abs=1)
        assert msgspec.json.encode(world.directory.figures)

    run(story())
