"""Which way a capture reads each type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.formats.manifests import TypeFacts
from shared.formats.merkle import type_root
from shared.jobs.ways import FIRST, NO_DELTA, SLACK, TOKEN_LIFE, Token, Way, all_full, way_of
from tests.support.builders import AT

TOKEN = Token("/users/delta?$deltatoken=a", AT)


def facts(entry: ObjectType = USER, **members: Any) -> TypeFacts:
    """Return what the state before says of a type that was read whole at AT."""
    known = TypeFacts(
        objects=1,
        soft_deleted=0,
        links={reference.name: 0 for reference in entry.references},
        select=entry.select if entry.sends_select else (),
        root=type_root(()),
        shard_roots=("",),
        full_at=AT,
    )
    return msgspec.structs.replace(known, **members)


def test_w1_a_type_goes_on_by_delta_with_a_known_and_young_token() -> None:
    way = way_of(USER, facts(), TOKEN, now=AT + timedelta(days=1), full_days=7)
    assert way == Way(way="delta", token=TOKEN.text)


def test_w1_a_token_is_used_to_the_end_of_its_life_and_not_after() -> None:
    for late, expected in ((timedelta(0), "delta"), (timedelta(seconds=1), "full")):
        assert way_of(USER, facts(), TOKEN, now=AT + TOKEN_LIFE + late, full_days=None).way == expected
    assert way_of(USER, facts(), None, now=AT, full_days=7).why == "the delta token of the state before is not known"
    assert timedelta(days=6) < TOKEN_LIFE < timedelta(days=7)


@pytest.mark.parametrize(
    "before",
    [
        facts(GROUP, select=GROUP.select[:-1]),
        facts(GROUP, select=(*GROUP.select, "assignedLabels")),
        facts(GROUP, links={"members": 0}),
        facts(GROUP, links={"members": 0, "owners": 0, "sponsors": 0}),
    ],
    ids=["a property more now", "one less", "a reference more now", "one less"],
)
def test_w2_a_type_of_which_other_things_are_captured_now_is_read_whole(before: TypeFacts) -> None:
    assert way_of(GROUP, facts(GROUP), TOKEN, now=AT, full_days=7).way == "delta"
    way = way_of(GROUP, before, TOKEN, now=AT, full_days=7)
    assert (way.way, way.why) == ("full", "other properties or references of it are captured now")


def test_w2_a_type_of_which_a_derived_type_can_be_read_again_is_read_whole() -> None:
    way = way_of(USER, facts(), TOKEN, now=AT, full_days=7, granted=["agentUser"])
    assert (way.way, way.why) == ("full", "the state before was taken without agentUser")


def test_w3_a_whole_reading_is_due_after_the_days_that_are_set_and_is_compared() -> None:
    due = AT + timedelta(days=3) - SLACK
    token = Token("t", due)
    assert way_of(USER, facts(), token, now=due, full_days=3).way == "delta"
    way = way_of(USER, facts(), token, now=due + timedelta(seconds=1), full_days=3)
    assert way == Way(why="a whole reading is due every 3 days", token="t", is_due=True)
    assert way_of(USER, facts(full_at=None), token, now=due, full_days=3).is_due


def test_w3_a_restore_point_never_makes_the_whole_reading() -> None:
    late = AT + timedelta(days=30)
    assert way_of(USER, facts(), Token("t", late), now=late, full_days=None).way == "delta"


def test_w4_a_type_without_delta_or_without_a_state_before_says_so() -> None:
    assert way_of(CONDITIONAL_ACCESS_POLICY, None, None, now=AT, full_days=7).why == NO_DELTA
    assert way_of(USER, None, TOKEN, now=AT, full_days=7).why == "the state before does not hold it"


def test_w4_one_reason_for_everything_leaves_types_without_delta_their_own() -> None:
    ways = {"user": Way(why=FIRST), "namedLocation": Way(why=NO_DELTA)}
    assert {name: way.why for name, way in all_full(ways, "a native recovery").items()} == {
        "user": "a native recovery",
        "namedLocation": NO_DELTA,
    }
