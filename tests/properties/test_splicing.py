"""An increment laid over sorted rows gives what reading it the obvious way gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats import splicing
from shared.formats.links import ADD, NOTHING, RESET, TAKE, apply_increment
from shared.formats.objects import KEY_AND_TYPE, ROW, TOMBSTONE, IndexRow
from shared.formats.packed import SOFT_DELETED
from shared.formats.splicing import of_references, spliced_index, spliced_links

KEYS = st.integers(0, 12).map(lambda number: bytes([number * 20]) * 16)
CODES = st.integers(1, 3)


def rows(*, flags: st.SearchStrategy[int]) -> st.SearchStrategy[list[IndexRow]]:
    """Return rows of a shard: one for each key and type code, in order."""
    row = st.builds(
        IndexRow, KEYS, st.binary(min_size=16, max_size=16), st.just(7), st.just(9), st.just(0), CODES, flags
    )
    return st.lists(row, unique_by=KEY_AND_TYPE, max_size=20).map(lambda some: sorted(some, key=KEY_AND_TYPE))


def links(operations: st.SearchStrategy[bytes]) -> st.SearchStrategy[set[bytes]]:
    """Return link rows with an operation each; one that resets names nobody."""
    row = st.tuples(CODES, KEYS, KEYS, operations)
    return st.sets(row.map(lambda one: bytes([one[0]]) + one[1] + (NOTHING if one[3] == RESET else one[2]) + one[3]))


@given(rows(flags=st.just(SOFT_DELETED)), rows(flags=st.sampled_from([0, TOMBSTONE])), st.frozensets(CODES))
def test_s1_the_index_is_the_bases_with_the_increments_rows_over_it(
    base: list[IndexRow], own: list[IndexRow], whole: frozenset[int]
) -> None:
    expected = {KEY_AND_TYPE(row): row for row in base if row.type_code not in whole}
    expected |= {KEY_AND_TYPE(row): row for row in own}
    living = sorted((row for row in expected.values() if not row.flags & TOMBSTONE), key=KEY_AND_TYPE)
    packed = b"".join(ROW.pack(*row) for row in base)
    found = spliced_index(packed, [ROW.pack(*row) for row in own], whole)
    assert found == b"".join(ROW.pack(*row) for row in living)


@given(
    links(st.just(b"")), links(st.sampled_from([ADD, TAKE, RESET])), st.frozensets(CODES), st.sampled_from([0, 1, 16])
)
def test_s1_the_links_are_the_bases_brought_up_to_date(
    base: set[bytes], own: set[bytes], whole: frozenset[int], taken_apart: int
) -> None:
    """Both ways: a source taken apart and put in order again, and rows put in their places one by one."""
    expected = {row for row in base if row[0] not in whole}
    apply_increment(expected, own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splicing, "TAKEN_APART", taken_apart)
        assert spliced_links(b"".join(sorted(base)), sorted(own), whole) == b"".join(sorted(expected))


@given(links(st.just(b"")), st.frozensets(CODES))
def test_the_rows_of_some_references_are_all_that_carry_their_codes(base: set[bytes], codes: frozenset[int]) -> None:
    expected = sorted(row for row in base if row[0] in codes)
    assert of_references(b"".join(sorted(base)), codes) == b"".join(expected)


@given(rows(flags=st.just(0)), links(st.just(b"")))
def test_s2_what_an_increment_does_not_speak_of_is_the_same_bytes(base: list[IndexRow], linked: set[bytes]) -> None:
    index, table = b"".join(ROW.pack(*row) for row in base), b"".join(sorted(linked))
    assert spliced_index(index, [], frozenset({99})) is index
    assert spliced_links(table, [], frozenset({99})) is table
