"""Read lists of which each is one object or a few thousand, many lists to a $batch.

Every list is read to its proven end, whole types at a time: what is returned for a type is all there is of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.listing import Listing
from shared.graph import cursors, reading
from shared.graph.cursors import Bounds
from shared.graph.exchange import Request
from shared.graph.links import Trail
from shared.graph.sending import Sender


async def read_small(sender: Sender, bounds: Bounds, listings: Sequence[Listing]) -> list[list[bytes]]:
    """Return the bodies of every listing, in the order of `listings`; raise as ports.Directory says."""
    bodies: list[list[bytes]] = [[] for _listing in listings]
    todo = [(place, reading.first_tail(listing), Trail()) for place, listing in enumerate(listings)]
    while todo:
        requests = [Request(tail=tail, priority=reading.PRIORITY) for _place, tail, _trail in todo]
        replies = await sender.read_each(requests)
        following: list[tuple[int, str, Trail]] = []
        for (place, _tail, trail), reply in zip(todo, replies, strict=True):
            found, link = reading.whole_page(listings[place], reply)
            bodies[place] += [body for _id, body in found]
            if link is None:
                await reading.check_last(sender, listings[place], reply, (len(found), len(bodies[place])))
            else:
                tail, after = cursors.advance(listings[place].name, reply, link, trail, bounds)
                following.append((place, tail, after))
        todo = following
    return bodies
