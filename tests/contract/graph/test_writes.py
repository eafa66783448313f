"""Writes reach the tenant once each, one lane at a time, and every one has its answer in its place."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from shared.domain.errors import DirectoryError, TransientError
from shared.domain.writes import Write
from shared.graph.last_answers import RESTORED_EARLIER
from shared.graph.retry import FAILURES_MAX
from shared.graph.sending import unasked
from shared.ports import Directory
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import (
    DELETED_POLICIES,
    POLICIES,
    a_delete,
    a_patch,
    a_plain_group,
    a_restore,
    an_unlink,
    cloud_users,
    deleted,
    live,
    members,
)
from tests.contract.graph.worlds import World, a_world
from tests.support.virtual_time import run


def batches(world: World) -> list[list[str]]:
    """Return the urls of each $batch that was sent."""
    return [[part["url"] for part in sent.parts()] for sent in world.transport.sent("/$batch")]


def test_writes_of_many_objects_go_in_batches_of_20_and_answer_in_order() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        users = cloud_users(world, 90)
        writes = [a_patch("/users", user_id, jobTitle=f"Chef {n}") for n, user_id in enumerate(users)]
        answers = await world.directory.apply(writes)
        assert [answer.write_id for answer in answers] == [write.write_id for write in writes]
        assert {answer.status for answer in answers} == {204}
        assert [live(world, "user")[user_id]["jobTitle"] for user_id in users] == [f"Chef {n}" for n in range(90)]
        assert sorted(len(batch) for batch in batches(world)) == [10, 20, 20, 20, 20]
        assert world.directory.figures["requests"] == 5

    run(story())


def test_calls_side_by_side_write_one_object_one_after_the_other() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        group_id = a_plain_group(world, 8)
        first, second = members(world, group_id)[:4], members(world, group_id)[4:8]
        answers = await asyncio.gather(
            *(world.directory.apply([an_unlink(group_id, one) for one in some]) for some in (first, second))
        )
        assert [answer.status for some in answers for answer in some] == [204] * 8
        order = [url.split("/")[-2] for batch in batches(world) for url in batch]
        assert order == [*first, *second]
        assert all(len(batch) == 1 for batch in batches(world)), "never two writes of one object at a time"

    run(story())


def test_the_gateway_is_a_directory_and_nothing_to_write_costs_nothing() -> None:
    async def story() -> None:
        world = a_world()
        port: Directory = world.directory
        assert await port.apply([], unasked) == []
        assert world.transport.log == []

    run(story())


def test_one_object_is_never_written_twice_in_a_batch_nor_out_of_order() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        group_id = a_plain_group(world, 40)
        gone = members(world, group_id)[:40]
        users = cloud_users(world, 5)
        writes: list[Write] = [an_unlink(group_id, member_id) for member_id in gone]
        for value in range(6):
            writes += [a_patch("/users", user_id, department=f"Step {value}") for user_id in users]
        answers = await world.directory.apply(writes)
        assert {answer.status for answer in answers} == {204}
        for batch in batches(world):
            lanes = [url.split("/")[2] for url in batch]
            assert len(lanes) == len(set(lanes))
        assert not set(gone) & set(members(world, group_id))
        assert {live(world, "user")[user_id]["department"] for user_id in users} == {"Step 5"}
        assert world.simulator.world.counters.parts_by_status.get("409", 0) == 0

    run(story())


def test_conditional_access_is_written_one_by_one_at_its_pace_while_the_others_continue() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        policies = list(live(world, "conditionalAccessPolicy"))[:6]
        users = cloud_users(world, 100)
        writes = [a_patch(POLICIES, policy_id, state="disabled") for policy_id in policies]
        writes += [a_patch("/users", user_id, jobTitle="Chef") for user_id in users]
        answers = await world.directory.apply(writes)
        assert all(answer.status in (200, 204) for answer in answers)
        slow = world.transport.sent("/conditionalAccess/")
        assert [sent.tail.rpartition("/")[2] for sent in slow] == policies
        assert all(after.at - before.at >= 1.0 for before, after in pairwise(slow))
        assert not any("conditionalAccess" in url for batch in batches(world) for url in batch)
        assert max(sent.at for sent in world.transport.sent("/$batch")) < 1.0
        assert world.directory.figures["throttled"] == 0

    run(story())


@pytest.mark.parametrize("kind", [Fault.STATUS_500, Fault.STATUS_503, Fault.STATUS_504, Fault.STATUS_504_AFTER])
def test_a_write_with_an_unclear_answer_is_repeated_and_takes_effect_once(kind: Fault) -> None:
    rule = Rule(kind=kind, method="PATCH", path="^/users/", nth=5, times=3)

    async def story() -> None:
        world = a_world(objects=300, faults=[rule])
        users = cloud_users(world, 30)
        answers = await world.directory.apply([a_patch("/users", user_id, jobTitle="Chef") for user_id in users])
        assert {answer.status for answer in answers} == {204}
        assert {live(world, "user")[user_id]["jobTitle"] for user_id in users} == {"Chef"}
        assert world.directory.figures["retries"] == 3

    run(story())
    assert rule.fired == 3


@pytest.mark.parametrize("kind", [Fault.RESET, Fault.RESET_AFTER, Fault.HTML_PAGE, Fault.CUT_BODY, Fault.STATUS_503])
def test_a_whole_batch_that_is_lost_is_repeated(kind: Fault) -> None:
    rule = Rule(kind=kind, path=r"^/\$batch", times=2)

    async def story() -> None:
        world = a_world(objects=300, faults=[rule])
        users = cloud_users(world, 30)
        answers = await world.directory.apply([a_patch("/users", user_id, jobTitle="Chef") for user_id in users])
        assert {answer.status for answer in answers} == {204}
        assert {live(world, "user")[user_id]["jobTitle"] for user_id in users} == {"Chef"}

    run(story())
    assert rule.fired == 2


@pytest.mark.parametrize("kind", [Fault.STATUS_504_AFTER, Fault.STATUS_503])
def test_a_restore_that_worked_unseen_is_not_reported_as_lost(kind: Fault) -> None:
    rule = Rule(kind=kind, path="/restore$", times=1)

    async def story() -> None:
        world = a_world(objects=2_000, faults=[rule])
        wanted = list(deleted(world, "user"))[:3]
        answers = await world.directory.apply([a_restore(user_id) for user_id in wanted])
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert set(wanted) <= set(live(world, "user"))
        explained = [answer for answer in answers if answer.message == RESTORED_EARLIER]
        assert len(explained) == (1 if kind is Fault.STATUS_504_AFTER else 0)

    run(story())
    assert rule.fired == 1


def test_a_policy_restored_unseen_is_found_live() -> None:
    rule = Rule(kind=Fault.RESET_AFTER, path="/restore$", times=1)

    async def story() -> None:
        world = a_world(faults=[rule])
        policy_id = next(iter(live(world, "conditionalAccessPolicy")))
        await world.directory.apply([a_delete(POLICIES, policy_id)])
        assert policy_id in deleted(world, "conditionalAccessPolicy")
        [answer] = await world.directory.apply([a_restore(policy_id, DELETED_POLICIES)])
        assert (answer.status, answer.message) == (200, RESTORED_EARLIER)
        assert policy_id in live(world, "conditionalAccessPolicy")

    run(story())
    assert rule.fired == 1


def test_a_restore_of_what_was_never_there_is_answered_as_graph_does() -> None:
    async def story() -> None:
        world = a_world()
        [answer] = await world.directory.apply([a_restore("11111111-1111-4111-8111-111111111111")])
        assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")

    run(story())


def test_a_refusal_comes_back_in_graphs_words_and_the_others_are_applied() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        users = live(world, "user")
        synced = next(user_id for user_id, user in users.items() if user.get("onPremisesSyncEnabled"))
        cloud = cloud_users(world, 3)
        answers = await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in (synced, *cloud)])
        assert [answer.status for answer in answers] == [400, 204, 204, 204]
        assert answers[0].code == "Request_BadRequest"
        assert "on-premises" in answers[0].message
        assert len(answers[0].request_id) == 36

    run(story())


def test_two_writers_of_one_object_are_told_apart_and_the_later_one_tries_again() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        [user_id] = cloud_users(world, 1)
        one = a_patch("/users", user_id, jobTitle="Chef")
        other = Write(write_id="other", lane="a lane of its own", method="PATCH", path=one.path, body=one.body)
        answers = await world.directory.apply([one, other])
        assert [answer.status for answer in answers] == [204, 204]
        assert world.simulator.world.counters.parts_by_status["409"] == 1
        assert world.clock.elapsed() >= 1.0

    run(story())


def test_patience_with_a_write_ends_with_its_last_answer() -> None:
    rule = Rule(kind=Fault.STATUS_503, method="PATCH", path="^/users/")

    async def story() -> None:
        world = a_world(faults=[rule])
        answers = await world.directory.apply([a_patch("/users", one, jobTitle="C") for one in cloud_users(world, 1)])
        assert [answer.status for answer in answers] == [503]
        assert answers[0].request_id

    run(story())
    assert rule.fired == FAILURES_MAX + 1


def test_a_tenant_that_cannot_be_reached_is_transient_for_writes_too() -> None:
    rule = Rule(kind=Fault.RESET)

    async def story() -> None:
        world = a_world(faults=[rule])
        with pytest.raises(TransientError, match="could not be reached"):
            await world.directory.apply([a_patch("/users", one, jobTitle="C") for one in cloud_users(world, 30)])

    run(story())
    assert rule.fired > FAILURES_MAX


def test_consent_that_is_gone_fails_the_job_and_not_each_change() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=r"^/\$batch")

    async def story() -> None:
        world = a_world(faults=[rule])
        with pytest.raises(DirectoryError, match=r"\$batch: Graph answered 403 Authorization_RequestDenied"):
            await world.directory.apply([a_patch("/users", one, jobTitle="C") for one in cloud_users(world, 2)])

    run(story())
    assert rule.fired >= 1
