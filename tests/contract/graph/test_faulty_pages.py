"""A listing that is cut, looping or answered by something else fails by name; one that only stumbles goes on."""

from __future__ import annotations

import pytest

from shared.catalogue.types import LISTINGS
from shared.domain.errors import DirectoryError, IncompleteListingError, TransientError
from shared.graph.retry import FAILURES_MAX
from simulator.faults import Fault, Rule
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

USERS = r"^/users\?"


def read(rule: Rule, listing: str = "user", objects: int = 2_500) -> World:
    """Return the world after one of its listings was read under a fault."""

    async def story() -> World:
        world = a_world(objects=objects, faults=[rule])
        await whole(world, LISTINGS[listing])
        return world

    return run(story())


def fired(world: World) -> int:
    """Return how often the fault of the world fired."""
    return sum(world.simulator.world.faults.fired().values())


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (Fault.NEXT_LINK_LOOP, "leads back to a page already read"),
        (Fault.NEXT_LINK_ELSEWHERE, "leads to another place than Graph"),
        (Fault.NEXT_LINK_MISSING, "full page without a next link"),
        (Fault.HTML_PAGE, "text/html, not application/json"),
        (Fault.WRONG_TYPE, "not application/json"),
        (Fault.CUT_BODY, "the gzip body ends too early"),
    ],
)
def test_a_broken_page_fails_the_listing_by_name_and_request_id(kind: Fault, fact: str) -> None:
    rule = Rule(kind=kind, path=USERS, nth=2)
    with pytest.raises(IncompleteListingError, match=rf"^user: .*{fact}.*request-id [0-9a-f-]{{36}}"):
        read(rule)
    assert rule.fired >= 1


def test_no_request_follows_a_link_to_another_host() -> None:
    rule = Rule(kind=Fault.NEXT_LINK_ELSEWHERE, path=USERS, nth=1)

    async def story() -> World:
        world = a_world(objects=2_500, faults=[rule])
        with pytest.raises(IncompleteListingError):
            await whole(world, LISTINGS["user"])
        return world

    world = run(story())
    assert rule.fired == 1
    assert {sent.host for sent in world.transport.log} == {"127.0.0.1"}


@pytest.mark.parametrize("kind", [Fault.STATUS_500, Fault.STATUS_503, Fault.STATUS_504, Fault.RESET, Fault.RESET_AFTER])
def test_a_page_that_fails_twice_is_read_the_third_time(kind: Fault) -> None:
    rule = Rule(kind=kind, path=USERS, nth=2, times=2)
    world = read(rule)
    assert rule.fired == 2
    assert world.directory.figures["retries"] == 2


@pytest.mark.parametrize("kind", [Fault.STATUS_503, Fault.RESET])
def test_patience_with_a_page_that_always_fails_ends_in_a_transient_error(kind: Fault) -> None:
    rule = Rule(kind=kind, path=USERS)
    with pytest.raises(TransientError, match="user: Graph"):
        read(rule)
    assert rule.fired == FAILURES_MAX + 1


@pytest.mark.parametrize("listing", ["user-deleted", "conditionalAccessPolicy-deleted", "group-members"])
def test_a_listing_that_is_refused_is_an_error_and_not_an_empty_listing(listing: str) -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path="deletedItems|expand")
    with pytest.raises(DirectoryError, match=rf"^{listing}: Graph answered 403") as refused:
        read(rule, listing)
    assert rule.fired == 1
    assert refused.value.status == 403


@pytest.mark.parametrize("kind", [Fault.STATUS_503, Fault.THROTTLED])
def test_a_part_of_a_batch_that_is_refused_is_asked_again_alone(kind: Fault) -> None:
    rule = Rule(kind=kind, path=r"^/groups/[0-9a-f-]+/members", nth=3, times=2)
    world = read(rule, "group-members")
    assert rule.fired == 2
    assert world.directory.figures["retries"] == 2


@pytest.mark.parametrize("kind", [Fault.NEXT_LINK_LOOP, Fault.NEXT_LINK_ELSEWHERE])
def test_a_broken_link_inside_a_batch_fails_the_listing_and_names_the_object(kind: Fault) -> None:
    rule = Rule(kind=kind, path=r"^/groups/[0-9a-f-]+/members")
    with pytest.raises(IncompleteListingError, match=r"group-members of [0-9a-f-]{36}: the next link leads"):
        read(rule, "group-members", objects=20_000)
    assert rule.fired >= 1


def test_a_batch_answer_that_is_cut_is_asked_again() -> None:
    rule = Rule(kind=Fault.CUT_BODY, path=r"^/\$batch", times=1)
    world = read(rule, "group-members")
    assert fired(world) == 1
    assert world.directory.figures["retries"] > 0


def test_consent_revoked_in_the_middle_fails_the_listing() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path=USERS, nth=2)
    with pytest.raises(DirectoryError, match="user: Graph answered 403"):
        read(rule)
    assert rule.fired == 1
