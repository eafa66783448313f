"""Several identities write faster than one, none of them beyond its quota, and one that is refused costs no write."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.domain.errors import DirectoryError
from shared.graph.settings import QuotaSettings
from simulator.applications import AUDITOR, TIDEMARK, TIDEMARK_SECOND, TIDEMARK_THIRD, Application
from simulator.faults import Fault, Rule
from simulator.switches import Lag, Switches
from simulator.throttle import Limits
from tests.contract.graph.changes import POLICIES, a_patch, a_restore, cloud_users, deleted, live
from tests.contract.graph.worlds import World, a_world
from tests.support.virtual_time import run

LIMITS = Limits(writes_max=50, write_window_seconds=10, tenant_writes_max=150, tenant_write_window_seconds=10)
QUOTA = QuotaSettings(writes=50, write_window_seconds=10, tenant_writes=150, tenant_write_window_seconds=10)
NO_CONSENT = DirectoryError("the application is not consented to in this tenant", status=401)


def writes_of(world: World, *identities: Application) -> list[int]:
    return [len(world.simulator.tenant.history.of(one.app_id)) for one in identities]


async def renamed(world: World, count: int) -> list[str]:
    """Give `count` users another title; return the warnings, after proving that each was written once."""
    users = cloud_users(world, count)
    answers = await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in users])
    assert {answer.status for answer in answers} == {204}
    assert {live(world, "user")[one]["jobTitle"] for one in users} == {"Chef"}
    return [answer.warning for answer in answers if answer.warning]


@pytest.mark.parametrize("others", [[], [TIDEMARK_SECOND], [TIDEMARK_SECOND, TIDEMARK_THIRD]])
def test_each_identity_writes_at_its_own_quota_and_none_is_refused(others: list[Application]) -> None:
    async def story() -> None:
        world = a_world(objects=900, limits=LIMITS, quota=QUOTA, writers=others)
        assert await renamed(world, 500) == []
        assert world.directory.figures["throttled"] == 0
        shares = writes_of(world, TIDEMARK, *others)
        assert sum(shares) == 500
        assert min(shares) > 0.7 * max(shares), shares
        floor = (500 / len(shares) - 50) / 5
        assert floor <= world.clock.elapsed() <= 1.4 * floor

    run(story())


def test_what_the_tenant_allows_all_identities_together_is_kept() -> None:
    async def story() -> None:
        limits = Limits(writes_max=50, write_window_seconds=10, tenant_writes_max=60, tenant_write_window_seconds=10)
        quota = QuotaSettings(writes=50, write_window_seconds=10, tenant_writes=60, tenant_write_window_seconds=10)
        world = a_world(objects=900, limits=limits, quota=quota, writers=[TIDEMARK_SECOND, TIDEMARK_THIRD])
        await renamed(world, 400)
        assert world.directory.figures["throttled"] == 0
        assert world.clock.elapsed() >= (400 - 60) / 6

    run(story())


def test_one_object_has_one_writer_however_many_identities_there_are() -> None:
    async def story() -> None:
        world = a_world(objects=300, writers=[TIDEMARK_SECOND, TIDEMARK_THIRD])
        first, *others = cloud_users(world, 30)
        writes = [a_patch("/users", first, jobTitle=f"title {turn}") for turn in range(60)]
        writes += [a_patch("/users", one, jobTitle="Chef") for one in others]
        answers = await world.directory.apply(writes)
        assert Counter(answer.status for answer in answers) == {204: len(writes)}
        assert live(world, "user")[first]["jobTitle"] == "title 59", "the order of a lane was not kept"

    run(story())


def test_conditional_access_has_one_pace_whatever_the_number_of_identities() -> None:
    async def story() -> None:
        world = a_world(writers=[TIDEMARK_SECOND, TIDEMARK_THIRD])
        policies = list(live(world, "conditionalAccessPolicy"))[:5]
        answers = await world.directory.apply([a_patch(POLICIES, one, state="disabled") for one in policies])
        assert all(answer.status in (200, 204) for answer in answers)
        assert world.directory.figures["throttled"] == 0

    run(story())


@pytest.mark.parametrize("refused", [AUDITOR, NO_CONSENT])
def test_what_a_refused_identity_would_have_written_the_others_write(refused: Application | DirectoryError) -> None:
    async def story() -> None:
        world = a_world(objects=900, limits=LIMITS, quota=QUOTA, writers=[refused, TIDEMARK_THIRD])
        (warning,) = await renamed(world, 300)
        assert warning.startswith("writer identity 2 was refused, so the others wrote in its place: ")
        first, third = writes_of(world, TIDEMARK, TIDEMARK_THIRD)
        assert (first + third, min(first, third) > 50) == (300, True)
        sent = len(world.transport.log)
        assert await renamed(world, 300) == [warning], "it is said for every job"
        assert len(world.transport.log) > sent

    run(story())


def test_an_object_that_no_identity_may_write_costs_none_of_them_its_place() -> None:
    async def story() -> None:
        users = cloud_users(a_world(objects=300), 40)
        rule = Rule(kind=Fault.FORBIDDEN, method="PATCH", path=users[0])
        world = a_world(objects=300, faults=[rule], writers=[TIDEMARK_SECOND, TIDEMARK_THIRD])
        answers = await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in users])
        assert rule.fired or world.simulator.world.faults.rules[0].fired
        assert [answer.status for answer in answers] == [403, *[204] * 39]
        assert [answer.warning for answer in answers if answer.warning] == []

    run(story())


def test_a_restore_that_took_effect_is_no_failure_while_replicas_lag() -> None:
    async def story() -> None:
        lost = Rule(kind=Fault.STATUS_504_AFTER, method="POST", path="/restore", times=3)
        world = a_world(objects=2_000, faults=[lost])
        world.simulator.world.switch(Switches(lag=Lag(replicas=[4.0], seed=1)))
        gone = list(deleted(world, "user"))[:3]
        answers = await world.directory.apply([a_restore(one) for one in gone])
        assert world.simulator.world.faults.rules[0].fired == 3
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert not set(gone) & set(deleted(world, "user"))

    run(story())
