"""On a day when everything fails now and then, a listing is whole all the same, and every write takes effect.

One seed per day; the seed decides which requests and parts fail, and how.
"""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.group import GROUP
from shared.catalogue.types import LISTINGS
from shared.domain.writes import Write
from simulator.faults import Fault, Rule
from simulator.throttle import Limits
from tests.contract.graph.changes import (
    a_patch,
    a_plain_group,
    a_restore,
    an_unlink,
    cloud_users,
    deleted,
    live,
    members,
)
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

SEEDS = range(12)
PASSING = (
    Fault.STATUS_500,
    Fault.STATUS_503,
    Fault.STATUS_504_AFTER,
    Fault.RESET,
    Fault.RESET_AFTER,
    Fault.THROTTLED,
    Fault.CUT_BODY,
)
LIMITS = Limits(read_units_max=300, read_window_seconds=10, writes_max=100, write_window_seconds=10)
DONE = {"patch": {204}, "unlink": {204, 404}, "restore": {200}}  # a link taken out twice is not there the second time


def a_bad_day(seed: int) -> World:
    """Return a tenant where one request in fifty fails in each of several ways, and quotas are small."""
    rules = [Rule(kind=kind, path=r"^/(users|groups|directory|\$batch)", probability=0.02) for kind in PASSING]
    return a_world(objects=1_500, seed=seed + 1, faults=rules, limits=LIMITS)


@pytest.mark.parametrize("seed", SEEDS)
def test_listings_are_whole_on_a_bad_day(seed: int) -> None:
    async def story() -> None:
        world = a_bad_day(seed)
        pages = await whole(world, LISTINGS["user"])
        ids = [msgspec.json.decode(body)["id"] for page in pages for body in page.bodies]
        assert sorted(ids) == sorted(live(world, "user"))
        pages = await whole(world, LISTINGS["group-members"])
        links = {(source, other) for page in pages for source, others in page.linked for other in others}
        groups = list(live(world, "group"))
        assert links == {(group_id, other) for group_id in groups for other in members(world, group_id)}
        found = await world.directory.references(GROUP, "members", groups)
        assert found == {group_id: set(members(world, group_id)) for group_id in groups}
        assert sum(world.simulator.world.faults.fired().values()) > 0, seed

    run(story())


@pytest.mark.parametrize("seed", SEEDS)
def test_every_write_takes_effect_on_a_bad_day(seed: int) -> None:
    async def story() -> None:
        world = a_bad_day(seed)
        group_id = a_plain_group(world, 20)
        leaving, gone = members(world, group_id)[:20], list(deleted(world, "user"))
        assert gone
        users = cloud_users(world, 150)
        writes: list[Write] = [a_patch("/users", one, jobTitle="First") for one in users]
        writes += [a_patch("/users", one, jobTitle="Last") for one in users]
        writes += [an_unlink(group_id, one) for one in leaving]
        writes += [a_restore(one) for one in gone]
        answers = await world.directory.apply(writes)
        assert [answer.write_id for answer in answers] == [write.write_id for write in writes]
        assert all(answer.status in DONE[answer.write_id.split()[0]] for answer in answers), seed
        assert {live(world, "user")[one]["jobTitle"] for one in users} == {"Last"}
        assert not set(leaving) & set(members(world, group_id))
        assert set(gone) <= set(live(world, "user"))
        assert world.simulator.world.counted()["hard_deletes"] == 0
        assert sum(world.simulator.world.faults.fired().values()) > 0, seed

    run(story())
