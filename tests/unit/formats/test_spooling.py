"""A segment's spool: whatever shard and frame an object goes to, its row finds it, and memory stays bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.domain.ids import object_key
from shared.formats import spooling
from shared.formats.frames import decompress
from shared.formats.objects import SOFT_DELETED, TOMBSTONE, IndexRow, body_at, decode_index, lines_of
from shared.formats.segments import FileWriter
from shared.formats.spooling import FRAME_LINES_MAX, Spool
from tests.support.builders import an_id

USER = 1


def a_body(label: str) -> bytes:
    return f'{{"id":"{an_id(label)}","displayName":"{label}"}}'.encode()


def rows_of(index: FileWriter) -> list[IndexRow]:
    blocks = [bytes(index.content[part.offset : part.offset + part.length]) for part in index.shards]
    return [row for block in blocks for row in decode_index(block, name="i")]


def body_of(bodies: FileWriter, row: IndexRow) -> bytes:
    frame = bytes(bodies.content[row.offset : row.offset + row.length])
    return body_at(lines_of(frame, name="o"), row, name="o")


def test_every_object_is_found_by_its_row_whatever_shard_and_frame_it_is_in() -> None:
    spool = Spool(shard_count=4)
    labels = [f"user-{number}" for number in range(3 * FRAME_LINES_MAX)]
    for label in labels:
        spool.add(an_id(label), a_body(label), type_code=USER)
    bodies, index = spool.files()
    found = {row.key: body_of(bodies, row) for row in rows_of(index)}
    assert found == {object_key(an_id(label)): a_body(label) for label in labels}
    assert spool.rows == len(labels)


def test_a_frame_holds_at_most_128_objects() -> None:
    spool = Spool(shard_count=1)
    for number in range(FRAME_LINES_MAX + 1):
        spool.add(an_id(f"user-{number}"), a_body(f"user-{number}"), type_code=USER)
    bodies, index = spool.files()
    frames = {(row.offset, row.length) for row in rows_of(index)}
    sizes = [len(lines_of(bytes(bodies.content[at : at + length]), name="o")) for at, length in sorted(frames)]
    assert sizes == [FRAME_LINES_MAX, 1]


def test_a_page_of_objects_makes_the_same_files_as_its_objects_one_by_one() -> None:
    labels = [f"user-{number}" for number in range(2 * FRAME_LINES_MAX + 9)]
    at_once, one_by_one = Spool(shard_count=2), Spool(shard_count=2)
    at_once.add_all([an_id(label) for label in labels], [a_body(label) for label in labels], type_code=USER, flags=2)
    for label in labels:
        one_by_one.add(an_id(label), a_body(label), type_code=USER, flags=2)
    assert [file.content for file in at_once.files()] == [file.content for file in one_by_one.files()]


def test_many_shards_hold_no_more_bytes_open_than_few_and_store_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [[an_id(f"u{page}-{number}") for number in range(100)] for page in range(30)]
    free, bounded = Spool(shard_count=16), Spool(shard_count=16)
    highest = 0
    for page in pages:
        bodies = [a_body(object_id) for object_id in page]
        free.add_all(page, bodies, type_code=1)
        monkeypatch.setattr(spooling, "OPEN_BYTES_MAX", page_bytes := sum(map(len, bodies)))
        bounded.add_all(page, bodies, type_code=1)
        highest = max(highest, free.open_bytes)
        assert bounded.open_bytes <= page_bytes
        monkeypatch.undo()
    assert highest > 5 * page_bytes, "frames of 16 shards stay open for long"
    assert [part.content for part in bounded.files()] == [part.content for part in free.files()]


def test_what_waits_packed_counts_as_held_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [[an_id(f"u{page}-{number}") for number in range(100)] for page in range(10)]
    spool, held = Spool(shard_count=64), []
    for page in pages:
        bodies = [
            a_body(object_id)[:-1] + b',"about":"%s"}' % (b"what Graph says of a user " * 60) for object_id in page
        ]
        monkeypatch.setattr(spooling, "OPEN_BYTES_MAX", bound := 2 * sum(map(len, bodies)))
        spool.add_all(page, bodies, type_code=1)
        held.append(spool.held_bytes)
        monkeypatch.undo()
    assert spool.open_bytes < spool.held_bytes, "something is packed: frames of 64 shards are not full yet"
    assert max(held) <= bound
    assert len([now for before, now in pairwise(held) if now < before]) >= 3, "packed again and again"


def test_the_file_of_bodies_is_lines_of_json_to_any_reader() -> None:
    spool = Spool(shard_count=1)
    spool.add(an_id("a"), a_body("a"), type_code=USER)
    bodies, _index = spool.files()
    assert decompress(bytes(bodies.content), name="o") == a_body("a") + b"\n"


def test_a_tombstone_is_a_row_without_a_body() -> None:
    spool = Spool(shard_count=1)
    spool.add(an_id("gone"), b"", type_code=USER)
    bodies, index = spool.files()
    [row] = rows_of(index)
    assert (row.flags, row.length, row.digest) == (TOMBSTONE, 0, bytes(16))
    assert bytes(bodies.content) == b""


def test_a_soft_deleted_object_keeps_its_body_and_says_so() -> None:
    spool = Spool(shard_count=1)
    spool.add(an_id("binned"), a_body("binned"), type_code=USER, flags=SOFT_DELETED)
    bodies, index = spool.files()
    [row] = rows_of(index)
    assert row.flags == SOFT_DELETED
    assert body_of(bodies, row) == a_body("binned")


def test_a_key_that_ends_in_zero_bytes_keeps_them_in_the_index() -> None:
    object_id = "a1b2c3d4-0000-4000-8000-000000000000"
    spool = Spool(shard_count=1)
    spool.add(object_id, b"{}", type_code=USER)
    [row] = rows_of(spool.files()[1])
    assert row.key == object_key(object_id)


def test_a_segment_without_objects_has_empty_files() -> None:
    bodies, index = Spool(shard_count=4).files()
    assert len(bodies.content) == len(index.content) == 0
    assert bodies.shards == index.shards == []
