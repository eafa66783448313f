"""One shard of a state as sorted rows in one block, which is what a comparison reads fastest.

Costs nothing beyond reading where a shard is stored just so; an increment is laid over its base's block without opening
what it does not change. Any other state is put together from its rows.
"""

from __future__ import annotations

from shared.formats.objects import KEY_AND_TYPE, ROW
from shared.formats.splicing import spliced_index, spliced_links, without_references, without_types
from shared.runs.layers import LayeredReader, Readable, reference_codes
from shared.runs.snapshot_reader import SnapshotReader


async def packed_of(side: Readable, place: tuple[int, int], without: frozenset[int]) -> tuple[bytes, bytes]:
    """Return the index rows and the link rows of a shard, those of the types with codes in `without` left out."""
    index = without_types(await packed_index(side, place), without)
    return index, without_references(await packed_links(side, place), reference_codes(without))


async def packed_index(side: Readable, place: tuple[int, int]) -> bytes:
    """Return the index rows of a shard (number, of how many), sorted by key and type code."""
    if isinstance(side, LayeredReader):
        own = [ROW.pack(*row) for row in await side.own.index(*place)]
        return spliced_index(await packed_index(side.base, place), own, side.whole)
    stored = await side.stored_index(*place) if isinstance(side, SnapshotReader) else None
    if stored is not None:
        return stored
    return b"".join(ROW.pack(*row) for row in sorted(await side.index(*place), key=KEY_AND_TYPE))


async def packed_links(side: Readable, place: tuple[int, int]) -> bytes:
    """Return the link rows of a shard, sorted."""
    if isinstance(side, LayeredReader):
        own = sorted(await side.own.links(*place))
        return spliced_links(await packed_links(side.base, place), own, reference_codes(side.whole))
    stored = await side.stored_links(*place) if isinstance(side, SnapshotReader) else None
    return stored if stored is not None else b"".join(sorted(await side.links(*place)))
