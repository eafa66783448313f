"""Deal the changes of a wave into batches so that every object's writes last as long as the wave, and no longer.

Pure. One object has one writer at a time (a *lane*), and each write takes a round trip. Dealt round after round, the
objects with most changes would be left alone at the end, while the write quota idles; so each lane is cut into runs,
and its runs are spread evenly over the whole wave, the biggest lanes beginning first. A run is long, because whoever
applies it reads all references of its object first: a group of 100,000 members costs 101 pages a look.

Promises (tests/properties/test_plan.py):
  every change is dealt once; the order within a lane is kept; the same lanes are always dealt alike
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from shared.domain.changes import Action, Change, change_id
from shared.domain.ids import KEY_BYTES, key_guid, object_key

BATCH_CHANGES_MAX = 2_000  # "Restore journal for 500,000 changes": 1,000 rows is one query page
# 1,000 writes when all are packs of 20; a message that needs longer than its time is sent again. Smaller batches would
# end more often than Graph's write quota refills, and each end waits for the slowest write.
BATCH_LINKS_MAX = 20_000
RUN_LINKS_MAX = 500  # 25 PATCHes of 20: what a lane takes 1.25 s for at 50 ms a write


def runs(sizes: Sequence[int], run_max: int) -> Iterator[tuple[int, int, int]]:
    """Yield (lane, first, end) for runs of at most `run_max` changes of lanes with so many changes, in their order.

    Of a lane with n runs, one comes in each nth of the wave. Lanes of one size keep the order in which they are given.
    """
    ranked = sorted(range(len(sizes)), key=lambda lane: -sizes[lane])
    places: list[tuple[float, int, int]] = []
    for rank, lane in enumerate(ranked):
        count = -(-sizes[lane] // run_max)
        places += [((run + rank / len(sizes)) / count, rank, run) for run in range(count)]
    for _place, rank, run in sorted(places):
        lane = ranked[rank]
        yield lane, run * run_max, min((run + 1) * run_max, sizes[lane])


def dealt(changes: Sequence[Change], run_max: int = RUN_LINKS_MAX) -> list[Change]:
    """Return `changes` in the order in which they are to be written: see the module's promise."""
    lanes: dict[tuple[str, Action, str], list[Change]] = {}
    for change in changes:
        lanes.setdefault((change.object_id, change.action, change.reference), []).append(change)
    listed = sorted(lanes.values(), key=lambda lane: lane[0].change_id)
    return [
        change
        for lane, first, end in runs([len(lane) for lane in listed], run_max)
        for change in listed[lane][first:end]
    ]


class Lane(msgspec.Struct, frozen=True, gc=False):
    """The changes of one kind to one reference of one object, in little memory: `first` whole, of all the other end."""

    first: Change
    others: bytes

    def __len__(self) -> int:
        """How many changes the lane has."""
        return len(self.others) // KEY_BYTES

    def changes(self, first: int, end: int) -> Iterator[Change]:
        """Yield the changes from `first` up to `end`, as they went into the lane."""
        one = self.first
        for place in range(first, end):
            other = key_guid(self.others[place * KEY_BYTES : (place + 1) * KEY_BYTES])
            known = change_id(one.action, one.type, one.object_id, one.reference, other)
            yield msgspec.structs.replace(one, change_id=known, other_id=other)


def lanes(changes: Iterable[Change]) -> list[Lane]:
    """Return the lanes of changes to references of one object, whose other ends are all named by GUID."""
    found: dict[tuple[Action, str], tuple[Change, list[bytes]]] = {}
    for change in changes:
        _first, others = found.setdefault((change.action, change.reference), (change, []))
        others.append(object_key(change.other_id))
    return [Lane(first, b"".join(others)) for first, others in found.values()]


def dealt_lanes(wave: Sequence[Lane], run_max: int = RUN_LINKS_MAX) -> Iterator[Change]:
    """Yield the changes of all lanes in the order in which they are to be written."""
    listed = sorted(wave, key=lambda lane: lane.first.change_id)
    for lane, first, end in runs([len(lane) for lane in listed], run_max):
        yield from listed[lane].changes(first, end)


def batches(changes: Iterable[Change], size: int = BATCH_CHANGES_MAX) -> Iterator[list[Change]]:
    """Yield `changes` cut into what one message covers."""
    ordered = iter(changes)
    while some := list(itertools.islice(ordered, size)):
        yield some
