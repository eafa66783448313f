"""A state, an increment over it and another over that: merged or read through, they are the same state.

The model is a dictionary of objects and a set of links; what is stored goes through the product's own formats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalogue.types import BY_NAME
from shared.domain.ids import object_key
from shared.formats.frames import compress
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED, TOMBSTONE, body_at, decode_index, lines_of
from shared.formats.packed import PACKED_BYTES
from shared.formats.segments import FileWriter, Segment, decode_segment
from shared.formats.spooling import Spool
from shared.memory.blobs import MemoryBlobs
from shared.runs.overlay import Overlay, Source, gone_keys
from shared.runs.staging import store_file, store_segment
from tests.support.builders import an_id

SHARDS = 2
MEMBERS = 1
LABELS = [f"one-{number}" for number in range(5)]
# What happened to one object: "" gone for good, otherwise its body; whether it is in the recycle bin; its members.
Happened = tuple[str, str, bool, tuple[str, ...]]
happened = st.tuples(
    st.sampled_from(LABELS),
    st.sampled_from(["", "a", "b"]),
    st.booleans(),
    st.lists(st.sampled_from(LABELS)).map(tuple),
)
rounds = st.lists(st.lists(happened, max_size=6), min_size=1, max_size=4)
State = tuple[dict[bytes, tuple[bytes, int]], set[tuple[bytes, bytes]]]


def after(state: State, events: Sequence[Happened]) -> State:
    """Return the model of the tenant after some objects were read again."""
    objects, links = dict(state[0]), set(state[1])
    for label, text, is_deleted, members in events:
        key = object_key(an_id(label))
        links = {link for link in links if link[0] != key} | {(key, object_key(an_id(one))) for one in members}
        objects.pop(key, None)
        if text:
            objects[key] = (body(label, text), SOFT_DELETED if is_deleted else 0)
    return objects, links


def body(label: str, text: str) -> bytes:
    return f'{{"id":"{an_id(label)}","displayName":"{text}"}}'.encode()


async def stored(blobs: MemoryBlobs, name: str, events: Sequence[Happened], *, is_increment: bool) -> Segment:
    """Store one segment per round, as rolling forward does; a label counts once a segment."""
    spool, links = Spool(SHARDS), LinkSpool(SHARDS, is_increment=is_increment)
    for label, text, is_deleted, members in {event[0]: event for event in events}.values():
        content = body(label, text) if text else b""
        flags = SOFT_DELETED if is_deleted and text else 0
        if content or is_increment:
            spool.add(an_id(label), content, type_code=BY_NAME["group"].code, flags=flags)
        if is_increment:
            links.reset(MEMBERS, an_id(label))
        for one in members:
            links.add(MEMBERS, an_id(label), an_id(one))
    note = await store_segment(blobs, name, spool, links)
    return decode_segment(blobs.contents[note["name"]], name=note["name"], expected=note["sha256"])


async def read(overlay: Overlay) -> State:
    """Return the state that merging gives, every body opened through its row."""
    objects: dict[bytes, tuple[bytes, int]] = {}
    links: set[tuple[bytes, bytes]] = set()
    for shard in range(SHARDS):
        bodies = FileWriter("objects")
        packed = await overlay.objects(shard, bodies)
        rows = decode_index(compress(packed), name="i")
        assert not [row for row in rows if row.flags & TOMBSTONE]
        content = bytes(bodies.content)
        for row in rows:
            lines = lines_of(content[row.offset : row.offset + row.length], name="o")
            objects[row.key] = (body_at(lines, row, name="o"), row.flags)
        told: list[bytes] = []
        await overlay.links(shard, told.append)
        links |= {(row[1:17], row[17:33]) for row in rows_of(b"".join(told))}
    return objects, links


async def sealed(blobs: MemoryBlobs, overlay: Overlay) -> Source:
    """Store what merging into an increment gives, as a restore point's files, and return it as something to merge."""
    bodies, index, links = FileWriter("objects"), FileWriter("index"), FileWriter("links")
    for shard in range(SHARDS):
        packed = await overlay.objects(shard, bodies)
        index.add(shard, compress(packed), len(packed) // PACKED_BYTES)
        links.add(shard, *await overlay.links(shard, lambda _rows: None))
    files = [await store_file(blobs, "point", writer) for writer in (bodies, index, links)]
    return Source(blobs, files, is_increment=True)


def rows_of(content: bytes) -> list[bytes]:
    return [content[at : at + 33] for at in range(0, len(content), 33)]


@settings(max_examples=60, deadline=None)
@given(rounds)
def test_increments_over_a_state_merge_to_the_state_they_describe(happening: list[list[Happened]]) -> None:
    async def story() -> None:
        blobs = MemoryBlobs()
        state: State = ({}, set())
        sources: list[Source] = []
        for number, events in enumerate(happening):
            once = list({event[0]: event for event in events}.values())
            segment = await stored(blobs, f"s{number}", once, is_increment=number > 0)
            sources.append(Source(blobs, segment.files, is_increment=number > 0))
            state = after(state, once)
        assert await read(Overlay(sources, is_increment=False)) == state
        point = await sealed(blobs, Overlay(sources[1:], is_increment=True))
        assert await read(Overlay([sources[0], point], is_increment=False)) == state
        gone = await gone_keys(sources, SHARDS)
        assert not gone & state[0].keys()

    asyncio.run(story())
