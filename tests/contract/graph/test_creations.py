"""Creations reach the tenant once, say what they made, and are found again by what they are called."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.types import type_named
from shared.domain.changes import Json
from shared.domain.writes import Write
from shared.graph.last_answers import NO_CLEAR_ANSWER
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import live
from tests.contract.graph.worlds import World, a_world
from tests.support.virtual_time import run

GROUP: Json = {"displayName": "Night shift's", "mailEnabled": False, "mailNickname": "night", "securityEnabled": True}


def a_creation(write_id: str = "w", **members: object) -> Write:
    body = msgspec.json.encode({**GROUP, **members})
    return Write(write_id=write_id, lane=write_id, method="POST", path="/groups", body=body, makes_another=True)


def named(world: World) -> list[str]:
    return [key for key, one in live(world, "group").items() if one["displayName"] == GROUP["displayName"]]


def test_a_creation_says_which_id_the_new_object_has() -> None:
    async def story() -> None:
        world = a_world()
        [answer] = await world.directory.apply([a_creation()])
        assert (answer.status, [answer.made_id]) == (201, named(world))

    run(story())


def test_a_new_application_says_its_app_id_too() -> None:
    async def story() -> None:
        world = a_world()
        body = msgspec.json.encode({"displayName": "CRM"})
        write = Write(write_id="w", lane="w", method="POST", path="/applications", body=body, makes_another=True)
        [answer] = await world.directory.apply([write])
        assert live(world, "application")[answer.made_id]["appId"] == answer.made_app_id

    run(story())


@pytest.mark.parametrize("kind", [Fault.RESET_AFTER, Fault.STATUS_503, Fault.STATUS_504_AFTER])
def test_a_creation_without_a_clear_answer_is_not_sent_again(kind: Fault) -> None:
    async def story() -> None:
        rule = Rule(kind=kind, method="POST", path=r"^/groups$|\$batch", times=1)
        world = a_world(faults=[rule])
        [answer] = await world.directory.apply([a_creation()])
        assert (answer.status, answer.code, answer.made_id) == (0, NO_CLEAR_ANSWER, "")
        assert rule.fired == 1
        assert len(named(world)) == (kind is not Fault.STATUS_503)

    run(story())


def test_a_throttled_creation_is_sent_again_because_graph_did_nothing() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.THROTTLED, method="POST", path=r"^/groups$", times=2)
        world = a_world(faults=[rule])
        [answer] = await world.directory.apply([a_creation()])
        assert (answer.status, rule.fired, len(named(world))) == (201, 2, 1)

    run(story())


def test_an_upsert_by_a_unique_name_makes_one_object_however_often_it_is_sent() -> None:
    async def story() -> None:
        world = a_world()
        write = Write(
            write_id="w",
            lane="w",
            method="PATCH",
            path="/groups(uniqueName='night-shift')",
            body=msgspec.json.encode(GROUP),
            prefer="create-if-missing",
        )
        first, second = [(await world.directory.apply([write]))[0] for _send in range(2)]
        assert (first.status, [first.made_id]) == (201, named(world))
        # A second one finds the first, and Graph refuses to change what only a creation takes.
        assert (second.status, second.made_id, len(named(world))) == (400, "", 1)

    run(story())


def test_objects_are_found_by_what_they_are_called_whatever_is_in_the_name() -> None:
    async def story() -> None:
        world = a_world()
        [answer] = await world.directory.apply([a_creation()])
        wanted: list[Json] = [{**GROUP, "displayName": "NIGHT SHIFT'S"}, {**GROUP, "displayName": "day"}, {}]
        found = await world.directory.alike(type_named("group"), ("displayName",), wanted)
        assert [[one["id"] for one in some] for some in found] == [[answer.made_id], [], []]
        narrower = await world.directory.alike(type_named("group"), ("mailNickname", "displayName"), wanted[:2])
        assert [len(some) for some in narrower] == [1, 0]

    run(story())


def test_policies_are_found_in_their_one_list() -> None:
    async def story() -> None:
        world = a_world()
        policy = next(iter(live(world, "conditionalAccessPolicy").values()))
        entry = type_named("conditionalAccessPolicy")
        found = await world.directory.alike(entry, ("displayName",), [policy, {"displayName": "none such"}])
        assert policy["id"] in {one["id"] for one in found[0]}
        assert found[1] == []

    run(story())
