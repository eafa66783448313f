"""The index and its bodies: rows are read as they were put, and no body is given out that its digest does not prove."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats.digests import body_digest
from shared.formats.frames import compress
from shared.formats.objects import ROW, TOMBSTONE, IndexRow, body_at, decode_index, encode_index, lines_of, placed_lines
from shared.formats.spooling import Spool
from tests.support.builders import an_id

USER = 1


def a_body(label: str) -> bytes:
    return f'{{"id":"{an_id(label)}","displayName":"{label}"}}'.encode()


def test_a_row_has_44_bytes() -> None:
    assert ROW.size == 44


def test_rows_are_sorted_by_key_so_the_same_objects_give_the_same_index() -> None:
    rows = [IndexRow(object_key(an_id(f"u{number}")), bytes(16), 0, 0, 0, USER, 0) for number in range(20)]
    assert encode_index(rows) == encode_index(rows[::-1])
    decoded = decode_index(encode_index(rows), name="i")
    assert decoded == sorted(rows, key=lambda row: row.key)


def test_an_empty_index_block_holds_no_rows() -> None:
    assert decode_index(encode_index([]), name="i") == []


def test_an_index_that_is_no_whole_number_of_rows_is_refused() -> None:
    with pytest.raises(IntegrityError, match=r"i\.idx: 45 bytes of index"):
        decode_index(compress(bytes(45)), name="i.idx")


def test_a_row_whose_digest_does_not_match_its_body_is_refused() -> None:
    row = IndexRow(object_key(an_id("a")), body_digest(b"other"), 0, 0, 0, USER, 0)
    with pytest.raises(IntegrityError, match="does not match its digest"):
        body_at([a_body("a")], row, name="o")


def test_a_row_that_points_past_its_frame_is_refused() -> None:
    row = IndexRow(object_key(an_id("a")), body_digest(a_body("a")), 0, 0, 1, USER, 0)
    with pytest.raises(IntegrityError):
        body_at([a_body("a")], row, name="o")


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_a_frame_whose_last_line_has_no_end_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError, match="has no end"):
        lines_of(compress(content), name="o")


def test_rows_of_a_copied_shard_point_where_its_bodies_went_but_tombstones_nowhere() -> None:
    spool = Spool(shard_count=1)
    spool.add(an_id("here"), a_body("here"), type_code=USER)
    spool.add(an_id("gone"), b"", type_code=USER)
    block = bytes(spool.files()[1].content)
    here, gone = sorted(decode_index(block, name="i", move=700), key=lambda row: row.flags & TOMBSTONE)
    assert here.offset == 700
    assert gone.offset == 0
    assert {here._replace(offset=0), gone} == set(decode_index(block, name="i"))


def test_the_places_of_a_frames_lines_are_those_at_which_it_is_split() -> None:
    for bodies in ([b'{"a":1}'], [b"{}", b"", b'{"name":"two\\nlines"}', b"{}"]):
        frame = compress(b"".join(body + b"\n" for body in bodies))
        content, starts = placed_lines(frame, name="o")
        taken = [content[first : after - 1] for first, after in pairwise(starts)]
        assert taken == bodies == lines_of(frame, name="o")
    with pytest.raises(IntegrityError, match="no end"):
        placed_lines(compress(b"{}\n{}"), name="o")
