"""Requests cost what Graph's table says, and buckets let through no more than their quota."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph import quota
from shared.graph.quota import Cost
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
        now += pause
        bucket, wait = quota.take(bucket, tokens, now)
        passed.append((now + wait, tokens))
    for at, _ in passed:
        for start, _ in passed:
            if start <= at:
                sent = sum(tokens for moment, tokens in passed if start <= moment <= at)
                assert sent <= capacity + (at - start) * rate + 5 + 1e-6


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 5)), min_size=2, max_size=40))
def test_q2_who_asks_first_is_served_first(asks: list[tuple[float, int]]) -> None:
    bucket, now, served = quota.full(3, 1.0, 0.0), 0.0, 0.0
    for pause, tokens in asks:
        now += pause
        bucket, wait = quota.take(bucket, tokens, now)
        assert now + wait >= served - 1e-9
        served = now + wait


@given(st.floats(0, 300), st.floats(0, 400), st.integers(1, 20))
def test_q3_after_a_refusal_nothing_passes_before_the_time_graph_named(
    seconds: float, later: float, tokens: int
) -> None:
    bucket = quota.paused(quota.full(20, 1.0, 0.0), 0.0, seconds)
    _, wait = quota.take(bucket, tokens, later)
    assert later + wait >= seconds - 1e-9


def test_a_shorter_refusal_does_not_end_a_longer_one() -> None:
    bucket = quota.paused(quota.paused(quota.full(20, 1.0, 0.0), 0.0, 30), 1.0, 2)
    assert quota.take(bucket, 1, 1.0)[1] >= 29


def test_conditional_access_keeps_more_than_a_second_between_any_two() -> None:
    bucket = quota.buckets(QuotaSettings(), 0.0)["conditional_access"]
    times = []
    for _ in range(5):
        bucket, wait = quota.take(bucket, 1, 0.0)
        times.append(wait)
    assert times == pytest.approx([0.0, 1.05, 2.1, 3.15, 4.2])


def test_a_request_that_cost_more_than_expected_is_charged_the_rest() -> None:
    bucket, _ = quota.take(quota.full(10, 1.0, 0.0), 1, 0.0)
    assert quota.corrected(bucket, expected=1, actual=4).level == 6


@pytest.mark.parametrize(("used", "speed"), [(None, 1.0), (0.79, 1.0), (0.8, 0.7), (1.0, 0.3), (1.8, 0.1)])
def test_the_nearer_the_limit_the_slower(used: float | None, speed: float) -> None:
    assert quota.braked(quota.full(100, 10.0, 0.0), used).speed == speed


def test_what_other_apps_used_is_no_longer_ours_to_spend() -> None:
    assert quota.braked(quota.full(100, 10.0, 0.0), 0.9).level == pytest.approx(10)
