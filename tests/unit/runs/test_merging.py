"""Merging reads each file of a segment once, proves what it read, and lets the newest row win."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Sequence

import pytest

from shared.domain.errors import IntegrityError
from shared.formats.link_runs import ROW_BYTES
from shared.formats.links import LinkSpool, decode_links
from shared.formats.objects import body_at, lines_of
from shared.formats.packed import split
from shared.formats.segments import FileWriter, Part, Segment
from shared.formats.spooling import Spool
from shared.memory.blobs import MemoryBlobs
from shared.runs.merging import Merge, Slice, merge_links, merge_objects, sliced
from shared.runs.staging import load_segment, store_segment
from tests.support.builders import an_id
from tests.unit.formats.test_packed import named

MEMBERS, USER, SHARDS = 1, 1, 4


class CountedBlobs(MemoryBlobs):
    """Blobs that keep the names of what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        self.reads.append(name)
        return await super().read(name, offset, length)


def a_body(label: str, city: str) -> bytes:
    return f'{{"id":"{an_id(label)}","city":"{city}"}}'.encode()


async def a_segment(blobs: MemoryBlobs, name: str, city: str, objects: int, *, is_increment: bool = False) -> Segment:
    spool, links = Spool(SHARDS), LinkSpool(SHARDS, is_increment=is_increment)
    for number in range(objects):
        spool.add(an_id(f"u{number}"), a_body(f"u{number}", city), type_code=USER)
        links.add(MEMBERS, an_id(f"u{number}"), an_id(city))
    return await load_segment(blobs, await store_segment(blobs, name, spool, links))


def links_of(slices: Sequence[Slice], shard: int) -> tuple[bytes, bytes]:
    """Return the block of the shard's links, and the rows that were told while it was made."""
    told: list[bytes] = []
    block, count = merge_links(slices, shard, told.append)
    rows = b"".join(told)
    assert count == len(rows) // ROW_BYTES
    return block, rows


def test_the_newest_segment_wins_and_its_bodies_are_found_where_the_rows_say() -> None:
    async def story() -> None:
        blobs, bodies, cities = CountedBlobs(), FileWriter("objects"), {}
        segments = [await a_segment(blobs, "s1", "Lyon", 40), await a_segment(blobs, "s2", "Porto", 15)]
        blobs.reads.clear()
        slices = await sliced(blobs, segments, 1, SHARDS)
        assert len(blobs.reads) == len(set(blobs.reads)) == 6, "three files of each segment, each read once"
        found = [row for shard in range(1, SHARDS) for row in named(split(merge_objects(slices, shard, bodies)))]
        for row in found:
            lines = lines_of(bodies.content[row.offset : row.offset + row.length], name="o")
            cities[row.key] = b"Porto" in body_at(lines, row, name="o")
        inside = [number for number in range(40) if an_id(f"u{number}") and _shard(f"u{number}") >= 1]
        assert len(found) == len(inside)
        assert sum(cities.values()) == sum(number < 15 for number in inside)

    asyncio.run(story())


def test_links_of_one_segment_are_taken_as_they_are_and_those_of_two_are_merged() -> None:
    async def story() -> None:
        blobs = MemoryBlobs()
        first, again = await a_segment(blobs, "s1", "Lyon", 20), await a_segment(blobs, "s2", "Lyon", 30)
        for shard in range(SHARDS):
            block, content = links_of(await sliced(blobs, [first], shard, shard + 1), shard)
            place = next(part for part in first.files[2].shards if part.shard == shard)
            assert block == await blobs.read(first.files[2].name, place.offset, place.length)
            merged, both = links_of(await sliced(blobs, [first, again], shard, shard + 1), shard)
            rows = decode_links(merged, name="l")
            assert b"".join(rows) == both
            assert rows == sorted(set(rows)), "each link once"
            assert set(decode_links(block, name="l")) <= set(rows)
            assert content == b"".join(decode_links(block, name="l"))

    asyncio.run(story())


def test_an_increment_replaces_the_links_it_speaks_of() -> None:
    async def story() -> None:
        blobs, replaced = MemoryBlobs(), LinkSpool(SHARDS, is_increment=True)
        base = await a_segment(blobs, "s1", "Lyon", 1)
        replaced.reset(MEMBERS, an_id("u0"))
        replaced.add(MEMBERS, an_id("u0"), an_id("Porto"))
        increment = await load_segment(blobs, await store_segment(blobs, "s2", Spool(SHARDS), replaced))
        shard = _shard("u0")
        _block, content = links_of(await sliced(blobs, [base, increment], shard, shard + 1), shard)
        assert [content[17:]] == [bytes.fromhex(an_id("Porto").replace("-", ""))]

    asyncio.run(story())


def test_what_lies_in_the_segments_of_links_is_let_go_before_bodies_are_held() -> None:
    async def story() -> None:
        blobs, bodies = CountedBlobs(), FileWriter("objects")
        segments = [await a_segment(blobs, "s1", "Lyon", 40), await a_segment(blobs, "s2", "Porto", 15)]
        merge = Merge(blobs, segments, 1, SHARDS)
        counted: list[bytes] = []
        again: list[bytes] = []
        blobs.reads.clear()
        linked = [await merge.links(shard, counted.append) for shard in range(1, SHARDS)]
        assert blobs.reads == [segment.files[2].name for segment in segments], "links alone, each file once"
        held = weakref.ref(merge._slices[0])
        rows = [await merge.objects(shard, bodies) for shard in range(1, SHARDS)]
        assert held() is None
        assert len(blobs.reads) == len(set(blobs.reads)) == 6
        slices = await sliced(blobs, segments, 1, SHARDS)
        assert linked == [merge_links(slices, shard, again.append) for shard in range(1, SHARDS)]
        assert counted == again != []
        alike = FileWriter("objects")
        assert rows == [merge_objects(slices, shard, alike) for shard in range(1, SHARDS)]
        assert bodies.content == alike.content

    asyncio.run(story())


def cut(content: bytes) -> bytes:
    return content[:-1]


def altered(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.parametrize("part", ["objects", "index", "links"])
@pytest.mark.parametrize("damage", [cut, altered])
def test_a_staged_file_that_was_altered_or_cut_is_refused_by_name(part: Part, damage: Callable[[bytes], bytes]) -> None:
    async def story() -> None:
        blobs = MemoryBlobs()
        segment = await a_segment(blobs, "s1", "Lyon", 20)
        file = segment.file(part)
        assert file is not None
        blobs.contents[file.name] = damage(blobs.contents[file.name])
        with pytest.raises(IntegrityError, match=part):
            await sliced(blobs, [segment], 0, SHARDS)

    asyncio.run(story())


def _shard(label: str) -> int:
    spool = Spool(SHARDS)
    spool.add(an_id(label), a_body(label, ""), type_code=USER)
    return spool.files()[0].shards[0].shard
