"""No altered byte of a sealed snapshot is ever read as data: bit flips, cuts, swaps and foreign files are all named."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest

from shared.domain.errors import IntegrityError, TidemarkError
from shared.formats.links import LinkSpool
from shared.formats.objects import SOFT_DELETED
from shared.formats.spooling import Spool
from shared.memory.blobs import MemoryBlobs
from shared.runs.snapshots import Snapshots
from tests.properties.sealed import read_everything, seal_snapshot
from tests.support.builders import a_group_body, a_user_body, an_id

SEED = 4711
FLIPS = 2_400
HEADER_BYTES = 6  # of every file, each bit is flipped: frame headers have bits that decoders pass over
SHARDS = 2


def segment_of(names: list[str]) -> tuple[Spool, LinkSpool]:
    """Return users of those names, some soft-deleted, and a group that has them as members."""
    spool, links = Spool(SHARDS), LinkSpool(SHARDS)
    spool.add(an_id("group-1"), msgspec.json.encode(a_group_body()), type_code=2)
    for number, name in enumerate(names):
        flags = SOFT_DELETED if number % 5 == 0 else 0
        spool.add(an_id(name), msgspec.json.encode(a_user_body(name, jobTitle=name * 3)), type_code=1, flags=flags)
        links.add(1, an_id("group-1"), an_id(name))
    return spool, links


async def a_snapshot(prefix: str = "user") -> Snapshots:
    """Seal a small snapshot; a second segment leaves superseded bodies in it, as real captures have them."""
    names = [f"{prefix}-{number}" for number in range(30)]
    increment = Spool(SHARDS)
    increment.add(an_id(names[1]), msgspec.json.encode(a_user_body(names[1], city="Oslo")), type_code=1)
    return await seal_snapshot([segment_of(names)], [(increment, LinkSpool(SHARDS, is_increment=True))], shards=SHARDS)


def contents(snapshots: Snapshots) -> dict[str, bytes]:
    assert isinstance(snapshots.vault, MemoryBlobs)
    return snapshots.vault.contents


async def is_refused(snapshots: Snapshots, replaced: dict[str, bytes]) -> bool:
    """Tell whether reading everything is refused by name once some files have other bytes."""
    files = contents(snapshots)
    original = {name: files[name] for name in replaced}
    files.update(replaced)
    try:
        await read_everything(snapshots, shards=SHARDS)
    except IntegrityError:
        return True
    finally:
        files.update(original)
    return False


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_an_untouched_snapshot_is_read_without_complaint() -> None:
    async def story() -> None:
        snapshots = await a_snapshot()
        bodies, links = await read_everything(snapshots, shards=SHARDS)
        assert len(bodies) == 31
        assert len(links) == 30

    asyncio.run(story())


def test_every_flipped_bit_is_detected() -> None:
    async def story() -> tuple[int, list[tuple[str, int]]]:
        snapshots = await a_snapshot()
        places = [(name, bit) for name, content in contents(snapshots).items() for bit in range(8 * len(content))]
        headers = [(name, bit) for name, bit in places if bit < 8 * HEADER_BYTES]
        tried = {*headers, *random.Random(SEED).sample(places, FLIPS)}
        missed = [
            (name, bit)
            for name, bit in sorted(tried)
            if not await is_refused(snapshots, {name: flipped(contents(snapshots)[name], bit)})
        ]
        assert not await is_refused(snapshots, {}), "a false alarm"
        return len(tried), missed

    tried, missed = asyncio.run(story())
    assert tried >= 2_000
    assert missed == [], f"{len(missed)} of {tried} flips went unnoticed (seed {SEED})"


def test_every_file_that_is_cut_is_detected() -> None:
    async def story() -> None:
        snapshots = await a_snapshot()
        for name, content in contents(snapshots).items():
            for length in (0, 1, len(content) // 2, len(content) - 1):
                assert await is_refused(snapshots, {name: content[:length]}), (name, length)

    asyncio.run(story())


def test_every_truncation_of_the_manifest_is_detected() -> None:
    async def story() -> None:
        snapshots = await a_snapshot()
        [name] = [name for name in contents(snapshots) if name.endswith("manifest.json")]
        content = contents(snapshots)[name]
        assert [
            length for length in range(len(content)) if not await is_refused(snapshots, {name: content[:length]})
        ] == []

    asyncio.run(story())


def test_files_that_changed_places_are_detected() -> None:
    async def story() -> None:
        snapshots = await a_snapshot()
        files = contents(snapshots)
        for one in files:
            for other in files:
                if one != other:
                    assert await is_refused(snapshots, {one: files[other], other: files[one]}), (one, other)

    asyncio.run(story())


def test_files_of_another_snapshot_are_detected() -> None:
    async def story() -> None:
        ours, theirs = await a_snapshot(), await a_snapshot("stranger")
        for name, content in contents(theirs).items():
            assert await is_refused(ours, {name: content}), name

    asyncio.run(story())


def test_a_file_that_is_missing_is_named() -> None:
    async def story() -> None:
        snapshots = await a_snapshot()
        for name in list(contents(snapshots)):
            content = contents(snapshots).pop(name)
            with pytest.raises(TidemarkError) as refused:
                await read_everything(snapshots, shards=SHARDS)
            assert name in str(refused.value)
            contents(snapshots)[name] = content

    asyncio.run(story())
