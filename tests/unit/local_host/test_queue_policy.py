"""What becomes of a queue message, and when the next one is asked for."""

import base64

import pytest

from local.host.queue_policy import (
    Verdict,
    after_call,
    before_call,
    message_bytes,
    messages_wanted,
    next_wait_seconds,
    poison_queue_of,
)
from local.host.settings import QueueOptions


def options(*, is_base64: bool = True, new_batch_threshold: int = 2, polling_seconds_max: float = 5) -> QueueOptions:
    return QueueOptions(
        batch_size=4,
        new_batch_threshold=new_batch_threshold,
        max_dequeue_count=3,
        visibility_seconds=30,
        polling_seconds_max=polling_seconds_max,
        is_base64=is_base64,
    )


@pytest.mark.parametrize(("running", "wanted"), [(0, 4), (2, 4), (3, 0), (6, 0)])
def test_a_batch_is_fetched_once_running_calls_are_down_to_the_threshold(running: int, wanted: int) -> None:
    assert messages_wanted(running, options()) == wanted


def test_an_idle_queue_is_asked_ever_more_rarely_up_to_the_limit() -> None:
    waits = [0.0]
    for _ in range(8):
        waits.append(next_wait_seconds(waits[-1], found=False, options=options()))
    assert waits[1:] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]


def test_a_message_found_makes_the_next_wait_shortest_again() -> None:
    assert next_wait_seconds(5, found=True, options=options()) == 0.1
    assert next_wait_seconds(5, found=True, options=options(polling_seconds_max=0.05)) == 0.05


@pytest.mark.parametrize(
    ("dequeue_count", "has_poison_queue", "verdict"),
    [
        (1, True, Verdict.CALL),
        (3, True, Verdict.CALL),
        (4, True, Verdict.POISON),
        (3, False, Verdict.CALL),
        (4, False, Verdict.LEAVE),
    ],
)
def test_a_message_whose_last_delivery_crashed_is_not_called_again(
    dequeue_count: int, has_poison_queue: bool, verdict: Verdict
) -> None:
    assert before_call(dequeue_count, options(), has_poison_queue=has_poison_queue) is verdict


@pytest.mark.parametrize(
    ("dequeue_count", "succeeded", "has_poison_queue", "verdict"),
    [
        (1, True, True, Verdict.DELETE),
        (9, True, False, Verdict.DELETE),
        (1, False, True, Verdict.RELEASE),
        (2, False, True, Verdict.RELEASE),
        (3, False, True, Verdict.POISON),
        (1, False, False, Verdict.LEAVE),
    ],
)
def test_the_end_of_a_call_decides_about_its_message(
    dequeue_count: int, succeeded: bool, has_poison_queue: bool, verdict: Verdict
) -> None:
    assert after_call(dequeue_count, options(), succeeded=succeeded, has_poison_queue=has_poison_queue) is verdict


def test_a_poison_queue_has_no_poison_queue() -> None:
    assert poison_queue_of("recover") == "recover-poison"
    assert poison_queue_of("recover-poison") is None


def test_a_message_text_is_base64_unless_host_json_says_none() -> None:
    assert message_bytes(base64.b64encode(b"\x00\xff").decode(), options()) == b"\x00\xff"
    assert message_bytes("plain", options(is_base64=False)) == b"plain"
    with pytest.raises(ValueError, match="not base64"):
        message_bytes("{}", options())
