"""Bodies of a shard come out proven, and a frame stays open no longer than somebody announced to need it."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from shared.domain.errors import IntegrityError
from shared.formats.objects import IndexRow, decode_index, placed_lines
from shared.formats.segments import ShardRange
from shared.formats.spooling import FRAME_LINES_MAX, Spool
from shared.runs import bodies
from shared.runs.bodies import ShardBodies
from tests.support.builders import an_id

TWO_FRAMES = FRAME_LINES_MAX + 1


def a_shard() -> tuple[ShardRange, bytes, list[IndexRow]]:
    """Return a shard of two frames: where it lies, its block, and its rows in the order of the block."""
    spool = Spool(1)
    for number in range(TWO_FRAMES):
        spool.add(an_id(str(number)), b'{"number":%d}' % number, type_code=1)
    written, index = spool.files()
    rows = sorted(decode_index(index.content, name="i"), key=lambda row: (row.offset, row.line))
    return written.shards[0], written.content, rows


def opened_frames(order: list[IndexRow], wanted: list[IndexRow]) -> int:
    """Open the rows in that order, each body checked; return how many frames that took."""
    place, content, rows = a_shard()
    with patch.object(bodies, "placed_lines", wraps=placed_lines) as opening:
        shard = ShardBodies("o", place, content, wanted)
        for row in order:
            assert shard.open(row) == b'{"number":%d}' % rows.index(row)
        return opening.call_count


def test_each_frame_is_opened_once_whatever_the_order_of_what_was_announced() -> None:
    rows = a_shard()[2]
    assert opened_frames(rows, rows) == opened_frames(rows[::-1], rows) == 2
    by_turns = [rows[0], rows[-1], *rows[1:-1]]
    assert opened_frames(by_turns, by_turns) == 2


def test_a_body_that_was_not_announced_or_comes_again_is_opened_all_the_same() -> None:
    rows = a_shard()[2]
    assert opened_frames([rows[0], rows[0], rows[1]], rows[:1]) == 3


def test_a_frame_is_let_go_with_its_last_body() -> None:
    place, content, rows = a_shard()
    shard = ShardBodies("o", place, content, rows)
    for row in rows[:FRAME_LINES_MAX]:
        assert shard.open(row)
        assert shard.frames_open == (row.line + 1 < FRAME_LINES_MAX)
    with pytest.raises(IntegrityError, match="does not match its digest"):
        shard.open(rows[-1]._replace(digest=bytes(16)))
