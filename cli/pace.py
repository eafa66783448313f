"""How fast a job goes and how long it will take, from what it said at which second.

Pure: seconds are arguments. The rate is that of the last half minute, so it follows a job that speeds up or is
throttled; before two different moments are known there is none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_SECONDS = 30.0


@dataclass(frozen=True)
class Standing:
    """Where a job stands; `planned`, `per_second` and `seconds_left` are None while nobody can know them."""

    status: str
    done: int
    planned: int | None
    elapsed_seconds: float
    per_second: float | None
    seconds_left: float | None


class Pace:
    """The recent past of one job."""

    def __init__(self, now: float) -> None:
        """Begin to watch at second `now`."""
        self._began, self._seen = now, deque[tuple[float, int]]()

    def standing(self, now: float, *, status: str, done: int, planned: int | None) -> Standing:
        """Return the standing at second `now`, and remember it."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()  # it counts something else now: a recovery reads first and changes then
        self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        seconds, amount = now - self._seen[0][0], done - self._seen[0][1]
        rate = amount / seconds if seconds > 0 else None
        left = (planned - done) / rate if planned is not None and rate else None
        return Standing(status, done, planned, now - self._began, rate, left)
