"""Bodies taken apart into members tell the same as bodies decoded whole, whatever is in them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import BY_NAME, TYPES
from shared.compare.judge import Side, judge, updated
from shared.compare.members import LEARNT_MAX, Members
from shared.compare.values import differing
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


# Names that begin alike, that Graph adds, and that every report asks for; the catalogue's own come with the entry.
NAMES = ["x", "xx", "x1", "displayName", "onPremisesSyncEnabled", "onPremisesSyncBehavior", "x@odata.context"]
BLANKS = ["", "", " ", "\n\t "]


def spelled(value: Any, by: Random) -> str:
    """Return JSON for the value in one of its many spellings: blanks anywhere, and any character as an escape."""
    blank = by.choice(BLANKS)
    if isinstance(value, dict):
        inner = ",".join(f"{spelled(name, by)}:{spelled(part, by)}" for name, part in value.items())
        return f"{blank}{{{inner}}}{blank}"
    if isinstance(value, list):
        return f"{blank}[{','.join(spelled(part, by) for part in value)}]{blank}"
    if isinstance(value, str):
        return f'{blank}"{"".join(escaped(one) if by.random() < 0.3 else plainly(one) for one in value)}"{blank}'
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f"{blank}{float(value) if is_number and by.random() < 0.2 else json.dumps(value)}{blank}"


def escaped(one: str) -> str:
    """Return a character as the escapes of its UTF-16 units."""
    return "".join(f"\\u{unit:04x}" for unit in memoryview(one.encode("utf-16-le")).cast("H"))


def plainly(one: str) -> str:
    """Return a character as JSON is usually written."""
    return json.dumps(one, ensure_ascii=False)[1:-1]


@st.composite
def hostile(draw: st.DrawFn) -> tuple[ObjectType, bytes, bytes]:
    """Return a type and two bodies: of the second, members were dropped, put in, replaced, moved or said twice."""
    entry = draw(known_by_id)
    names = st.sampled_from([*NAMES, *(known.name for known in entry.properties if known.name != "id")])
    texts = values | st.text('"\\,:{}[]é😀 a', max_size=6)
    then = [("id", "a"), *draw(st.lists(st.tuples(names, texts), max_size=6))]
    now = list(then)
    for name, value in draw(st.lists(st.tuples(names, texts), max_size=3)):
        at = draw(st.integers(0, len(now)))
        now[at : at + draw(st.integers(0, 1))] = [(name, value)] * draw(st.integers(0, 2))
    by = Random(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        by.shuffle(now)
    if "id" not in dict(now):
        now.append(("id", "a"))

    def body(members: list[tuple[str, Any]]) -> bytes:
        # A name is spelled plainly, as Graph does; one with an escape is not among those that were learnt.
        return ("{" + ",".join(f'"{name}":{spelled(value, by)}' for name, value in members) + "}").encode()

    return entry, body(then), body(now)


@modest
@given(pair=hostile())
def test_however_bodies_are_spelled_they_give_the_row_that_whole_bodies_give(
    pair: tuple[ObjectType, bytes, bytes],
) -> None:
    entry, then, now = pair
    apart, whole = rows(entry, then, now)
    assert apart == whole
    assert apart is None or list(apart.target) == list(whole.target)
    assert rows(entry, now, then)[0] == rows(entry, now, then)[1]


@modest
@given(pair=hostile(), known=hostile())
def test_what_a_type_showed_before_does_not_matter(
    pair: tuple[ObjectType, bytes, bytes], known: tuple[ObjectType, bytes, bytes]
) -> None:
    entry, then, now = pair
    members = Members(entry)
    for body in (*known[1:], then, now):
        members.learn(msgspec.json.decode(body))
    parted = members.parted(then, now)
    assert parted is not None
    assert (parted.wanted, parted.present) == differing(entry, msgspec.json.decode(then), msgspec.json.decode(now))


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
    members.learn(dict.fromkeys(["id", "displayName", "x"]))
    assert members.parted(SAME, SAME) is not None
    assert members.parted(SAME, bad) is None


def test_what_only_some_kinds_have_is_no_difference_where_a_body_was_not_asked_for_it() -> None:
    agent, other = b'{"id":"a","agentIdentityBlueprintId":"b"}', b'{"id":"a","agentIdentityBlueprintId":null}'
    principal = BY_NAME["servicePrincipal"]
    assert rows(principal, agent, b'{"id":"a"}') == rows(principal, b'{"id":"a"}', agent) == (None, None)
    apart, whole = rows(principal, agent, other)
    assert apart == whole
    assert apart is not None
    assert apart.current == {"agentIdentityBlueprintId": None}


def test_a_name_that_is_written_with_an_escape_is_not_learnt() -> None:
    members = Members(USER)
    members.learn({"id": "a", 'x"': 1, "y\n": 1})
    assert members.parted(SAME, SAME) is None
    assert members.parted(b'{"id":"a"}', b'{"id":"a"}') is None


def test_names_are_learnt_a_few_times_and_no_more() -> None:
    members = Members(USER)
    for number in range(LEARNT_MAX + 1):
        members.learn({"id": "a", f"x{number}": 1})
    last, unseen = (encoded({"id": "a", f"x{number}": 1}) for number in (LEARNT_MAX - 1, LEARNT_MAX))
    assert members.parted(last, last) is not None
    assert members.parted(unseen, unseen) is None
