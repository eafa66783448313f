"""Two sorted tables side by side, against a dictionary of each."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from shared.compare.merge import unlike
from tests.properties.strategies import modest

WIDTH, KEY_BYTES = 4, 3
tables = st.dictionaries(st.integers(0, 40), st.integers(0, 2), max_size=40)


def table(rows: dict[int, int]) -> bytes:
    return b"".join(key.to_bytes(KEY_BYTES, "big") + bytes([value]) for key, value in sorted(rows.items()))


def found(left: dict[int, int], right: dict[int, int]) -> dict[int, tuple[int | None, int | None]]:
    keys = sorted(left), sorted(right)
    places = list(unlike(table(left), table(right), width=WIDTH, key_bytes=KEY_BYTES))
    named = [(keys[0][at] if at >= 0 else None, keys[1][on] if on >= 0 else None) for at, on in places]
    assert all(ours is None or theirs is None or ours == theirs for ours, theirs in named)
    order = [theirs if ours is None else ours for ours, theirs in named]
    assert order == sorted(set(order), key=lambda key: -1 if key is None else key)
    return {
        (theirs if ours is None else ours) or 0: (
            left.get(ours) if ours is not None else None,
            right.get(theirs) if theirs is not None else None,
        )
        for ours, theirs in named
    }


def expected(left: dict[int, int], right: dict[int, int]) -> dict[int, tuple[int | None, int | None]]:
    return {key: (left.get(key), right.get(key)) for key in {*left, *right} if left.get(key) != right.get(key)}


@modest
@given(left=tables, right=tables)
def test_the_rows_that_differ_are_those_a_dictionary_of_each_side_tells(
    left: dict[int, int], right: dict[int, int]
) -> None:
    assert found(left, right) == expected(left, right)


def test_few_and_many_differences_in_long_tables_are_all_found() -> None:
    chance = random.Random(7)
    for changed in (0, 1, 3, 500, 5000):
        left = dict.fromkeys(range(0, 10000, 2), 0)
        right = dict(left)
        for _time in range(changed):
            key = chance.randrange(10_000)
            if key in right and chance.random() < 0.5:
                del right[key]
            else:
                right[key] = 1
        assert found(left, right) == expected(left, right)
