"""Ask objects who has them as a member, owner, manager or sponsor: links read from the far end, 20 objects a $batch."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from urllib.parse import quote

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import PAGE_MAX
from shared.catalogue.types import TYPES
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.faults import is_gone
from shared.graph.cursors import Bounds, Chain
from shared.graph.exchange import Request
from shared.graph.sending import Sender
from shared.ports import Held

# By type, the collections at the far end of a link ("user", "group" and "servicePrincipal" resource types), with the
# reference each is the far end of.
BACKWARDS = MappingProxyType(
    {
        "user": (
            ("memberOf", "members"),
            ("ownedObjects", "owners"),
            ("directReports", "manager"),
            ("sponsorOf", "sponsors"),
        ),
        "group": (("memberOf", "members"),),
        "servicePrincipal": (("memberOf", "members"), ("ownedObjects", "owners")),
    }
)
_BY_KIND = {kind: entry for entry in TYPES for kind in (entry.odata_type, *entry.kinds)}


async def holders(sender: Sender, bounds: Bounds, entry: ObjectType, object_ids: Sequence[str]) -> list[Held]:
    """Return every captured link that leads to one of the live `object_ids`; of sponsors, users only."""
    found: list[Held] = []
    for collection, reference in BACKWARDS.get(entry.name, ()):
        chains = [Chain(known) for known in object_ids]
        while chains:
            tails = [chain.next or _tail(entry, chain.object_id, collection) for chain in chains]
            replies = await sender.read_each([Request(tail=tail) for tail in tails])
            going: list[Chain] = []
            for chain, reply in zip(chains, replies, strict=True):
                if is_gone(reply):
                    continue
                what = f"{entry.name}-{collection} of {chain.object_id}"
                sources, link = pages.kinds_page(what, reply)
                found += [
                    Held(type=source.name, reference=reference, source_id=source_id, other_id=chain.object_id)
                    for source_id, kind in sources
                    if (source := _BY_KIND.get(kind)) and any(one.name == reference for one in source.references)
                ]
                if link is not None:
                    tail, trail = cursors.advance(what, reply, link, chain.trail, bounds)
                    going.append(Chain(chain.object_id, tail, trail))
            chains = going
    return found


def _tail(entry: ObjectType, object_id: str, collection: str) -> str:
    return f"{entry.path}/{quote(object_id, safe='')}/{collection}?$select=id&$top={PAGE_MAX}"
