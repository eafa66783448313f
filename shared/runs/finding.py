"""Find one object in an opened snapshot without reading the rest of it: its row, its body, its links.

Reads one file of the index, one frame of bodies and one file of links, each proven as every read is. A restore point is
read through the snapshot it lies over, so there the shard is read as a whole.
"""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from shared.domain.changes import Json
from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.frames import decompress
from shared.formats.link_runs import ROW_BYTES as LINK_BYTES
from shared.formats.links import BLOCK_BYTES_MAX
from shared.formats.objects import ROW, IndexRow
from shared.formats.segments import shard_of
from shared.runs.layers import Readable
from shared.runs.snapshot_reader import SnapshotReader

Link = tuple[int, bytes]  # the reference's code and the key of the other end


async def rows_of(reader: Readable, key: bytes) -> list[IndexRow]:
    """Return the rows of the object with `key`, one for each type that has it; none when it is not there."""
    count = reader.manifest.shard_count
    shard = shard_of(key, count)
    if not isinstance(reader, SnapshotReader):
        return [row for row in await reader.index(shard, count) if row.key == key]
    name, block = await reader.block("index", shard)
    content = decompress(block, name=name) if block else b""
    if len(content) % ROW.size:
        raise IntegrityError(name, f"{len(content)} bytes of index are no whole number of {ROW.size}-byte rows")
    return [IndexRow._make(ROW.unpack(row)) for row in starting_with(content, ROW.size, key)]


async def body_of(reader: Readable, row: IndexRow) -> Json:
    """Return the body that `row` points at, proven by its digest; raise IntegrityError when it is not JSON."""
    content = await raw_body_of(reader, row)
    return parsed(content, row, name=reader.manifest.snapshot_id)


async def raw_body_of(reader: Readable, row: IndexRow) -> bytes:
    """Return the bytes of the body that `row` points at, proven by its digest."""
    if not isinstance(reader, SnapshotReader):
        return (await reader.bodies([row]))[row.key, row.type_code]
    return await reader.body(row)


async def own_links(reader: Readable, key: bytes) -> set[Link]:
    """Return every link that leads from the object with `key`."""
    count = reader.manifest.shard_count
    shard = shard_of(key, count)
    if not isinstance(reader, SnapshotReader):
        rows = await reader.links(shard, count)
        return {(row[0], row[17:]) for row in rows if row[1:17] == key}
    name, block = await reader.block("links", shard)
    content = decompress(block, name=name, bytes_max=BLOCK_BYTES_MAX) if block else b""
    if len(content) % LINK_BYTES:
        raise IntegrityError(name, f"{len(content)} bytes of links are no whole number of {LINK_BYTES}-byte rows")
    codes = range(content[0], content[-LINK_BYTES] + 1) if content else range(0)  # rows are sorted by code first
    return {
        (code, row[1 + KEY_BYTES :])
        for code in codes
        for row in starting_with(content, LINK_BYTES, bytes([code]) + key)
    }


async def incoming_links(reader: Readable, key: bytes) -> set[Link]:
    """Return every link that leads to the object with `key`, as (code, source); reads all links of the snapshot."""
    found: set[Link] = set()
    count = reader.manifest.shard_count
    for shard in range(count):
        if not isinstance(reader, SnapshotReader):
            found |= {(row[0], row[1:17]) for row in await reader.links(shard, count) if row[17:] == key}
            continue
        name, block = await reader.block("links", shard)
        content = decompress(block, name=name, bytes_max=BLOCK_BYTES_MAX) if block else b""
        at = content.find(key)
        while at >= 0:
            start, place = at - at % LINK_BYTES, at % LINK_BYTES
            if place == 1 + KEY_BYTES:
                found.add((content[start], content[start + 1 : start + 1 + KEY_BYTES]))
            at = content.find(key, at + 1)
    return found


def parsed(content: bytes, row: IndexRow, *, name: str) -> Json:
    """Return a stored body as a dictionary; raise IntegrityError when it is no JSON object."""
    try:
        return msgspec.json.decode(content, type=Json)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"object {row.key.hex()}: its body is no JSON object: {error}") from error


def starting_with(content: bytes, width: int, lead: bytes) -> list[bytes]:
    """Return the rows of `width` bytes that begin with `lead`, among rows that are sorted."""
    count, size = len(content) // width, len(lead)
    at = bisect_left(range(count), lead, key=lambda number: content[number * width : number * width + size])
    found: list[bytes] = []
    while at < count and content[at * width : at * width + size] == lead:
        found.append(content[at * width : (at + 1) * width])
        at += 1
    return found
