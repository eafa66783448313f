"""The history of one object: every version, what changed, and what it costs to find."""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.domain.errors import InputError, NotFoundError
from shared.formats.change_index import decode_index
from tests.support.builders import TENANT, a_user_body, an_id
from tests.support.states import States

USER, OTHER, GROUP = an_id("user-1"), an_id("user-2"), an_id("group-1")


def test_every_change_of_an_object_is_a_version_with_what_changed() -> None:
    async def story() -> None:
        states = States()
        for city in ("Oslo", "Oslo", "Rome", "Rome", "Lyon"):
            await states.seal([a_user_body(city=city), a_user_body("user-2", city=f"not {city}")])
        found = await states.history.of(TENANT, USER)
        assert [(one.what, one.before, one.after) for one in found.versions[1:]] == [
            ("changed", {"city": "Oslo"}, {"city": "Rome"}),
            ("changed", {"city": "Rome"}, {"city": "Lyon"}),
        ]
        assert found.versions[0].after == a_user_body(city="Oslo")
        assert [found.states[one.position].snapshot_id for one in found.versions] == [
            states.listed[day].snapshot_id for day in (0, 2, 4)
        ]
        assert (found.type, found.notes) == ("user", ())

    asyncio.run(story())


def test_an_object_that_is_deleted_goes_for_good_and_returns_is_told_step_by_step() -> None:
    async def story() -> None:
        states, user = States(), a_user_body()
        await states.seal([a_user_body("user-2")])
        await states.seal([user])
        await states.seal([], deleted=[user])
        await states.seal([user])
        await states.seal([], deleted=[user])
        await states.seal([])
        await states.seal([user])
        await states.seal([user])
        assert await states.told(USER) == [
            (1, "appeared"),
            (2, "softDeleted"),
            (3, "restored"),
            (4, "softDeleted"),
            (5, "disappeared"),
            (6, "appeared"),
        ]

    asyncio.run(story())


def test_links_are_told_at_both_of_their_ends() -> None:
    async def story() -> None:
        states, users = States(), [a_user_body(), a_user_body("user-2")]
        for members in ([OTHER], [OTHER, USER], [OTHER, USER], [USER]):
            await states.seal(users, {GROUP: members})
        group = await states.history.of(TENANT, GROUP)
        links = [
            (one.position, link.other.hex(), link.is_incoming, link.is_added)
            for one in group.versions
            for link in one.links
        ]
        user, other = USER.replace("-", ""), OTHER.replace("-", "")
        assert links == [(1, user, False, True), (3, other, False, False)]
        member = await states.history.of(TENANT, OTHER)
        assert [(one.position, one.what) for one in member.versions] == [(0, "firstSeen"), (3, "changed")]
        (link,) = member.versions[1].links
        assert (link.other.hex(), link.is_incoming, link.is_added) == (GROUP.replace("-", ""), True, False)

    asyncio.run(story())


def test_snapshots_with_other_numbers_of_shards_are_one_history() -> None:
    async def story() -> None:
        states = States()
        others = [a_user_body(f"user-{number}") for number in range(2, 40)]
        for day, shards in enumerate((1, 4, 2, 8, 1)):
            await states.seal([a_user_body(day=day // 2), *others], {GROUP: [USER] if day == 3 else []}, shards=shards)
        assert await states.told(USER) == [(0, "firstSeen"), (2, "changed"), (3, "changed"), (4, "changed")]
        assert [day for day, _what in await states.told(GROUP)] == [0, 3, 4]
        assert await states.told(an_id("user-7")) == [(0, "firstSeen")]

    asyncio.run(story())


def test_an_id_that_is_no_guid_has_a_history_too() -> None:
    async def story() -> None:
        states = States()
        for city in ("Oslo", "Rome"):
            await states.seal([{"id": "B2C_1A_SignIn", "city": city}])
        assert await states.told("B2C_1A_SignIn") == [(0, "firstSeen"), (1, "changed")]
        with pytest.raises(NotFoundError, match="b2c_1a_signin"):
            await states.history.of(TENANT, "b2c_1a_signin")

    asyncio.run(story())


def test_an_object_that_no_snapshot_has_is_not_found_by_name() -> None:
    async def story() -> None:
        states = States()
        with pytest.raises(NotFoundError, match=USER):
            await states.history.of(TENANT, USER)
        for _day in range(2):
            await states.seal([a_user_body()])
            with pytest.raises(NotFoundError, match=OTHER):
                await states.history.of(TENANT, OTHER)

    asyncio.run(story())


def test_what_graph_merely_spells_otherwise_is_no_version() -> None:
    async def story() -> None:
        states = States()
        await states.seal([{"id": USER, "city": "Oslo", "businessPhones": ["1", "2"]}])
        await states.seal([{"businessPhones": ["2", "1"], "city": "Oslo", "id": USER, "@odata.id": "x", "state": None}])
        assert await states.told(USER) == [(0, "firstSeen")]

    asyncio.run(story())


def test_one_id_of_two_types_has_to_be_told_apart() -> None:
    async def story() -> None:
        states = States()
        await states.seal([a_user_body("group-1")], {GROUP: []})
        with pytest.raises(InputError, match="group, user"):
            await states.history.of(TENANT, GROUP)
        assert (await states.history.of(TENANT, GROUP, "group")).versions[0].after["displayName"] == "a group"

    asyncio.run(story())


def test_the_cost_follows_the_versions_and_not_the_snapshots() -> None:
    async def story() -> None:
        states, days = States(), 70
        for day in range(days):
            users = [a_user_body(day=day // 35), a_user_body("user-2", day=day), a_user_body("user-3")]
            await states.seal(users, shards=1)
        for object_id, versions, reads_max in ((an_id("user-3"), 1, 30), (USER, 2, 34)):
            states.vault.reads = 0
            assert len((await states.history.of(TENANT, object_id)).versions) == versions
            assert states.vault.reads <= reads_max
        assert len(await states.told(OTHER)) == days
        newest = max(states.files("history/index.json"))
        index = decode_index(states.vault.contents[newest], name=newest)
        assert [(run.first, run.last, run.level) for run in index.runs] == [(2, 65, 2)] + [
            (number, number, 0) for number in range(66, 71)
        ]

    asyncio.run(story())


def a_random_world(chance: random.Random) -> tuple[list[dict[str, object]], dict[str, list[str]]]:
    users = [a_user_body(f"user-{number}", city=chance.choice("ABC")) for number in range(6) if chance.random() < 0.8]
    members = [an_id(f"user-{number}") for number in range(6) if chance.random() < 0.5]
    return users, {GROUP: members} if chance.random() < 0.9 else {}


async def plainly(states: States, object_id: str) -> list[object]:
    """Return an object's versions as far as they can be told without an index: without others' links to it."""
    try:
        found = await states.history.of(TENANT, object_id)
    except NotFoundError:
        return []
    told: list[object] = []
    for one in found.versions:
        links = [link for link in one.links if not link.is_incoming]
        if links or one.before or one.after or one.what != "changed":
            told.append((one.position, one.what, one.before, one.after, links))
    return told


@pytest.mark.parametrize("seed", range(6))
def test_with_and_without_the_index_the_same_is_told(seed: int) -> None:
    async def story() -> None:
        chance = random.Random(seed)
        states = States()
        world = a_random_world(chance)
        for day in range(20):
            world = a_random_world(chance) if chance.random() < 0.4 else world
            await states.seal(*world, shards=chance.choice((1, 2, 4)), is_indexed=day not in {5, 11, 12})
        for day in (0, 4, 9, 17)[seed % 2 :]:
            states.forget(day)
        ids = [an_id(f"user-{number}") for number in range(6)] + [GROUP]
        told = [await plainly(states, object_id) for object_id in ids]
        assert sum(map(len, told)) > len(ids), "a world in which nothing happens shows nothing"
        for name in states.files("/history/"):
            del states.vault.contents[name]
        assert told == [await plainly(states, object_id) for object_id in ids]

    asyncio.run(story())
