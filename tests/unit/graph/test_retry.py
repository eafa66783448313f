"""What is repeated, after how long, and how often."""

from __future__ import annotations

import pytest

from shared.graph import retry
from shared.graph.exchange import NO_ANSWER
from shared.graph.retry import Tries


def wait(
    status: int,
    *,
    code: str = "",
    conditional_access: bool = False,
    asked: float | None = None,
    tries: Tries = Tries(),  # noqa: B008 - an immutable value
    jitter: float = 0.5,
) -> float | None:
    """Return the decision, with what a test does not name left at its plainest."""
    return retry.after(
        status, code=code, conditional_access=conditional_access, asked=asked, tries=tries, jitter=jitter
    )


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 404, 409, 410, 412, 501])
def test_a_clear_answer_is_final(status: int) -> None:
    assert wait(status) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        ("17", 17.0),
        ("300", 300.0),
        ("86400", 300.0),
        ("-5", 0.0),
        ("1e9", 300.0),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_with_decimals_and_held_within_its_bounds(text: str | None, seconds: float | None) -> None:
    assert retry.retry_after(text) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_graph_names_is_never_shortened_and_not_all_come_back_at_once(status: int) -> None:
    waits = [wait(status, asked=12.5, jitter=jitter) for jitter in (0.0, 0.5, 0.99)]
    assert waits == [12.5, 13.0, 13.49]


def test_conditional_access_waits_one_to_two_seconds_when_nothing_is_named() -> None:
    assert [wait(429, conditional_access=True, jitter=jitter) for jitter in (0.0, 0.5)] == [1.0, 1.5]


@pytest.mark.parametrize("status", [NO_ANSWER, 424, 429, 500, 502, 503, 504])
def test_without_a_named_wait_each_one_is_longer_and_none_is_zero(status: int) -> None:
    tries = Tries()
    waits: list[float] = []
    while (seconds := wait(status, tries=tries)) is not None and len(waits) < 5:
        waits.append(seconds)
        tries = retry.counted(tries, status)
    assert waits == [1.25, 2.5, 5.0, 10.0, 20.0]


@pytest.mark.parametrize(("status", "limit"), [(NO_ANSWER, retry.FAILURES_MAX), (503, 6), (429, retry.THROTTLES_MAX)])
def test_patience_has_a_named_end(status: int, limit: int) -> None:
    tries, count = Tries(), 0
    while wait(status, tries=tries) is not None:
        tries = retry.counted(tries, status)
        count += 1
    assert count == limit == tries.count


def test_being_throttled_uses_up_none_of_the_patience_with_failures() -> None:
    assert wait(503, tries=Tries(failures=0, throttles=retry.THROTTLES_MAX)) == 1.25


def test_two_writers_on_one_object_try_again_in_one_to_ten_seconds() -> None:
    waits = [wait(409, code="Directory_ConcurrencyViolation", jitter=jitter) for jitter in (0.0, 0.5)]
    assert waits == [1.0, 5.5]
    assert wait(409, code="ObjectConflict") is None
