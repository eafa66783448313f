"""A tenant as a picture that two moments can be compared by: every object and every link, times of writes left out.

Reads the simulated tenant's own memory, so it shares no code with what it judges.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from simulator.directory.fingerprint import VOLATILE
from simulator.directory.state import Directory

Key = tuple[str, str, str]  # "live", "deleted" or "links"; type or relation; id
Picture = dict[Key, bytes | frozenset[str]]


def picture(directory: Directory) -> Picture:
    """Return what the tenant holds now."""
    encode = msgspec.json.Encoder(order="sorted").encode
    taken: Picture = {}
    for name, store in directory.stores.items():
        for place, things in (("live", store.live), ("deleted", store.deleted)):
            for known, body in things.items():
                taken[place, name, known] = encode({key: body[key] for key in body if key not in VOLATILE})
    for relation, source_id, order in directory.links.everything():
        taken["links", relation, source_id] = frozenset(order)
    return taken


def differing(before: Picture, after: Picture, ignoring: Iterable[str] = ()) -> list[Key]:
    """Return what is otherwise in `after`; objects in `ignoring` count as not being there, their links included."""
    ignored = frozenset(ignoring)
    found: list[Key] = []
    for key in sorted(before.keys() | after.keys()):
        if key[2] not in ignored:
            was, now = (side.get(key, frozenset()) for side in (before, after))
            if isinstance(was, frozenset) and isinstance(now, frozenset):
                was, now = was - ignored, now - ignored
            if was != now:
                found.append(key)
    return found
