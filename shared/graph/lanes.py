"""Deal writes into batches so that no object has two writers: a lane lends out its first write and waits for it.

Pure bookkeeping: it knows places in a list of writes, not what they are. Several lists may be dealt side by side; a
lane that two of them have belongs to the list that came first, until that has none of its writes left.

Promises (tests/unit/graph/test_lanes.py):
  N1  the writes of one lane are lent out one at a time, in the order given
  N2  lanes take turns: a lane is served again only after every other ready lane was
  N3  of lists dealt side by side, only one lends from a lane; the next one does once that has finished it or is closed
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable


class Turns:
    """Which list has each lane, and which lists wait for it, first come first served."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Lanes]] = {}

    def join(self, lane: str, who: Lanes) -> bool:
        """Queue for a lane; tell whether it is free to lend at once."""
        queue = self._queues.setdefault(lane, deque())
        queue.append(who)
        return queue[0] is who

    def leave(self, lane: str, who: Lanes) -> None:
        """Give a lane up, or stop waiting for it; whoever has it now may lend from it."""
        queue = self._queues[lane]
        had_it = queue[0] is who
        queue.remove(who)
        if not queue:
            del self._queues[lane]
        elif had_it:
            queue[0].open(lane)


class Lanes:
    """The writes still to be sent, by lane, and which lanes are free to lend their next one.

    `turns` is shared by lists that are dealt side by side; `on_open` is called when another list gave up a lane.
    """

    def __init__(
        self,
        lane_of: Iterable[tuple[int, str]],
        turns: Turns | None = None,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        self._queues: dict[str, deque[int]] = {}
        self._lane_of: dict[int, str] = {}
        for place, lane in lane_of:
            self._queues.setdefault(lane, deque()).append(place)
            self._lane_of[place] = lane
        self._turns, self._on_open = turns or Turns(), on_open
        self._ready = deque([lane for lane in self._queues if self._turns.join(lane, self)])

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
            self._turns.leave(lane, self)

    def give_back(self, place: int) -> None:
        """Take back a write that is to be sent again; its lane lends the same one."""
        lane = self._lane_of[place]
        assert self._queues[lane][0] == place, place
        self._ready.append(lane)

    def open(self, lane: str) -> None:
        """Take a lane over that another list has given up."""
        self._ready.append(lane)
        self._on_open()

    def close(self) -> None:
        """Give up every lane that is left: nothing more of this list will be sent."""
        for lane in self._queues:
            self._turns.leave(lane, self)
        self._queues.clear()
        self._ready.clear()
