"""A listing read range by range is the listing, and the counts that chose the ranges are the directory's own."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.types import LISTINGS
from shared.catalogue.user import USER
from shared.graph.settings import Shortcut
from shared.runs.partitioning import filters_of
from tests.contract.graph.changes import live
from tests.contract.graph.worlds import a_world, whole
from tests.support.virtual_time import run


@pytest.mark.parametrize(("entry", "most"), [(USER, 300), (GROUP, 40)], ids=["user", "group"])
def test_ranges_together_are_the_listing_and_no_object_comes_twice(entry: ObjectType, most: int) -> None:
    async def story() -> None:
        world, kind = a_world(objects=1_500), entry.name
        ranged = await filters_of(world.directory, entry, await world.directory.count(entry), most)
        assert len(ranged) > 3
        counted = await world.directory.counts(entry, ranged)
        found: list[str] = []
        for within, count in zip(ranged, counted, strict=True):
            pages = await whole(world, msgspec.structs.replace(LISTINGS[kind], within=within))
            ids = [object_id for page in pages for object_id in page.ids]
            assert len(ids) == count, within
            found += ids
        assert sorted(found) == sorted(live(world, kind))

    run(story())


def test_only_what_graph_lets_be_null_is_asked_for_without_a_value() -> None:
    async def story() -> None:
        world = a_world(objects=1_500)
        people, groups = [await filters_of(world.directory, entry, 1_500, 40) for entry in (USER, GROUP)]
        assert not any("null" in within for within in people)
        assert [within for within in groups if "eq null" in within] == groups[:1]

    run(story())


def test_where_ranges_are_avoided_large_collections_are_read_whole_and_nothing_is_counted() -> None:
    async def story() -> None:
        world = a_world(objects=1_500, avoids=frozenset({Shortcut.RANGES}))
        assert await filters_of(world.directory, USER, 1_500, 40) == [""]
        assert world.transport.log == []

    run(story())


def test_references_read_range_by_range_are_all_of_them() -> None:
    async def story() -> None:
        world = a_world(objects=1_500)
        whole_listing = LISTINGS["group-members"]
        ranged = await filters_of(world.directory, GROUP, await world.directory.count(GROUP), 40)
        pages = await whole(world, whole_listing)
        expected = {(of, other) for page in pages for of, some in page.linked for other in some}
        found: set[tuple[str, str]] = set()
        for within in ranged:
            for page in await whole(world, msgspec.structs.replace(whole_listing, within=within)):
                found |= {(of, other) for of, some in page.linked for other in some}
        assert len(ranged) > 3
        assert found == expected

    run(story())
