"""A segment's description proves its files, and none that points outside them is accepted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.domain.errors import IntegrityError
from shared.formats.digests import sha256
from shared.formats.segments import (
    SHARD_OBJECTS_MAX,
    SHARDS_MAX,
    File,
    FileWriter,
    Segment,
    ShardRange,
    check_files,
    decode_segment,
    encode_segment,
    shard_count_for,
    shard_of,
)


def a_file(**members: Any) -> File:
    """Return the description of a file of 100 bytes with one shard."""
    described = File(
        part="index",
        name="seg.index.idx",
        length=100,
        sha256="0" * 64,
        rows=3,
        shards=(ShardRange(0, 0, 100, 3, 7),),
    )
    return msgspec.structs.replace(described, **members)


def decoded(content: bytes) -> Segment:
    return decode_segment(content, name="seg.json", expected=sha256(content))


def test_a_description_is_read_back_as_it_was() -> None:
    segment = Segment(shard_count=4, is_increment=True, files=(a_file(),))
    content, digest = encode_segment(segment)
    assert decode_segment(content, name="seg.json", expected=digest) == segment
    assert segment.file("index") == a_file()
    assert segment.file("links") is None


def test_a_writer_describes_what_was_written() -> None:
    writer = FileWriter("links")
    assert writer.add(2, b"first", 1) == 0
    assert writer.add(5, b"second", 2) == 5
    file = writer.file("seg.links.zst")
    assert (file.length, file.rows, file.sha256) == (11, 3, sha256(b"firstsecond"))
    assert [(part.shard, part.offset, part.length) for part in file.shards] == [(2, 0, 5), (5, 5, 6)]


def test_an_altered_description_is_refused() -> None:
    content, digest = encode_segment(Segment(shard_count=4, files=(a_file(),)))
    with pytest.raises(IntegrityError, match="it was altered"):
        decode_segment(content.replace(b"100", b"101"), name="seg.json", expected=digest)


def test_a_description_of_a_newer_version_is_refused_by_its_tag() -> None:
    content, _digest = encode_segment(Segment(format="segment/2", shard_count=4, files=()))
    with pytest.raises(IntegrityError, match=r"seg\.json: format 'segment/2' is unknown"):
        decoded(content)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"shard_count":1,"files":[],"more":1}', b'{"format":"\xff"}'])
def test_what_is_no_description_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"not a (segment description|document)"):
        decoded(content)


@pytest.mark.parametrize("shards", [0, -1, 3, 6, 2 * SHARDS_MAX])
def test_a_shard_count_that_is_no_power_of_two_in_range_is_refused(shards: int) -> None:
    with pytest.raises(IntegrityError, match="power of two"):
        check_files((), shards, name="seg.json")


@pytest.mark.parametrize(
    "part",
    [
        ShardRange(0, 1, 100, 3, 0),
        ShardRange(0, -1, 50, 3, 0),
        ShardRange(0, 0, -1, 3, 0),
        ShardRange(4, 0, 100, 3, 0),
        ShardRange(-1, 0, 100, 3, 0),
        ShardRange(0, 0, 100, 4, 0),
        ShardRange(0, 0, 100, -1, 0),
        ShardRange(0, 2**62, 2**62, 3, 0),
    ],
)
def test_a_shard_that_points_outside_its_file_is_refused(part: ShardRange) -> None:
    with pytest.raises(IntegrityError, match=r"seg\.index\.idx: shard"):
        check_files((a_file(shards=(part,)),), 4, name="seg.json")


@pytest.mark.parametrize("members", [{"length": -1}, {"rows": -1}])
def test_negative_figures_are_refused(members: dict[str, int]) -> None:
    with pytest.raises(IntegrityError, match="negative"):
        check_files((a_file(shards=(), **members),), 4, name="seg.json")


@pytest.mark.parametrize(
    ("objects", "shards"),
    [(0, 1), (1, 1), (SHARD_OBJECTS_MAX, 1), (SHARD_OBJECTS_MAX + 1, 2), (50_000, 4), (300_000, 16), (1_000_000, 64)],
)
def test_shards_are_the_smallest_power_of_two_that_keeps_them_small(objects: int, shards: int) -> None:
    assert shard_count_for(objects) == shards


def test_the_shard_count_has_a_ceiling() -> None:
    assert shard_count_for(10**12) == SHARDS_MAX


def test_the_shard_of_a_key_is_fixed_for_ever() -> None:
    # CRC-32 of sixteen zero bytes is ECBB4B55 by its definition; the last bits of it are the shard.
    assert shard_of(bytes(16), 4096) == 0xB55
    assert shard_of(bytes(16), 16) == 0x5
    assert shard_of(bytes(16), 1) == 0


def test_a_smaller_shard_count_folds_a_larger_one() -> None:
    for number in range(100):
        key = bytes(15) + bytes([number])
        assert shard_of(key, 4) == shard_of(key, 64) % 4
