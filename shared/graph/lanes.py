"""Deal writes into batches so that no object has two writers: a lane lends out its first write and waits for it.

Pure bookkeeping: it knows places in a list of writes, not what they are.

Promises (tests/unit/graph/test_lanes.py):
  N1  the writes of one lane are lent out one at a time, in the order given
  N2  lanes take turns: a lane is served again only after every other ready lane was
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class Lanes:
    """The writes still to be sent, by lane, and which lanes are free to lend their next one."""

    def __init__(self, lane_of: Iterable[tuple[int, str]]) -> None:
        self._queues: dict[str, deque[int]] = {}
        self._lane_of: dict[int, str] = {}
        for place, lane in lane_of:
            self._queues.setdefault(lane, deque()).append(place)
            self._lane_of[place] = lane
        self._ready = deque(self._queues)

    @property
    def has_ready(self) -> bool:
        """Whether some lane could lend a write now."""
        return bool(self._ready)

    @property
    def is_finished(self) -> bool:
        """Whether every write has been finished."""
        return not self._queues

    def lend(self, count: int) -> list[int]:
        """Return the next write of up to `count` lanes; each of those lanes waits until it is given back."""
        return [self._queues[self._ready.popleft()][0] for _ in range(min(count, len(self._ready)))]

    def finish(self, place: int) -> None:
        """Take back a write that has its last answer; its lane may lend the next one."""
        lane = self._lane_of[place]
        queue = self._queues[lane]
        assert queue[0] == place, (queue, place)
        queue.popleft()
        if queue:
            self._ready.append(lane)
        else:
            del self._queues[lane]

    def give_back(self, place: int) -> None:
        """Take back a write that is to be sent again; its lane lends the same one."""
        lane = self._lane_of[place]
        assert self._queues[lane][0] == place, place
        self._ready.append(lane)
