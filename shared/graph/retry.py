"""Decide whether a reply is the last word on a request, or after how many seconds to ask again.

Pure: the jitter is an argument. "Best practices to avoid getting throttled": wait as long as Retry-After says; refused
calls count against the quota, so nothing is ever repeated at once. Conditional Access sends no Retry-After.

Repeating is safe here for writes too: every write a recovery makes says what shall be (shared/ports.py, Write).
"""

from __future__ import annotations

import math

import msgspec

from shared.graph.exchange import NO_ANSWER

FAILURES_MAX = 6  # tries that may fail without a clear answer: about a minute of patience
THROTTLES_MAX = 40  # refusals that told us to wait; each wait is as long as Graph said
RETRY_AFTER_SECONDS_MAX = 300.0
BACKOFF_SECONDS_MAX = 60.0
CONFLICT_SECONDS = (1.0, 10.0)
CONDITIONAL_ACCESS_SECONDS = (1.0, 2.0)
UNCLEAR = frozenset({NO_ANSWER, 500, 502, 503, 504})
CONCURRENCY_CODE = "Directory_ConcurrencyViolation"


class Tries(msgspec.Struct, frozen=True):
    """What one request has been through: failures without a clear answer, and refusals that asked us to wait."""

    failures: int = 0
    throttles: int = 0

    @property
    def count(self) -> int:
        """How many times the request was repeated."""
        return self.failures + self.throttles


def retry_after(text: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, decimals too, within 0 to 300; None when it is unusable."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)


def after(
    status: int, *, code: str, conditional_access: bool, asked: float | None, tries: Tries, jitter: float
) -> float | None:
    """Return the seconds to wait before the request is repeated, None when the reply is final.

    `code` is Graph's error code, `asked` what `retry_after` made of the header, `jitter` a number in [0, 1).
    """
    assert 0.0 <= jitter < 1.0, jitter
    if not is_passing(status, code) or is_exhausted(tries, status):
        return None
    if asked is not None:
        return asked + jitter
    if status == 409:
        return _between(CONFLICT_SECONDS, jitter)
    if status == 429 and conditional_access:
        return _between(CONDITIONAL_ACCESS_SECONDS, jitter)
    return _backoff(tries.throttles if status == 429 else tries.failures, jitter)


def is_passing(status: int, code: str) -> bool:
    """Tell whether a reply speaks of a state that passes; 424 is a batch some of whose parts were refused."""
    return status in UNCLEAR or status in (424, 429) or (status == 409 and code == CONCURRENCY_CODE)


def is_exhausted(tries: Tries, status: int) -> bool:
    """Tell whether a request has been repeated often enough."""
    return tries.throttles >= THROTTLES_MAX if status == 429 else tries.failures >= FAILURES_MAX


def counted(tries: Tries, status: int) -> Tries:
    """Return `tries` with one more reply of `status` behind it."""
    if status == 429:
        return Tries(tries.failures, tries.throttles + 1)
    return Tries(tries.failures + 1, tries.throttles)


def _between(bounds: tuple[float, float], jitter: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * jitter


def _backoff(step: int, jitter: float) -> float:
    """Return 1, 2, 4 … seconds, each lengthened by up to its half."""
    return min(2.0 ** min(step, 16), BACKOFF_SECONDS_MAX) * (1 + jitter / 2)
