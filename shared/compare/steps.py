"""What changed from one state to the next, as rows of the change index.

Pure. One shard of both states at a time; a link that is new or gone makes a row for each of its ends, so that either
one's history finds it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from operator import itemgetter

import msgspec

from shared.catalogue.entry import ObjectType, plain
from shared.catalogue.types import BY_NAME
from shared.domain.ids import KEY_BYTES
from shared.formats.change_index import GONE, LINKED, LINKED_BY, OBJECT, ROW, UNLINKED, UNLINKED_BY
from shared.formats.objects import NO_DIGEST, IndexRow

FACTS = itemgetter(0, 1, 5, 6)  # key, digest, type and flags: where a body lies is no fact about it
SOURCE = slice(1, 1 + KEY_BYTES)
OTHER = slice(1 + KEY_BYTES, 1 + 2 * KEY_BYTES)


class Held(msgspec.Struct, frozen=True):
    """Codes of the types that both states hold and of their references; None for all."""

    types: frozenset[int] | None = None
    references: frozenset[int] | None = None


EVERYTHING = Held()


def held_by_both(before: Iterable[str], now: Iterable[str], left_out: Container[str] = ()) -> Held:
    """Return what two states may be compared in, from the names of the types that each holds.

    A type that a state leaves out was not read: nothing of it may look as if it were gone, or new; the same goes for
    the links of a derived type that is among `left_out`.
    """
    old, new = set(before), set(now)
    entries = [BY_NAME[name] for name in old & new if name in BY_NAME]
    unread = {code for entry in entries for code in unread_references(entry, left_out)}
    if old == new and not unread:
        return EVERYTHING
    references = frozenset(known.code for entry in entries for known in entry.references)
    return Held(frozenset(entry.code for entry in entries), references - unread)


def unread_references(entry: ObjectType, left_out: Container[str]) -> frozenset[int]:
    """Return the codes of the references of which a derived type is among `left_out`."""
    return frozenset(
        known.code for known in entry.references if any(plain(kind) in left_out for kind in known.of_kinds)
    )


def object_rows(
    before: Iterable[IndexRow], now: Iterable[IndexRow], sequence: int, held: Held = EVERYTHING
) -> Iterator[bytes]:
    """Return a packed row for each object that is new, another, or gone in the state `sequence`."""
    old, new = set(map(FACTS, before)), set(map(FACTS, now))
    if held.types is not None:
        old, new = ({facts for facts in side if facts[2] in held.types} for side in (old, new))
    became = new - old
    for key, digest, code, flags in became:
        yield ROW.pack(key, code, OBJECT, flags, sequence, digest)
    present = {(key, code) for key, _digest, code, _flags in became}
    for key, _digest, code, _flags in old - new:
        if (key, code) not in present:
            yield ROW.pack(key, code, OBJECT, GONE, sequence, NO_DIGEST)


def link_rows(before: set[bytes], now: set[bytes], sequence: int, held: Held = EVERYTHING) -> Iterator[bytes]:
    """Return two packed rows for each link row that is new or gone in the state `sequence`: one for each end."""
    for links, outwards, inwards in ((now - before, LINKED, LINKED_BY), (before - now, UNLINKED, UNLINKED_BY)):
        for link in links:
            if held.references is not None and link[0] not in held.references:
                continue
            source, other = link[SOURCE], link[OTHER]
            yield ROW.pack(source, link[0], outwards, 0, sequence, other)
            yield ROW.pack(other, link[0], inwards, 0, sequence, source)
