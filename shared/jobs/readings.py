"""What the batches that read a tenant read: which listings go together, and which are read late.

Pure. A listing of many objects has a batch of its own, or one for each of its ranges; short ones share a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Listing, Shape
from shared.catalogue.types import BY_NAME, TYPES
from shared.domain.changes import Json

FEW_OBJECTS_MAX = 5_000  # some seconds of reading: a message for each listing would cost more than it saves
PEOPLE = frozenset({"user", "group"})
Counts = Mapping[str, int | None]


def hidden_beside(types: Sequence[ObjectType]) -> list[ObjectType]:
    """Return the other types whose recycle bins have to be known when only `types` are read, in a fixed order.

    A link is not reported while an end of it is in a recycle bin, nor a grant while an object is that it hangs on.
    """
    if not any(entry.references or entry.ends for entry in types):
        return []
    return [entry for entry in TYPES if entry.has_bin and entry.has_delta and entry not in types]


def read_first(types: Sequence[ObjectType], counts: Counts, filters: Mapping[str, list[str]]) -> Iterator[Json]:
    """Yield what the batches read that come before the roll-forward: types with delta, and policies with a bin.

    A large listing of live objects has a batch for each of its ranges; a recycle bin has none.
    """
    few: list[Listing] = []
    for entry in types:
        if entry.has_delta and not _are_few(counts, entry.name):
            for listing in entry.listings():
                ranges = filters[entry.name] if listing.kind != "deleted" else [""]
                for number, one in enumerate(ranges, start=1):
                    place = {"within": one, "range": f"{number} of {len(ranges)}"} if one else {}
                    yield {"listings": [listing.name], **place}
        elif entry.has_delta and entry.name in PEOPLE:
            yield {"listings": [listing.name for listing in entry.listings()]}
        elif entry.has_delta:
            few += entry.listings()
        elif entry.has_bin:
            yield {"type": entry.name}
    if few:
        yield _together(few)


def read_late(types: Sequence[ObjectType], counts: Counts) -> Iterator[Json]:
    """Yield what is read when directory objects are rolled forward, because it hides and comes back with them."""
    listings = [listing for entry in types if entry.is_late for listing in entry.listings()]
    alone = [one for one in listings if not BY_NAME[one.type].is_small and not _are_few(counts, "servicePrincipal")]
    yield from ({"listings": [listing.name]} for listing in alone)
    rest = [listing for listing in listings if listing not in alone]
    if rest:
        yield _together(rest)


def _are_few(counts: Counts, name: str) -> bool:
    return (counts.get(name) or 0) <= FEW_OBJECTS_MAX


def _together(listings: Sequence[Listing]) -> Json:
    """Return what one batch reads of many short listings: those that may share requests apart."""
    small = [one.name for one in listings if one.kind != "links" and one.shape is not Shape.CHILDREN]
    return {"small": small, "listings": [one.name for one in listings if one.name not in small]}
