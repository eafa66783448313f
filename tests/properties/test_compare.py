"""Comparing is honest both ways: a state against itself is silent, and two states say the same from either side."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.compare.judge import Side, judge
from shared.compare.shards import Indexes, link_differences
from shared.compare.values import differing, same, stated, unordered
from shared.domain.changes import Action, Json
from shared.domain.ids import object_key
from shared.formats.objects import KEY_AND_TYPE, ROW, SOFT_DELETED, IndexRow
from tests.properties.strategies import bodies, entries, modest, object_ids, values

pairs = entries.flatmap(lambda entry: st.tuples(st.just(entry), bodies(entry), bodies(entry)))
index_rows = st.builds(
    IndexRow,
    key=object_ids.map(object_key),
    digest=st.sampled_from([b"a" * 16, b"b" * 16]),
    offset=st.integers(0, 9),
    length=st.just(1),
    line=st.just(0),
    type_code=st.sampled_from([1, 2]),
    flags=st.sampled_from([0, SOFT_DELETED]),
)
link_rows = st.sets(
    st.tuples(st.sampled_from([1, 2]), object_ids, object_ids).map(
        lambda link: bytes([link[0]]) + object_key(link[1]) + object_key(link[2])
    ),
    max_size=12,
)
hidden_keys = st.sets(object_ids.map(object_key), max_size=3)


def packed(rows: list[IndexRow]) -> bytes:
    """Return the rows as an index block; of rows under one key the last counts."""
    return b"".join(ROW.pack(*row) for _key, row in sorted({KEY_AND_TYPE(row): row for row in rows}.items()))


def table(rows: set[bytes]) -> bytes:
    """Return link rows as a block."""
    return b"".join(sorted(rows))


def shuffled(value: Any, seed: int) -> Any:
    """Return `value` with every collection in another order."""
    if isinstance(value, dict):
        return {name: shuffled(inner, seed) for name, inner in reversed(value.items())}
    if isinstance(value, list):
        return random.Random(seed).sample([shuffled(inner, seed) for inner in value], len(value))
    return value


@modest
@given(pair=pairs, is_deleted=st.booleans())
def test_an_object_compared_with_itself_is_never_a_difference(pair: tuple[Any, Json, Json], is_deleted: bool) -> None:
    entry, body, _other = pair
    side = Side(body, is_deleted=is_deleted)
    assert differing(entry, body, dict(body)) == ({}, {})
    assert judge(entry, body["id"], side, side) is None


@modest
@given(value=values, seed=st.integers(0, 100))
def test_another_order_of_a_set_is_never_a_difference(value: Any, seed: int) -> None:
    assert same(value, shuffled(value, seed), is_set=True)
    assert same(shuffled(value, seed), value, is_set=True)


@modest
@given(left=values, right=values)
def test_being_the_same_does_not_depend_on_the_side(left: Any, right: Any) -> None:
    for is_set in (True, False):
        assert same(left, right, is_set=is_set) == same(right, left, is_set=is_set)


@modest
@given(value=values)
def test_what_a_write_carries_means_what_was_read(value: Any) -> None:
    assert same(stated(value), value, is_set=False)
    assert stated(stated(value)) == stated(value)
    assert unordered(unordered(value)) == unordered(value)


@modest
@given(pair=pairs)
def test_two_states_differ_in_the_same_properties_from_either_side(pair: tuple[Any, Json, Json]) -> None:
    entry, target, current = pair
    wanted, present = differing(entry, target, current)
    assert (present, wanted) == differing(entry, current, target)
    assert set(wanted) == set(present)


@modest
@given(pair=pairs)
def test_writing_what_differs_leaves_nothing_that_differs(pair: tuple[Any, Json, Json]) -> None:
    entry, target, current = pair
    wanted, _present = differing(entry, target, current)
    assert differing(entry, target, {**current, **wanted}) == ({}, {})


@modest
@given(pair=pairs, deleted=st.tuples(st.booleans(), st.booleans()))
def test_what_one_side_lacks_the_other_side_has_too_much(
    pair: tuple[Any, Json, Json], deleted: tuple[bool, bool]
) -> None:
    entry, one, other = pair
    assume(deleted[0] != deleted[1])
    first, second = Side(one, is_deleted=deleted[0]), Side(other, is_deleted=deleted[1])
    rows = [judge(entry, one["id"], first, second), judge(entry, one["id"], second, first)]
    assert {row.action for row in rows if row} == {Action.RESTORE, Action.SOFT_DELETE}


@modest
@given(left=st.lists(index_rows, max_size=8), right=st.lists(index_rows, max_size=8))
def test_the_objects_that_need_a_look_are_the_same_from_either_side(
    left: list[IndexRow], right: list[IndexRow]
) -> None:
    before, now = packed(left), packed(right)
    forth, back = Indexes(before, now).suspects(), Indexes(now, before).suspects()
    assert {key: (pair[1], pair[0]) for key, pair in forth.items()} == back
    assert Indexes(before, before).suspects() == {}


@modest
@given(left=st.lists(index_rows, max_size=8), right=st.lists(index_rows, max_size=8))
def test_the_objects_that_need_a_look_are_those_that_a_dictionary_of_each_side_tells(
    left: list[IndexRow], right: list[IndexRow]
) -> None:
    sides = [{KEY_AND_TYPE(row): row for row in rows} for rows in (left, right)]
    stated = [{key: (row.digest, row.flags) for key, row in side.items()} for side in sides]
    differing_keys = {key for key in {*sides[0], *sides[1]} if stated[0].get(key) != stated[1].get(key)}
    indexes = Indexes(packed(left), packed(right))
    found = indexes.suspects()
    assert list(found) == sorted(differing_keys)
    assert all(pair == (sides[0].get(key), sides[1].get(key)) for key, pair in found.items())
    assert all(indexes.pair(key) == (sides[0].get(key), sides[1].get(key)) for key in {*sides[0], *sides[1]})
    assert all(indexes.know(key) for key in {*sides[0], *sides[1]})
    assert not indexes.know((bytes(16), 1))


@modest
@given(left=link_rows, right=link_rows, then=hidden_keys, now=hidden_keys)
def test_a_link_to_add_from_one_side_is_one_to_remove_from_the_other(
    left: set[bytes], right: set[bytes], then: set[bytes], now: set[bytes]
) -> None:
    forth = link_differences(table(left), table(right), target_deleted=then, current_deleted=now)
    back = link_differences(table(right), table(left), target_deleted=now, current_deleted=then)
    mirror = {Action.LINK: Action.UNLINK, Action.UNLINK: Action.LINK}
    assert {
        (key, link.reference, link.other_id, mirror[link.action]) for key, some in forth.items() for link in some
    } == {(key, link.reference, link.other_id, link.action) for key, some in back.items() for link in some}
    assert link_differences(table(left), table(left), target_deleted=then, current_deleted=now) == {}
