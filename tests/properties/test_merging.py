"""A sealed snapshot is what reading and rolling forward came to, whatever was read twice, deleted or made again."""

from __future__ import annotations

import asyncio

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import object_key
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.spooling import Spool
from tests.properties.sealed import read_everything, seal_snapshot
from tests.properties.strategies import modest, object_ids

USER, MEMBERS = 1, 1
Version = tuple[str, bool]  # a display name, and whether the object is in the recycle bin
Objects = dict[str, Version | None]  # None: gone for good
Links = dict[str, set[str]]

versions = st.tuples(st.sampled_from(["first", "second"]), st.booleans())
bases = st.lists(
    st.tuples(
        st.dictionaries(object_ids, versions, max_size=6),
        st.dictionaries(object_ids, st.sets(object_ids, max_size=4), max_size=3),
    ),
    max_size=3,
)
increments = st.lists(
    st.tuples(
        st.dictionaries(object_ids, st.none() | versions, max_size=6),
        st.dictionaries(object_ids, st.sets(object_ids, max_size=4), max_size=3),
    ),
    max_size=3,
)


def a_body(object_id: str, version: Version) -> bytes:
    return msgspec.json.encode({"id": object_id, "displayName": version[0]})


def written(objects: Objects, links: Links, shards: int, *, is_increment: bool) -> tuple[Spool, LinkSpool]:
    """Return a segment that says so."""
    spool, link_spool = Spool(shards), LinkSpool(shards, is_increment=is_increment)
    for object_id, version in objects.items():
        body = b"" if version is None else a_body(object_id, version)
        flags = SOFT_DELETED if version is not None and version[1] else 0
        spool.add(object_id, body, type_code=USER, flags=flags)
    for source, others in links.items():
        if is_increment:
            link_spool.reset(MEMBERS, source)
        for other in others:
            link_spool.add(MEMBERS, source, other)
    return spool, link_spool


@modest
@given(
    read=bases,
    rolled=increments,
    shards=st.sampled_from([1, 2, 4]),
    reading_shards=st.sampled_from([1, 2, 4, 8]),
)
def test_a_sealed_snapshot_holds_the_newest_of_everything_read_in_any_number_of_shards(
    read: list[tuple[Objects, Links]], rolled: list[tuple[Objects, Links]], shards: int, reading_shards: int
) -> None:
    newest: Objects = {}
    linked: Links = {}
    for objects, links in read:
        newest |= objects
        for source, others in links.items():
            linked[source] = linked.get(source, set()) | others
    for objects, links in rolled:
        newest |= objects
        linked |= links

    async def story() -> None:
        snapshots = await seal_snapshot(
            [written(objects, links, shards, is_increment=False) for objects, links in read],
            [written(objects, links, shards, is_increment=True) for objects, links in rolled],
            shards=shards,
        )
        bodies, rows = await read_everything(snapshots, shards=reading_shards)
        assert bodies == {
            (object_key(object_id), USER): a_body(object_id, version)
            for object_id, version in newest.items()
            if version is not None
        }
        assert rows == {
            bytes([MEMBERS]) + object_key(source) + object_key(other)
            for source, others in linked.items()
            for other in others
        }

    asyncio.run(story())


def test_an_object_deleted_and_made_again_while_reading_is_there() -> None:
    object_id = "a1b2c3d4-0000-4000-8000-000000000000"

    async def story() -> None:
        snapshots = await seal_snapshot(
            [written({object_id: ("first", False)}, {}, 1, is_increment=False)],
            [
                written({object_id: None}, {}, 1, is_increment=True),
                written({object_id: ("second", False)}, {}, 1, is_increment=True),
            ],
            shards=1,
        )
        bodies, _links = await read_everything(snapshots, shards=1)
        assert bodies == {(object_key(object_id), USER): a_body(object_id, ("second", False))}

    asyncio.run(story())


def test_a_snapshot_of_nothing_is_a_snapshot() -> None:
    async def story() -> None:
        snapshots = await seal_snapshot([], [], shards=4)
        assert await read_everything(snapshots, shards=4) == ({}, set())

    asyncio.run(story())


def test_a_group_of_many_members_is_kept_whole() -> None:
    group, members = (
        "00000000-0000-4000-8000-00000000000f",
        {f"{number:08x}" + "-0000-4000-8000-" + "0" * 12 for number in range(100_000)},
    )

    async def story() -> None:
        spool, links = written({group: ("first", False)}, {group: members}, 2, is_increment=False)
        snapshots = await seal_snapshot([(spool, links)], [], shards=2)
        _bodies, rows = await read_everything(snapshots, shards=1)
        assert len(rows) == 100_000

    asyncio.run(story())
