"""Decide what becomes of a queue message: when to fetch, how long to wait, what to do before and after a call.

Pure. The rules are those of "Azure Queue storage trigger for Azure Functions": a batch is fetched when the calls
running have come down to the threshold, an idle queue is polled ever more rarely, a failed message becomes visible
again, and one that was delivered `maxDequeueCount` times goes to the poison queue. What the page leaves out follows
QueueProcessor of the WebJobs SDK: a message over the count is not called any more, a poison queue has no poison queue.
"""

import base64
import binascii
from enum import Enum

from local.host.settings import QueueOptions

POISON_SUFFIX = "-poison"
_POLLING_SECONDS_MIN = 0.1
_BACKOFF_FACTOR = 2


class Verdict(Enum):
    """What to do with a message."""

    CALL = "call the function"
    DELETE = "delete it"
    RELEASE = "make it visible again after visibilityTimeout"
    POISON = "move it to the poison queue"
    LEAVE = "leave it hidden until its lease ends"


def poison_queue_of(queue_name: str) -> str | None:
    """Return the name of a queue's poison queue; a poison queue itself has none."""
    return None if queue_name.endswith(POISON_SUFFIX) else queue_name + POISON_SUFFIX


def messages_wanted(running: int, options: QueueOptions) -> int:
    """Return how many messages to ask for while `running` calls go on: a whole batch, or none."""
    return options.batch_size if running <= options.new_batch_threshold else 0


def next_wait_seconds(previous_seconds: float, *, found: bool, options: QueueOptions) -> float:
    """Return how long to wait before asking again: shortest after a message, doubling while the queue is empty."""
    shortest = min(_POLLING_SECONDS_MIN, options.polling_seconds_max)
    if found:
        return shortest
    return min(max(previous_seconds * _BACKOFF_FACTOR, shortest), options.polling_seconds_max)


def before_call(dequeue_count: int, options: QueueOptions, *, has_poison_queue: bool) -> Verdict:
    """Return CALL, unless the message's last permitted delivery ended without an answer (a crash)."""
    return Verdict.CALL if dequeue_count <= options.max_dequeue_count else set_aside(has_poison_queue=has_poison_queue)


def after_call(dequeue_count: int, options: QueueOptions, *, succeeded: bool, has_poison_queue: bool) -> Verdict:
    """Return what a call's end means for its message.

    Without a poison queue a failed message stays hidden for its whole lease, which prevents a fast endless loop.
    """
    if succeeded:
        return Verdict.DELETE
    if not has_poison_queue or dequeue_count >= options.max_dequeue_count:
        return set_aside(has_poison_queue=has_poison_queue)
    return Verdict.RELEASE


def set_aside(*, has_poison_queue: bool) -> Verdict:
    """Return what becomes of a message no further call can help: too often failed, or unreadable."""
    return Verdict.POISON if has_poison_queue else Verdict.LEAVE


def message_bytes(content: str, options: QueueOptions) -> bytes:
    """Return the body a stored message text stands for; ValueError when it is not the base64 it must be."""
    if not options.is_base64:
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the message text is not base64 ({error}); host.json says messageEncoding base64") from None
