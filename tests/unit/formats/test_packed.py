"""Packed index rows give what the rows with names give, only sooner."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats.frames import compress
from shared.formats.merkle import leaf, leaf_prefix, packed_roots, root
from shared.formats.objects import ROW, IndexRow
from shared.formats.packed import SOFT_DELETED, TOMBSTONE, flagged, in_order, kinds, merged, moved, opened, split
from tests.support.builders import an_id

USER, GROUP = 1, 2


def a_row(label: str, *, digest: bytes = b"", offset: int = 0, type_code: int = USER, flags: int = 0) -> IndexRow:
    return IndexRow(object_key(an_id(label)), digest.ljust(16, b"d"), offset, 9, 1, type_code, flags)


def packed(*rows: IndexRow) -> bytes:
    return b"".join(ROW.pack(*row) for row in rows)


def named(rows: list[bytes]) -> list[IndexRow]:
    return [IndexRow._make(ROW.unpack(row)) for row in rows]


@pytest.mark.parametrize("by", [700, -700, 2**24, 2**32 - 1 - 900])
def test_moving_rows_changes_their_place_and_nothing_else(by: int) -> None:
    rows = [a_row(f"u{number}", offset=700 + number) for number in range(200)]
    assert named(split(moved(packed(*rows), by, name="i"))) == [row._replace(offset=row.offset + by) for row in rows]


def test_a_tombstone_has_no_place_to_move() -> None:
    rows = [a_row("a", offset=5), a_row("b", flags=TOMBSTONE), a_row("c", offset=6, flags=SOFT_DELETED)]
    found = named(split(moved(packed(*rows), 10, name="i")))
    assert [row.offset for row in found] == [15, 0, 16]
    assert [row._replace(offset=0) for row in found] == [row._replace(offset=0) for row in rows]


@pytest.mark.parametrize(("offset", "by"), [(2**32 - 1, 1), (699, -700)])
def test_a_place_that_would_run_into_its_neighbour_is_refused_by_file(offset: int, by: int) -> None:
    with pytest.raises(IntegrityError, match=r"seg\.idx"):
        moved(packed(a_row("a", offset=800), a_row("b", offset=offset)), by, name="seg.idx")


def test_the_last_row_of_an_object_counts_in_whatever_order_the_bytes_are() -> None:
    first, last = a_row("a", digest=b"z"), a_row("a", digest=b"a")
    other = a_row("b")
    assert set(named(split(merged([packed(first, other), packed(last)])))) == {last, other}
    assert set(named(split(merged([packed(last, other), packed(first)])))) == {first, other}


def test_an_object_whose_last_row_is_a_tombstone_is_gone_and_one_that_came_back_is_there() -> None:
    here, gone = a_row("a"), a_row("a", flags=TOMBSTONE)
    assert merged([packed(here), packed(gone)]) == b""
    assert named(split(merged([packed(gone), packed(here)]))) == [here]


def test_objects_of_two_types_may_have_one_key() -> None:
    user, group = a_row("a", digest=b"z"), a_row("a", digest=b"a", type_code=GROUP)
    assert named(split(merged([packed(user), packed(group)]))) == [user, group]
    assert named(in_order([packed(group), packed(user)])) == [user, group]


def test_roots_of_packed_rows_are_made_of_the_leaves_of_the_page() -> None:
    prefixes = {code: leaf_prefix("tenant", "snapshot", name) for code, name in ((USER, "user"), (GROUP, "group"))}
    rows = sorted(
        a_row(f"o{number}", type_code=1 + number % 2, flags=number % 3 & SOFT_DELETED) for number in range(30)
    )
    found = packed_roots(packed(*rows), prefixes)
    for code, prefix in prefixes.items():
        assert found[code] == root([leaf(prefix, row) for row in rows if row.type_code == code]).hex()


def test_rows_are_counted_by_type_and_flags() -> None:
    rows = packed(a_row("a"), a_row("b"), a_row("c", type_code=GROUP, flags=SOFT_DELETED))
    assert kinds(rows) == {(USER, 0): 2, (GROUP, SOFT_DELETED): 1}


def test_counting_by_columns_is_counting_row_by_row() -> None:
    chance = random.Random(5)
    for size in (0, 1, 2, 50):
        kind_of = [(chance.choice([1, 2, 255]), chance.choice([0, 0, TOMBSTONE, SOFT_DELETED, 3])) for _ in range(size)]
        rows = [a_row(f"o{at}", type_code=code, flags=flags) for at, (code, flags) in enumerate(kind_of)]
        assert kinds(packed(*rows)) == Counter(kind_of)
        for flag in (TOMBSTONE, SOFT_DELETED):
            assert named(flagged(packed(*rows), flag)) == [row for row in rows if row.flags & flag]


def test_two_objects_whose_keys_begin_alike_are_two_objects() -> None:
    one, two = (a_row("a")._replace(key=b"same start" + end * 6) for end in (b"1", b"2"))
    assert named(split(merged([packed(two), packed(one)]))) == [one, two]
    assert named(split(merged([packed(two), packed(one, two)]))) == [one, two]


def test_a_block_of_broken_rows_is_refused_by_file() -> None:
    with pytest.raises(IntegrityError, match=r"seg\.idx"):
        opened(compress(bytes(45)), name="seg.idx")


def test_the_rows_with_a_flag_are_found_among_all() -> None:
    deleted = a_row("b", type_code=GROUP, flags=SOFT_DELETED)
    rows = packed(a_row("a"), deleted, a_row("c", flags=TOMBSTONE))
    assert named(flagged(rows, SOFT_DELETED)) == [deleted]
    assert flagged(packed(a_row("a")), SOFT_DELETED) == []
