"""Collections below every object of another collection are read whole, page by page, or fail by name."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.types import LISTINGS
from shared.domain.errors import DirectoryError, IncompleteListingError
from shared.graph import children, crowds
from shared.graph.answers.pages import EXPANDED_MAX
from shared.graph.settings import Shortcut
from shared.ports import Page
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import live
from tests.contract.graph.test_finding import NOWHERE
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

ASSIGNMENTS, CREDENTIALS = LISTINGS["appRoleAssignment"], LISTINGS["federatedIdentityCredential"]
PARENTS = r"^/servicePrincipals\?"
CHILDREN = r"^/servicePrincipals/[^/]+/appRoleAssignedTo"
ONE_BY_ONE = frozenset({Shortcut.EXPANDED_CHILDREN})
WAYS = pytest.mark.parametrize("avoids", [frozenset(), ONE_BY_ONE], ids=["with their parents", "one by one"])


@pytest.fixture(autouse=True)
def _few_parents_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "PARENTS_TOP", 4)


def read(*rules: Rule, avoids: frozenset[Shortcut] = frozenset()) -> tuple[World, list[Page]]:
    async def story() -> tuple[World, list[Page]]:
        world = a_world(objects=600, faults=rules, avoids=avoids)
        return world, await whole(world, ASSIGNMENTS)

    return run(story())


def crowded(world: World) -> list[str]:
    """Return the service principals with 20 assignments or more, the first of which has exactly 20."""
    directory = world.simulator.tenant.directory
    resource, people = list(live(world, "servicePrincipal"))[-1], list(live(world, "user"))
    have = len(directory.hanging.of_type(resource, "appRoleAssignment"))
    for number in range(EXPANDED_MAX - have):
        thing = {"id": f"more-{number}", "resourceId": resource, "principalId": people[number], "appRoleId": NOWHERE}
        directory.add("appRoleAssignment", thing, world.clock.unix_seconds())
    parents = live(world, "servicePrincipal")
    held = {parent: len(directory.hanging.of_type(parent, "appRoleAssignment")) for parent in parents}
    assert held[resource] >= EXPANDED_MAX
    return sorted(parent for parent, count in held.items() if count >= EXPANDED_MAX)


@WAYS
def test_every_child_of_every_parent_comes_once_however_many_pages_of_parents_there_are(
    avoids: frozenset[Shortcut],
) -> None:
    world, pages = read(avoids=avoids)
    ids = [msgspec.json.decode(body)["id"] for page in pages for body in page.bodies]
    assert sorted(ids) == sorted(live(world, "appRoleAssignment"))
    assert len(live(world, "servicePrincipal")) == 3 * 4, "the last page of parents is exactly full"


def test_children_come_with_their_parents_and_only_crowds_are_read_by_themselves() -> None:
    async def story() -> None:
        world = a_world(objects=600)
        alone = crowded(world)
        pages = await whole(world, ASSIGNMENTS)
        parts = [part for sent in world.transport.log for part in sent.parts()]
        assert sorted(part["url"].split("/")[2] for part in parts) == alone
        assert sum(page.requests for page in pages) == 3 + len(alone)
        ids = [msgspec.json.decode(body)["id"] for page in pages for body in page.bodies]
        assert sorted(ids) == sorted(live(world, "appRoleAssignment"))

    run(story())


def test_where_expanding_is_avoided_parents_are_asked_twenty_to_a_batch() -> None:
    world, pages = read(avoids=ONE_BY_ONE)
    parts = [part for sent in world.transport.log for part in sent.parts()]
    assert len(parts) == len(live(world, "servicePrincipal"))
    assert sum(page.requests for page in pages) == 3 + len(parts)
    assert not any("$expand" in sent.tail for sent in world.transport.log)


def test_both_ways_give_the_same_objects_with_the_same_bodies() -> None:
    async def bodies(avoids: frozenset[Shortcut]) -> dict[str, set[bytes]]:
        world = a_world(objects=2_000, avoids=avoids)
        crowded(world)
        return {
            listing.name: {body for page in await whole(world, listing) for body in page.bodies}
            for listing in (ASSIGNMENTS, CREDENTIALS)
        }

    together = run(bodies(frozenset()))
    assert all(together.values())
    assert together == run(bodies(ONE_BY_ONE))


@WAYS
def test_a_page_is_a_function_of_its_cursor(avoids: frozenset[Shortcut]) -> None:
    async def story() -> None:
        world = a_world(objects=600, avoids=avoids)
        crowded(world)
        cursor: str | None = ""
        while cursor is not None:
            page = await world.directory.page(ASSIGNMENTS, cursor)
            assert await world.directory.page(ASSIGNMENTS, cursor) == page
            cursor = page.cursor

    run(story())


def test_many_crowds_on_one_page_end_it_early_and_another_worker_goes_on_where_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(children, "PARENTS_TOP", 999)
    monkeypatch.setattr(crowds, "ENOUGH", 1)
    monkeypatch.setattr(crowds, "BATCH_PARTS_MAX", 2)

    async def story() -> None:
        world = a_world(objects=600, avoids=ONE_BY_ONE)
        found: list[str] = []
        cursor: str | None = ""
        pages = 0
        while cursor is not None:
            page = await world.directory.page(ASSIGNMENTS, cursor)
            found += page.ids
            cursor, pages = page.cursor, pages + 1
            assert cursor is None or len(cursor) < 1_000, "however many parents wait"
            world.directory._reader.children._crowds._crowds.clear()
        assert pages == len(live(world, "servicePrincipal")) / (2 * crowds.BATCHES_AT_ONCE)
        assert len(set(found)) == len(live(world, "appRoleAssignment"))

    run(story())


def test_a_parent_that_is_gone_when_it_is_asked_has_no_children_and_fails_nothing() -> None:
    async def story() -> None:
        world = a_world(objects=600, avoids=ONE_BY_ONE)
        first = await world.directory.page(ASSIGNMENTS, "")
        gone = list(live(world, "servicePrincipal"))[-1]
        world.simulator.tenant.directory.soft_delete("servicePrincipal", gone, world.clock.unix_seconds())
        cursor, found = first.cursor, list(first.bodies)
        while cursor is not None:
            page = await world.directory.page(ASSIGNMENTS, cursor)
            cursor, found = page.cursor, [*found, *page.bodies]
        assert not any(msgspec.json.decode(body)["resourceId"] == gone for body in found)

    run(story())


@WAYS
@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (Fault.NEXT_LINK_LOOP, "leads back to a page already read"),
        (Fault.NEXT_LINK_ELSEWHERE, "leads to another place than Graph"),
        (Fault.NEXT_LINK_MISSING, "full page without a next link"),
        (Fault.HTML_PAGE, "text/html, not application/json"),
        (Fault.CUT_BODY, "body ends too early"),
    ],
)
def test_a_broken_page_of_parents_fails_the_listing_by_name_and_request_id(
    kind: Fault, fact: str, avoids: frozenset[Shortcut]
) -> None:
    named = rf"^appRoleAssignment-parents: .*{fact}.*request-id [0-9a-f-]{{36}}"
    with pytest.raises(IncompleteListingError, match=named):
        read(Rule(kind=kind, path=PARENTS, nth=2), avoids=avoids)


def test_consent_that_is_revoked_in_the_middle_fails_the_listing_and_names_the_parent() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=CHILDREN, nth=7)
    with pytest.raises(DirectoryError, match=r"^appRoleAssignment of [0-9a-f-]{36}: Graph answered 403 .*request-id"):
        read(rule, avoids=ONE_BY_ONE)
    assert rule.fired >= 1


def test_a_page_of_parents_that_is_refused_in_the_middle_fails_the_listing_by_name() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=PARENTS, nth=2)
    with pytest.raises(DirectoryError, match=r"^appRoleAssignment-parents: Graph answered 403 .*request-id"):
        read(rule)
    assert rule.fired == 1


@pytest.mark.parametrize("name", ["authorizationPolicy", "groupSetting", "unifiedRoleManagementPolicy"])
def test_a_small_type_that_is_refused_in_the_middle_fails_all_of_them_by_its_name(name: str) -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=LISTINGS[name].path, nth=1)
    small = [LISTINGS[one] for one in ("organization", "authorizationPolicy", "groupSetting")]
    small.append(LISTINGS["unifiedRoleManagementPolicy"])

    async def story() -> None:
        world = a_world(objects=60, faults=[rule])
        with pytest.raises(DirectoryError, match=rf"^{name}: Graph answered 403 .*request-id [0-9a-f-]{{36}}"):
            await world.directory.small(small)

    run(story())
    assert rule.fired == 1
