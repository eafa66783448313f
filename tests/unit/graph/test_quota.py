"""Requests cost what Graph's table says, and buckets let through no more than their quota."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph import quota
from shared.graph.quota import Bucket, Cost, Word
from shared.graph.settings import QuotaSettings

COSTS = [
    ("GET", "/users", Cost(read_units=2)),
    ("GET", "/users?$select=id&$top=999", Cost(read_units=1)),
    ("GET", "/users/a?$select=id", Cost(read_units=1)),
    ("GET", "/groups?$select=id&$expand=members($select=id)&$top=999", Cost(read_units=1)),
    ("GET", "/groups/g/members", Cost(read_units=3)),
    ("GET", "/groups/g/members?$select=id&$top=999", Cost(read_units=2)),
    ("GET", "/groups/g/members?$select=id&$top=5", Cost(read_units=1)),
    ("GET", "/groups/g/transitiveMembers", Cost(read_units=5)),
    ("GET", "/users/delta?$deltatoken=x", Cost(read_units=1)),
    ("GET", "/servicePrincipals/s/appRoleAssignments", Cost(read_units=2)),
    ("GET", "/subscribedSkus", Cost(read_units=3)),
    ("POST", "/directoryObjects/getByIds", Cost(read_units=5)),
    ("POST", "/directoryObjects/getByIds?$select=id", Cost(read_units=2)),
    ("PATCH", "/users/a", Cost(read_units=1, writes=1)),
    ("DELETE", "/groups/g/members/a/$ref", Cost(read_units=1, writes=1)),
    ("POST", "/directory/deletedItems/a/restore", Cost(read_units=1, writes=1)),
    ("GET", "/identity/conditionalAccess/policies", Cost(conditional_access=1)),
    ("PATCH", "/identity/conditionalAccess/namedLocations/a", Cost(conditional_access=1)),
    ("GET", "/identity/conditionalAccess/deletedItems/policies", Cost(conditional_access=1)),
    ("POST", "/identity/conditionalAccess/deletedItems/namedLocations/a/restore", Cost(conditional_access=1)),
    ("GET", "/identity/conditionalAccess/authenticationContextClassReferences", Cost(read_units=1)),
]


@pytest.mark.parametrize(("method", "tail", "cost"), COSTS)
def test_a_request_costs_what_the_table_says(method: str, tail: str, cost: Cost) -> None:
    assert quota.cost_of(method, tail) == cost


def spend(bucket: Bucket, tokens: float, now: float) -> tuple[Bucket, float]:
    """Return the bucket after someone waited for `tokens` and took them, and when that was."""
    at = now + quota.shortage(bucket, tokens, now)
    return quota.taken(bucket, tokens, at), at


@given(
    capacity=st.integers(1, 50),
    rate=st.floats(0.1, 50),
    asks=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 5)), max_size=60),
)
def test_q1_a_bucket_lets_through_its_capacity_and_what_refills(
    capacity: int, rate: float, asks: list[tuple[float, int]]
) -> None:
    bucket, now = quota.full(capacity, rate, 0.0), 0.0
    passed: list[tuple[float, int]] = []
    for pause, tokens in asks:
        bucket, now = spend(bucket, tokens, now + pause)
        passed.append((now, tokens))
    for first, (start, _) in enumerate(passed):
        sent = 0.0
        for at, tokens in passed[first:]:
            sent += tokens
            assert sent <= capacity + (at - start) * rate + 5 + 1e-6


@given(st.floats(0, 300), st.floats(0, 400), st.integers(1, 20))
def test_q2_after_a_refusal_nothing_passes_before_the_time_graph_named(
    seconds: float, later: float, tokens: int
) -> None:
    bucket = quota.paused(quota.full(20, 1.0, 0.0), 0.0, seconds)
    assert later + quota.shortage(bucket, tokens, later) >= seconds - 1e-9


@given(used=st.floats(0.8, 1.8), taken=st.floats(0, 100), on_its_way=st.floats(0, 50))
def test_q3_what_graph_says_is_used_is_not_ours_to_spend(used: float, taken: float, on_its_way: float) -> None:
    bucket = quota.taken(quota.full(95, 10.0, 0.0), taken, 0.0)
    told = quota.told(bucket, Word(used=used), on_its_way, 0.0)
    assert told.level <= max(0.0, (1 - used) * 100 - on_its_way) + 1e-9


def test_a_shorter_refusal_does_not_end_a_longer_one() -> None:
    bucket = quota.paused(quota.paused(quota.full(20, 1.0, 0.0), 0.0, 30), 1.0, 2)
    assert quota.shortage(bucket, 1, 1.0) >= 29


def test_conditional_access_keeps_more_than_a_second_between_any_two() -> None:
    bucket, now = quota.buckets(QuotaSettings(), 0.0)["conditional_access"], 0.0
    times = []
    for _ in range(5):
        bucket, now = spend(bucket, 1, now)
        times.append(now)
    assert times == pytest.approx([0.0, 1.05, 2.1, 3.15, 4.2])


def test_a_request_that_cost_more_than_expected_is_charged_the_rest() -> None:
    bucket = quota.taken(quota.full(10, 1.0, 0.0), 1, 0.0)
    assert quota.corrected(bucket, expected=1, actual=4).level == 6


@pytest.mark.parametrize(("used", "speed"), [(None, 1.0), (0.79, 1.0), (0.8, 0.7), (1.0, 0.3), (1.8, 0.1)])
def test_the_nearer_the_limit_the_slower(used: float | None, speed: float) -> None:
    assert quota.told(quota.full(100, 10.0, 0.0), Word(used=used), 0, 0.0).speed == speed


def test_where_graph_says_nothing_a_part_of_the_limit_is_known_to_be_free() -> None:
    empty = quota.taken(quota.full(100, 10.0, 0.0), 100, 0.0)
    assert quota.told(empty, Word(), 5, 0.0).level == pytest.approx(10)
    assert quota.told(empty, Word(may_gain=False), 5, 0.0).level == 0


def test_each_refusal_halves_the_speed_and_quiet_answers_bring_it_back() -> None:
    bucket = quota.full(100, 10.0, 0.0)
    for _ in range(3):
        bucket = quota.told(bucket, Word(used=1.8, is_refusal=True), 0, 0.0)
    assert bucket.speed == 1 / 8
    for _ in range(20):
        bucket = quota.told(bucket, Word(), 0, 0.0)
    assert bucket.speed == 1.0
