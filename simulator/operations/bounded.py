"""Answers filters that are nothing but bounds of one text property from a sorted view of it, as an index would.

Without it every count, and every range of a large listing, would look at every object of the tenant.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.directory.store import Store
from simulator.filter_words import comparable
from simulator.filters import Bound, Condition
from simulator.types.schema import JsonObject


class Sorted(NamedTuple):
    """The texts of one property of the live objects, in ascending order, each with its object's place in the order."""

    texts: list[str]
    places: list[int]


def places_within(store: Store, things: Mapping[str, JsonObject], condition: Condition | None) -> list[int] | None:
    """Return the places of the live objects that a filter by bounds fits, ascending; None where each must be looked at.

    The view is of a moment in the log, so it is made again after every write and never outlives one.
    """
    names = {bound.name for bound in condition.bounds} if condition else set()
    if condition is None or len(names) != 1 or things is not store.live or not store.log.is_recording:
        return None
    end, name = len(store.log), names.pop()
    found = store.log.view(0, end, ("sorted", name), lambda: _sorted(store, name))
    if found is None:
        return None
    low, high = _limits(found.texts, condition.bounds)
    return store.log.view(0, end, ("within", condition.bounds), lambda: sorted(found.places[low:high]))


def _sorted(store: Store, name: str) -> Sorted | None:
    """Return the view, None for a property that holds anything but single texts somewhere."""
    pairs = []
    for place, object_id in store.order.since(0):
        thing = store.live.get(object_id)
        value = None if thing is None else thing.get(name)
        if value is None:
            continue
        text = None if isinstance(value, list | dict) else comparable(value)
        if not isinstance(text, str):
            return None
        pairs.append((text, place))
    pairs.sort()
    return Sorted([text for text, _ in pairs], [place for _, place in pairs])


def _limits(texts: Sequence[str], bounds: Sequence[Bound]) -> tuple[int, int]:
    low, high = 0, len(texts)
    for _, operator, value in bounds:
        if operator == "ge":
            low = max(low, bisect_left(texts, value))
        elif operator == "gt":
            low = max(low, bisect_right(texts, value))
        elif operator == "le":
            high = min(high, bisect_right(texts, value))
        else:
            high = min(high, bisect_left(texts, value))
    return low, high
