"""Bodies taken apart into members tell the same as bodies decoded whole, whatever is in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.types import BY_NAME, TYPES
from shared.compare.judge import Side, judge, updated
from shared.compare.members import LEARNT_MAX, Members
from shared.domain.changes import Json
from tests.properties.strategies import bodies, modest, values

known_by_id = st.sampled_from([entry for entry in TYPES if not entry.ends and not entry.identity])
extra = st.dictionaries(st.sampled_from(["extension_1", "a@odata.context", "displayName", "state"]), values)
pairs = known_by_id.flatmap(lambda entry: st.tuples(st.just(entry), bodies(entry), bodies(entry), extra, extra))


def encoded(body: Json) -> bytes:
    return msgspec.json.encode(body)


def rows(entry: Any, then: bytes, now: bytes) -> tuple[Any, Any]:
    """Return the row that the bodies give taken apart, and the one that they give whole."""
    members = Members(entry)
    for body in (then, now):
        members.learn(msgspec.json.decode(body))
    parted = members.parted(then, now)
    assert parted is not None
    target, current = (Side(msgspec.json.decode(body)) for body in (then, now))
    row = updated(entry, "id", parted.wanted, parted.present, parted.facts)
    return row, judge(entry, "id", target, current)


@modest
@given(pair=pairs)
def test_bodies_taken_apart_give_the_row_that_whole_bodies_give(pair: tuple[Any, Json, Json, Json, Json]) -> None:
    entry, then, now, more_then, more_now = pair
    apart, whole = rows(entry, encoded({**then, **more_then}), encoded({**now, **more_now}))
    assert apart == whole
    assert apart is None or list(apart.target) == list(whole.target)


USER = BY_NAME["user"]
SAME = b'{"id":"a","displayName":"b","x":1.0}'


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (b'{"id":"a","x":1}', b'{"id":"a","x":1.0}'),
        (b'{"id":"a","x":"\\u00e9"}', '{"id":"a","x":"é"}'.encode()),
        (b'{ "x" : [1, 2], "id":"a" }', b'{"id":"a","x":[2,1]}'),
        (b'{"id":"a","x":null}', b'{"id":"a"}'),
        (
            b'{"id":"a","employeeOrgData":{"division":"b","a@odata.type":"c"}}',
            b'{"id":"a","employeeOrgData":{"division":"b"}}',
        ),
    ],
)
def test_the_same_said_in_other_bytes_is_no_difference(then: bytes, now: bytes) -> None:
    assert rows(USER, then, now) == rows(USER, now, then) == (None, None)


@pytest.mark.parametrize(
    "bad", [b"", b"[]", b'{"id":', b'{"id":"\xff"}', b'{"unseen":1,"id":"a"}', b'{"id":' + b"[" * 100_000, b"{}"]
)
def test_a_body_that_cannot_be_taken_apart_is_left_to_be_decoded_whole(bad: bytes) -> None:
    members = Members(USER)
    members.learn(["id", "displayName", "x"])
    assert members.parted(SAME, SAME) is not None
    assert members.parted(SAME, bad) is None


def test_a_name_that_is_written_with_an_escape_is_not_learnt() -> None:
    members = Members(USER)
    members.learn(["id", 'x"', "y\n"])
    assert members.parted(SAME, SAME) is None
    assert members.parted(b'{"id":"a"}', b'{"id":"a"}') is None


def test_names_are_learnt_a_few_times_and_no_more() -> None:
    members = Members(USER)
    for number in range(LEARNT_MAX + 1):
        members.learn(["id", f"x{number}"])
    last, unseen = (encoded({"id": "a", f"x{number}": 1}) for number in (LEARNT_MAX - 1, LEARNT_MAX))
    assert members.parted(last, last) is not None
    assert members.parted(unseen, unseen) is None
