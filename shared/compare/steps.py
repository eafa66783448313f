"""What changed from one state to the next, as rows of the change index.

Pure. One shard of both states at a time; a link that is new or gone makes a row for each of its ends, so that either
one's history finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from shared.domain.ids import KEY_BYTES
from shared.formats.change_index import GONE, LINKED, LINKED_BY, OBJECT, ROW, UNLINKED, UNLINKED_BY
from shared.formats.objects import NO_DIGEST, IndexRow

FACTS = itemgetter(0, 1, 5, 6)  # key, digest, type and flags: where a body lies is no fact about it
SOURCE = slice(1, 1 + KEY_BYTES)
OTHER = slice(1 + KEY_BYTES, 1 + 2 * KEY_BYTES)


def object_rows(before: Iterable[IndexRow], now: Iterable[IndexRow], sequence: int) -> Iterator[bytes]:
    """Return a packed row for each object that is new, another, or gone in the state `sequence`."""
    old, new = set(map(FACTS, before)), set(map(FACTS, now))
    became = new - old
    for key, digest, code, flags in became:
        yield ROW.pack(key, code, OBJECT, flags, sequence, digest)
    present = {(key, code) for key, _digest, code, _flags in became}
    for key, _digest, code, _flags in old - new:
        if (key, code) not in present:
            yield ROW.pack(key, code, OBJECT, GONE, sequence, NO_DIGEST)


def link_rows(before: set[bytes], now: set[bytes], sequence: int) -> Iterator[bytes]:
    """Return two packed rows for each link row that is new or gone in the state `sequence`: one for each end."""
    for links, outwards, inwards in ((now - before, LINKED, LINKED_BY), (before - now, UNLINKED, UNLINKED_BY)):
        for link in links:
            source, other = link[SOURCE], link[OTHER]
            yield ROW.pack(source, link[0], outwards, 0, sequence, other)
            yield ROW.pack(other, link[0], inwards, 0, sequence, source)
