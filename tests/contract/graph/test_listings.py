"""Every listing of a tenant is read to its proven end, and nothing of it is missing."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from shared.catalogue.listing import Listing
from shared.catalogue.types import BY_NAME, LISTINGS, TYPES
from shared.ports import Page
from tests.contract.graph.changes import cloud_users, live, members
from tests.contract.graph.worlds import World, a_world, whole
from tests.support.virtual_time import run

OBJECT_LISTINGS = [listing for listing in LISTINGS.values() if listing.kind != "links"]
LINK_LISTINGS = [listing for listing in LISTINGS.values() if listing.kind == "links"]


def read(listing: Listing, objects: int = 5_000) -> tuple[World, list[Page]]:
    """Return a tenant and every page of one of its listings."""

    async def story() -> tuple[World, list[Page]]:
        world = a_world(objects=objects, is_mixed=listing.is_of_kind)
        return world, await whole(world, listing)

    return run(story())


@pytest.mark.parametrize("listing", OBJECT_LISTINGS, ids=lambda listing: listing.name)
def test_a_listing_gives_every_object_once_as_one_line_of_json(listing: Listing) -> None:
    world, pages = read(listing)
    store = world.simulator.tenant.directory.stores[listing.type]
    bodies = [body for page in pages for body in page.bodies]
    ids = [msgspec.json.decode(body).get(BY_NAME[listing.type].key, next(iter(store.live))) for body in bodies]
    there = store.live if listing.kind == "objects" else store.deleted
    kind = "#" + listing.path.rpartition("/")[2]
    expected = [one for one, thing in there.items() if not listing.is_of_kind or thing.get("@odata.type") == kind]
    assert sorted(ids) == sorted(expected)
    assert not any(b"\n" in body for body in bodies)
    assert listing.name.endswith("-deleted") or len(ids) > 0


def test_five_thousand_objects_take_no_more_requests_than_their_pages() -> None:
    world, pages = read(LISTINGS["user"])
    users = len(world.simulator.tenant.directory.stores["user"].live)
    assert users > 4_000
    assert len(pages) == -(-users // 999) == world.directory.figures["requests"]
    assert {sent.headers["x-ms-throttle-priority"] for sent in world.transport.log} == {"low"}


@pytest.mark.parametrize("listing", LINK_LISTINGS, ids=lambda listing: listing.name)
def test_references_are_complete_however_many_an_object_has(listing: Listing) -> None:
    world, pages = read(listing)
    directory, kind = world.simulator.tenant.directory, "#" + listing.path.rpartition("/")[2]
    expected = {
        (source, other)
        for source, thing in directory.stores[listing.type].live.items()
        if not listing.is_of_kind or thing.get("@odata.type") == kind
        for _, other in directory.links.targets(source, listing.expand).since(0)
        if directory.live(other)
    }
    found = [(source, other) for page in pages for source, others in page.linked for other in others]
    assert set(found) == expected
    assert len(found) == len(set(found))


def test_small_groups_cost_nothing_beyond_the_listing_and_big_ones_are_read_in_batches() -> None:
    world, pages = read(LISTINGS["group-members"])
    directory = world.simulator.tenant.directory
    sizes = [
        sum(1 for _, other in directory.links.targets(group, "members").since(0) if directory.live(other))
        for group in directory.stores["group"].live
    ]
    big = sum(1 for size in sizes if size >= 20)
    assert big > 20
    assert max(sizes) > 500
    parts = [part for sent in world.transport.log for part in sent.parts()]
    assert len(parts) == sum(max(1, -(-size // 999)) for size in sizes if size >= 20)
    assert len(world.transport.sent("/$batch")) <= -(-len(parts) // 20) + 1
    assert sum(page.requests for page in pages) == len(parts) + 1


def test_a_page_is_a_function_of_its_cursor() -> None:
    async def story() -> None:
        world = a_world(objects=3_000)
        for listing in (LISTINGS["user"], LISTINGS["group-members"]):
            cursor: str | None = ""
            while cursor is not None:
                page = await world.directory.page(listing, cursor)
                assert await world.directory.page(listing, cursor) == page
                cursor = page.cursor

    run(story())


def test_a_cursor_fits_into_a_table_cell() -> None:
    _, pages = read(LISTINGS["group-members"], objects=20_000)
    assert len(pages) > 2
    assert max(len(page.cursor or "") for page in pages) < 32_000


def test_a_count_is_given_for_the_types_an_index_counts() -> None:
    async def story() -> None:
        world = a_world()
        stores = world.simulator.tenant.directory.stores
        for entry in TYPES:
            expected = len(stores[entry.name].live) if entry.has_count else None
            assert await world.directory.count(entry) == expected

    run(story())


def test_conditional_access_lists_are_read_a_second_apart_without_a_single_refusal() -> None:
    async def story() -> None:
        world = a_world()
        for name in ("conditionalAccessPolicy", "namedLocation"):
            await whole(world, LISTINGS[name])
            await whole(world, LISTINGS[f"{name}-deleted"])
        times = [sent.at for sent in world.transport.log]
        assert len(times) == 4
        assert all(after - before >= 1.0 for before, after in pairwise(times))
        assert world.directory.figures["throttled"] == 0

    run(story())


def test_no_select_is_sent_for_types_whose_unknown_properties_are_kept() -> None:
    world, _ = read(LISTINGS["conditionalAccessPolicy"], objects=100)
    assert [sent.tail for sent in world.transport.log] == [BY_NAME["conditionalAccessPolicy"].path]


def test_a_page_of_many_large_groups_ends_early_and_another_worker_goes_on_where_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.graph.crowds.ENOUGH", 1)
    listing = LISTINGS["group-members"]

    async def story() -> None:
        world = a_world(objects=3_000)
        directory = world.simulator.tenant.directory
        expected = {
            (group, other)
            for group in directory.stores["group"].live
            for _, other in directory.links.targets(group, "members").since(0)
            if directory.live(other)
        }
        found: set[tuple[str, str]] = set()
        sizes, cursor = [], ""
        while True:
            page = await world.directory.page(listing, cursor)
            links = {(source, other) for source, others in page.linked for other in others}
            found |= links
            sizes.append(len(links))
            if page.cursor is None:
                break
            cursor = page.cursor
            # A worker that has nothing but the cursor: what this one kept in memory is gone.
            world.directory._reader._links._crowds._crowds.clear()
        assert found == expected
        assert len(sizes) > 2
        assert max(sizes) < len(expected)

    run(story())


def test_what_a_worker_kept_of_an_earlier_reading_is_never_taken_for_the_rest_of_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.graph.crowds.ENOUGH", 1)
    listing = LISTINGS["group-members"]

    async def story() -> None:
        world = a_world(objects=3_000)
        crowds, links = world.directory._reader._links._crowds._crowds, world.simulator.tenant.directory.links
        await world.directory.page(listing, "")
        earlier = dict(crowds)
        # A group whose members came with the listing then is large now, and comes after those that were begun.
        grown = max(group for group in live(world, "group") if 0 < len(members(world, group)) < 10)
        for user in cloud_users(world, 40):
            links.add(grown, "members", user)
        crowds.clear()
        page = await world.directory.page(listing, "")  # another worker begins the listing again
        crowds.clear()
        crowds.update(earlier)  # and the first one goes on with it
        found = {other for source, others in page.linked if source == grown for other in others}
        while page.cursor is not None:
            page = await world.directory.page(listing, page.cursor)
            found |= {other for source, others in page.linked if source == grown for other in others}
        assert found == set(members(world, grown))

    run(story())
