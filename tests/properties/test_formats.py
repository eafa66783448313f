"""Whatever is stored is read back, whatever order it was written in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.changes import Difference
from shared.domain.errors import IntegrityError
from shared.domain.ids import key_guid, object_key
from shared.formats.deleted import decode_deleted, encode_deleted
from shared.formats.frames import compress, decompress
from shared.formats.links import decode_links, encode_links
from shared.formats.objects import IndexRow, decode_index, encode_index
from shared.formats.records import DIFFERENCES, decode_records, encode_records
from shared.formats.segments import File, Segment, ShardRange, decode_segment, encode_segment
from tests.properties.strategies import modest, reports

# Keys with zero bytes at either end are the ones that careless readers strip.
keys = st.binary(min_size=16, max_size=16) | st.sampled_from([bytes(16), b"\1" + bytes(15), bytes(15) + b"\1"])
u32 = st.integers(0, 2**32 - 1)
index_rows = st.builds(
    IndexRow,
    key=keys,
    digest=keys,
    offset=u32,
    length=u32,
    line=st.integers(0, 2**16 - 1),
    type_code=st.integers(0, 255),
    flags=st.integers(0, 255),
)


@modest
@given(content=st.binary(max_size=2000))
def test_a_frame_gives_back_what_was_put_in(content: bytes) -> None:
    assert decompress(compress(content), name="f") == content


@modest
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_by_name_and_never_read_as_content(noise: bytes) -> None:
    with pytest.raises(IntegrityError) as refused:
        decompress(noise, name="f")
    assert refused.value.name == "f"


@modest
@given(rows=st.lists(index_rows, max_size=30, unique_by=lambda row: (row.key, row.type_code)))
def test_index_rows_come_back_sorted_and_whole(rows: list[IndexRow]) -> None:
    block = encode_index(rows)
    assert decode_index(block, name="i") == sorted(rows, key=lambda row: (row.key, row.type_code))
    assert encode_index(rows[::-1]) == block


@modest
@given(rows=st.sets(st.binary(min_size=33, max_size=33), max_size=30), is_increment=st.booleans())
def test_link_rows_come_back_whole(rows: set[bytes], is_increment: bool) -> None:
    wide = {row + b"+" for row in rows} if is_increment else rows
    assert set(decode_links(encode_links(wide), name="l", is_increment=is_increment)) == wide


@modest
@given(rows=st.sets(st.tuples(st.integers(0, 255), keys), max_size=30))
def test_deleted_keys_come_back_whole(rows: set[tuple[int, bytes]]) -> None:
    assert decode_deleted(encode_deleted(rows), name="d") == {key for _code, key in rows}


@modest
@given(report=reports)
def test_records_come_back_in_order(report: list[Difference]) -> None:
    content, digest = encode_records(DIFFERENCES, report)
    assert decode_records(content, Difference, DIFFERENCES, name="r", expected=digest) == report


@modest
@given(parts=st.lists(st.integers(0, 50), max_size=16), is_increment=st.booleans())
def test_descriptions_come_back_whole(parts: list[int], is_increment: bool) -> None:
    ranges, offset = [], 0
    for shard, length in enumerate(parts):
        ranges.append(ShardRange(shard, offset, length, min(length, 1), offset))
        offset += length
    file = File(part="links", name="l", length=offset, sha256="0" * 64, rows=offset, shards=tuple(ranges))
    segment = Segment(shard_count=16, is_increment=is_increment, files=(file,))
    content, digest = encode_segment(segment)
    assert decode_segment(content, name="s", expected=digest) == segment


@modest
@given(key=keys)
def test_the_guid_of_a_key_has_that_key(key: bytes) -> None:
    assert object_key(key_guid(key)) == key


@modest
@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_a_body_on_one_line_has_no_line_break_whatever_it_says(document: Any) -> None:
    assert b"\n" not in msgspec.json.encode(document)
