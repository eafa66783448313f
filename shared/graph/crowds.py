"""Read a listing of objects that bring a short collection along, and the long collections object by object.

A page of objects with `$expand` says at once what up to 19 items are, and of whom there may be more. Those are read by
themselves, 20 to a $batch and two of those at once, and a page of ours ends as soon as it has enough, so that what is
held in memory does not grow with a tenant's groups. The cursor then says how far into the page of objects it came. The
rest of that page is kept here for whoever asks next; another worker, or a later one, asks Graph for it again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

import msgspec

from shared.catalogue.listing import Listing
from shared.graph import cursors
from shared.graph.cursors import Chain, Cursor
from shared.graph.settings import BATCH_PARTS_MAX

ENOUGH = 10_000  # items of one page of ours; one round of 40 objects may bring four times as many more
BATCHES_AT_ONCE = 2  # one after the other, big groups would be read for longer than everything else
CROWDS_KEPT = 16  # pages of objects that are partly read: one for each batch that a worker has at once
REST_NAME_CHARACTERS = 32  # 128 bits: two rests never share a name

Row = TypeVar("Row")


class Begun(msgspec.Struct, Generic[Row], frozen=True):
    """A page of objects: whose collections are to be read one by one, the rows of the others, the cursor after it."""

    waiting: Sequence[str]
    rows: list[Row]
    following: Cursor


class Collections(Protocol[Row]):
    """What is read: links (linking.py) or objects below others (children.py)."""

    async def begin(self, listing: Listing, cursor: Cursor) -> Begun[Row]:
        """Read the page of objects at `cursor`."""

    async def go_on(self, listing: Listing, chains: Sequence[Chain]) -> tuple[list[Row], list[Chain]]:
        """Read one page of the collection of each object; return the rows and the chains that go on."""

    def size(self, rows: Sequence[Row]) -> int:
        """Return how many items `rows` hold."""


class Part(msgspec.Struct, Generic[Row], frozen=True):
    """One page of ours: its rows, the cursor after it and the requests it took."""

    rows: list[Row]
    cursor: Cursor
    requests: int


class _Crowd(msgspec.Struct, frozen=True):
    """Objects of one page of the listing that are still to be read one by one, and the cursor after them."""

    waiting: tuple[str, ...]
    following: Cursor

    def named(self, listing: Listing) -> str:
        """Return a name that no other rest has: a worker may still keep one of an earlier job at the same place."""
        known = msgspec.json.encode((listing.name, listing.within, self.waiting, self.following))
        return sha256(known).hexdigest()[:REST_NAME_CHARACTERS]


class CrowdReader(Generic[Row]):
    """Pages of such listings."""

    def __init__(self, collections: Collections[Row]) -> None:
        self._collections = collections
        self._crowds: OrderedDict[str, _Crowd] = OrderedDict()

    async def part(self, listing: Listing, text: str) -> Part[Row]:
        """Return what comes at the cursor `text`; rows that came before may come again, which is harmless."""
        cursor = cursors.load(listing.name, text)
        crowd = self._crowds.get(cursor.rest)
        rows: list[Row] = []
        requests = 0
        pending = list(cursor.pending)
        has_ended = cursor.page > 0 and cursor.next is None and not cursor.after
        if crowd is None and not has_ended and (cursor.after or len(pending) < BATCH_PARTS_MAX):
            crowd, rows = await self._begin(listing, cursor)
            requests = 1
        waiting = list(crowd.waiting) if crowd else []
        following = crowd.following if crowd else cursor
        goes_on = following.next is not None
        size = self._collections.size(rows)
        while True:  # whoever has begun a page of objects begins some of them too, so that the cursor always moves
            taken = max(0, BATCHES_AT_ONCE * BATCH_PARTS_MAX - len(pending))
            pending += [Chain(object_id) for object_id in waiting[:taken]]
            cursor, waiting = _reached(cursor, waiting[:taken]), waiting[taken:]
            if not pending or ((requests or crowd) and goes_on and len(pending) < BATCH_PARTS_MAX):
                break  # what is left goes into one $batch with the next page's
            chains, rest = _round(pending)
            found, going = await self._collections.go_on(listing, chains)
            rows += found
            pending = [*going, *rest]
            requests += len(chains)
            size += self._collections.size(found)
            if size >= ENOUGH:
                break
        after = msgspec.structs.replace(following, pending=pending)
        if waiting:
            left = self._kept(listing, _Crowd(tuple(waiting), following))
            after = msgspec.structs.replace(cursor, pending=pending, rest=left)
        return Part(rows, after, requests)

    async def _begin(self, listing: Listing, cursor: Cursor) -> tuple[_Crowd, list[Row]]:
        """Read the page of objects at `cursor`; return whom to read by themselves, and the rows of the others."""
        begun = await self._collections.begin(listing, cursor)
        waiting = sorted(object_id for object_id in begun.waiting if object_id > cursor.after)
        return _Crowd(tuple(waiting), begun.following), begun.rows

    def _kept(self, listing: Listing, crowd: _Crowd) -> str:
        name = crowd.named(listing)
        self._crowds[name] = crowd
        self._crowds.move_to_end(name)
        while len(self._crowds) > CROWDS_KEPT:
            self._crowds.popitem(last=False)
        return name


def _round(pending: Sequence[Chain]) -> tuple[Sequence[Chain], Sequence[Chain]]:
    """Return what is read next, whole batches where there is enough for one, and what is left."""
    whole = min(len(pending) // BATCH_PARTS_MAX, BATCHES_AT_ONCE) * BATCH_PARTS_MAX
    return pending[: whole or BATCH_PARTS_MAX], pending[whole or BATCH_PARTS_MAX :]


def _reached(cursor: Cursor, begun: Sequence[str]) -> Cursor:
    """Return the cursor that says which objects of its page have been begun."""
    return msgspec.structs.replace(cursor, after=begun[-1]) if begun else cursor
