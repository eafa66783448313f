"""A link whose other end a second read did not find is stored, counted and listed."""

from __future__ import annotations

import asyncio

from shared.domain.ids import object_key
from shared.formats.links import LinkSpool
from shared.formats.spooling import Spool
from tests.properties.sealed import read_everything, seal_snapshot
from tests.support.builders import SNAPSHOT_ID, TENANT, an_id

GROUP, USER = 2, 1


def sealed_with(found_again: bool) -> tuple[dict[str, int], list[tuple[str, str]], int]:
    """Seal a group whose member was gone at the second read, or there; return what the manifest says, and links."""

    async def story() -> tuple[dict[str, int], list[tuple[str, str]], int]:
        objects, links = Spool(1), LinkSpool(1)
        objects.add(an_id("group-1"), b'{"id":"g"}', type_code=GROUP)
        objects.add(an_id("user-1"), b'{"id":"u"}', type_code=USER)
        for user in ("user-1", "user-2"):
            links.add(1, an_id("group-1"), an_id(user))
        gone, later = Spool(1), Spool(1)
        gone.add(an_id("user-1"), b"", type_code=USER)
        later.add(an_id("user-1"), b'{"id":"u"}', type_code=USER)
        increments = [(gone, LinkSpool(1, is_increment=True))]
        increments += [(later, LinkSpool(1, is_increment=True))] if found_again else []
        snapshots = await seal_snapshot([(objects, links)], increments, shards=1)
        notes = (await snapshots.open(TENANT, SNAPSHOT_ID)).manifest.consistency
        listed = [(link.source, link.other) for link in notes.unfound_links]
        return notes.unfound, listed, len((await read_everything(snapshots, shards=1))[1])

    return asyncio.run(story())


def test_a_link_to_an_object_that_is_gone_is_counted_listed_and_kept() -> None:
    ends = (object_key(an_id("group-1")).hex(), object_key(an_id("user-1")).hex())
    assert sealed_with(found_again=False) == ({"group.members": 1}, [ends], 2)


def test_a_link_to_an_object_that_a_later_read_found_is_a_link_like_any_other() -> None:
    assert sealed_with(found_again=True) == ({}, [], 2)
