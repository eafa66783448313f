"""Collections below every object of another collection are read whole, page by page, or fail by name."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.types import LISTINGS
from shared.domain.errors import DirectoryError, IncompleteListingError
from shared.graph import children
from shared.ports import Page
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import live
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

ASSIGNMENTS = LISTINGS["appRoleAssignment"]
PARENTS = r"^/servicePrincipals\?"
CHILDREN = r"^/servicePrincipals/[^/]+/appRoleAssignedTo"


@pytest.fixture(autouse=True)
def _few_parents_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "PARENTS_TOP", 4)


def read(*rules: Rule) -> tuple[World, list[Page]]:
    async def story() -> tuple[World, list[Page]]:
        world = a_world(objects=600, faults=rules)
        return world, await whole(world, ASSIGNMENTS)

    return run(story())


def test_every_child_of_every_parent_comes_once_however_many_pages_of_parents_there_are() -> None:
    world, pages = read()
    ids = [msgspec.json.decode(body)["id"] for page in pages for body in page.bodies]
    assert sorted(ids) == sorted(live(world, "appRoleAssignment"))
    assert len(live(world, "servicePrincipal")) == 3 * 4, "the last page of parents is exactly full"
    assert len(pages) == 3


def test_parents_are_asked_twenty_to_a_batch() -> None:
    world, pages = read()
    parts = [part for sent in world.transport.log for part in sent.parts()]
    assert len(parts) == len(live(world, "servicePrincipal"))
    assert sum(page.requests for page in pages) == 3 + len(parts)


def test_a_page_is_a_function_of_its_cursor() -> None:
    async def story() -> None:
        world = a_world(objects=600)
        cursor: str | None = ""
        while cursor is not None:
            page = await world.directory.page(ASSIGNMENTS, cursor)
            assert await world.directory.page(ASSIGNMENTS, cursor) == page
            cursor = page.cursor

    run(story())


def test_a_parent_that_is_gone_when_it_is_asked_has_no_children_and_fails_nothing() -> None:
    async def story() -> None:
        world = a_world(objects=600)
        first = await world.directory.page(ASSIGNMENTS, "")
        gone = list(live(world, "servicePrincipal"))[-1]
        world.simulator.tenant.directory.soft_delete("servicePrincipal", gone, world.clock.unix_seconds())
        cursor, found = first.cursor, list(first.bodies)
        while cursor is not None:
            page = await world.directory.page(ASSIGNMENTS, cursor)
            cursor, found = page.cursor, [*found, *page.bodies]
        assert not any(msgspec.json.decode(body)["resourceId"] == gone for body in found)

    run(story())


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
def test_a_broken_page_of_parents_fails_the_listing_by_name_and_request_id(kind: Fault, fact: str) -> None:
    named = rf"^appRoleAssignment-parents: .*{fact}.*request-id [0-9a-f-]{{36}}"
    with pytest.raises(IncompleteListingError, match=named):
        read(Rule(kind=kind, path=PARENTS, nth=2))


def test_consent_that_is_revoked_in_the_middle_fails_the_listing_and_names_the_parent() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=CHILDREN, nth=7)
    with pytest.raises(DirectoryError, match=r"^appRoleAssignment of [0-9a-f-]{36}: Graph answered 403 .*request-id"):
        read(rule)
    assert rule.fired >= 1


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
