"""A token tells every later change, and says so when it is too old."""

from __future__ import annotations

import pytest

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.domain.errors import DirectoryError, IncompleteListingError
from shared.graph.cursors import Bounds
from shared.graph.delta import DeltaReader
from shared.graph.exchange import Reply, Request
from shared.graph.sending import Sender
from shared.graph.settings import Shortcut
from shared.jobs.told import Told
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import a_delete, a_patch, a_plain_group, a_restore, an_unlink, cloud_users, members
from tests.contract.graph.test_finding import NOWHERE as AN_ID
from tests.contract.graph.worlds import BASE_URL, World, a_world
from tests.support.virtual_time import run

DAY_SECONDS = 86_400


async def changed_since(world: World, entry: ObjectType, token: str) -> tuple[set[str], int, str]:
    """Return the ids that changed since `token`, on how many pages, and the next token."""
    ids: set[str] = set()
    cursor, pages = "", 0
    while True:
        page = await world.directory.delta_page(entry, token, cursor)
        ids |= set(page.changed)
        pages += 1
        if page.token is not None:
            assert page.cursor is None
            return ids, pages, page.token
        cursor = page.cursor or ""


async def token_of(world: World, entry: ObjectType) -> str:
    """Return a token that stands for now."""
    token = await world.directory.delta_token(entry)
    assert token is not None
    return token


def test_a_token_is_had_without_reading_any_object_and_at_first_tells_nothing() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        token = await token_of(world, USER)
        assert token.startswith("/users/delta?")
        assert world.directory.figures["requests"] == 1
        ids, pages, _ = await changed_since(world, USER, token)
        assert (ids, pages) == (set(), 1)

    run(story())


def test_conditional_access_has_no_token() -> None:
    async def story() -> None:
        world = a_world()
        assert await world.directory.delta_token(CONDITIONAL_ACCESS_POLICY) is None
        assert world.transport.log == []

    run(story())


def test_updates_deletions_and_restores_are_told_once_each_and_the_next_token_goes_on() -> None:
    async def story() -> None:
        world = a_world(objects=600)
        token = await token_of(world, USER)
        patched, removed = cloud_users(world, 12)[:10], cloud_users(world, 12)[10:]
        await world.directory.apply([a_patch("/users", one, jobTitle="Chef") for one in patched])
        await world.directory.apply([a_delete("/users", one) for one in removed])
        ids, _, token = await changed_since(world, USER, token)
        reports = {one for each in removed for one in world.simulator.tenant.directory.links.sources(each, "manager")}
        assert {*patched, *removed} <= ids <= {*patched, *removed, *reports}, "who has lost the manager has changed too"
        await world.directory.apply([a_restore(removed[0])])
        ids, _, _ = await changed_since(world, USER, token)
        assert removed[0] in ids <= {removed[0], *reports}

    run(story())


def test_a_change_of_members_is_a_change_of_the_group() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        token = await token_of(world, GROUP)
        group_id = a_plain_group(world, 5)
        await world.directory.apply([an_unlink(group_id, members(world, group_id)[0])])
        ids, _, _ = await changed_since(world, GROUP, token)
        assert ids == {group_id}

    run(story())


def test_who_came_and_who_went_is_told_by_group_and_reference() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        token = await token_of(world, GROUP)
        group_id, [joins, owns] = a_plain_group(world, 5), cloud_users(world, 400)[-2:]
        gone, stays = members(world, group_id)[:2]
        directory, at = world.simulator.tenant.directory, world.clock.unix_seconds()
        directory.unlink(group_id, "members", gone, at)
        directory.unlink(group_id, "members", stays, at)
        directory.link(group_id, "members", stays, at)
        directory.link(group_id, "owners", owns, at)
        directory.link(group_id, "members", joins, at)
        page = await world.directory.delta_page(GROUP, token, "")
        assert page.told == {
            (group_id, "members"): Told(frozenset({joins, stays}), frozenset({gone})),
            (group_id, "owners"): Told(frozenset({owns})),
        }

    run(story())


def test_where_telling_is_avoided_nothing_is_told_but_the_group() -> None:
    async def story() -> None:
        world = a_world(objects=2_000, avoids=frozenset({Shortcut.TOLD_LINKS}))
        token = await token_of(world, GROUP)
        group_id = a_plain_group(world, 5)
        gone = members(world, group_id)[0]
        world.simulator.tenant.directory.unlink(group_id, "members", gone, world.clock.unix_seconds())
        page = await world.directory.delta_page(GROUP, token, "")
        assert (page.changed, page.told) == ([group_id], None)

    run(story())


@pytest.mark.parametrize("links", ["7", '"all"', "[{}]", '[{"id":7}]', "[null]", "{}"])
def test_links_of_a_delta_page_that_are_no_list_of_ids_fail_it_by_name_and_request_id(links: str) -> None:
    body = f'{{"value":[{{"id":"{AN_ID}","members@delta":{links}}}],"@odata.deltaLink":"{BASE_URL}/groups/delta"}}'
    headers = {"content-type": "application/json", "request-id": "r-7"}

    class Answers(Sender):
        def __init__(self) -> None:
            pass

        async def send(self, request: Request) -> Reply:
            return Reply(status=200, headers=headers, body=body.encode())

    async def story() -> None:
        reader = DeltaReader(Answers(), Bounds(BASE_URL, 10))
        with pytest.raises(IncompleteListingError, match=r"^group-delta: .*request-id r-7"):
            await reader.page(GROUP, "/groups/delta?$deltatoken=x", "")

    run(story())


def test_many_changes_come_over_several_pages() -> None:
    async def story() -> None:
        world = a_world(objects=1_200)
        token = await token_of(world, USER)
        users = cloud_users(world, 700)
        for one in users:
            world.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{one}", {"jobTitle": "Chef"})
        ids, pages, _ = await changed_since(world, USER, token)
        assert ids == set(users)
        assert pages > 2

    run(story())


def test_a_token_older_than_seven_days_says_that_everything_must_be_read_again() -> None:
    async def story() -> None:
        world = a_world()
        token = await token_of(world, USER)
        await world.clock.sleep(8 * DAY_SECONDS)
        with pytest.raises(DirectoryError, match="user-delta: Graph answered 410") as refused:
            await world.directory.delta_page(USER, token, "")
        assert refused.value.status == 410
        assert refused.value.graph_code
        assert not isinstance(refused.value, IncompleteListingError)

    run(story())


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (Fault.NEXT_LINK_MISSING, "either a next link or a delta link"),
        (Fault.NEXT_LINK_ELSEWHERE, "leads to another place"),
        (Fault.NEXT_LINK_LOOP, "already read|either a next link or a delta link"),
    ],
)
def test_a_delta_page_with_a_broken_link_fails_by_name(kind: Fault, fact: str) -> None:
    rule = Rule(kind=kind, path="^/users/delta", nth=2)

    async def story() -> None:
        world = a_world(objects=1_200, faults=[rule])
        token = await token_of(world, USER)
        for one in cloud_users(world, 700):
            world.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{one}", {"jobTitle": "Chef"})
        with pytest.raises(IncompleteListingError, match=rf"user-delta: .*({fact})"):
            await changed_since(world, USER, token)

    run(story())
    assert rule.fired >= 1
