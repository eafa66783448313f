"""Ask, before anything is read, which types Graph refuses to this application as a whole (docs/decisions/0009).

One object of every list of every type is asked for, 20 lists a request, and the children of one parent; Conditional
Access one by one, because its quota is one request a second. A refusal for want of a permission or of a licence is an
answer about the type; whatever else is no success is raised, because nothing can be concluded from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.catalogue.entry import ObjectType, plain
from shared.catalogue.listing import Listing, Shape
from shared.graph.answers import pages
from shared.graph.answers.faults import Fault, fault_of, is_gone, refusal
from shared.graph.children import children_tail
from shared.graph.exchange import Reply, Request
from shared.graph.quota import is_conditional_access
from shared.graph.reading import PRIORITY
from shared.graph.sending import Sender

LICENCE_WORDS = ("license", "premium")  # as in AadPremiumLicenseRequired, which comes with 400


class Probe(NamedTuple):
    """What is asked about a type or a derived type called `name`: the path and query of one request."""

    entry: ObjectType
    name: str
    tail: str

    @property
    def is_of_parents(self) -> bool:
        """Whether it asks for one of the parents below which the objects of the type are."""
        return self.entry.shape is Shape.CHILDREN


async def refusals(sender: Sender, types: Sequence[ObjectType], *, has_agents: bool = True) -> dict[str, str]:
    """Return Graph's reason, by type name, for each type of which a list is refused.

    Of a derived type whose own collection is refused, it is by its plain name: the rest of the type can be read.
    """
    listings = [(entry, one) for entry in types for one in entry.listings() if _is_probed(one)]
    probes = [Probe(entry, entry.name, _tail(entry, listing)) for entry, listing in listings]
    for entry in types if has_agents else ():
        casts = [(plain(kind), entry.cast_path(kind)) for kind in entry.kinds if plain(kind) in entry.own_kinds]
        probes += [Probe(entry, name, f"{path}?$select=id&$top=1") for name, path in casts]
    found, replies = await _tried(sender, probes)
    parents = {
        probe.name: children_tail(probe.entry, parent)
        for probe, reply in zip(probes, replies, strict=True)
        if probe.is_of_parents and probe.name not in found and (parent := _first_id(probe.entry, reply))
    }
    beneath = [Probe(entry, entry.name, parents[entry.name]) for entry in types if entry.name in parents]
    return found | (await _tried(sender, beneath))[0]


async def _tried(sender: Sender, probes: Sequence[Probe]) -> tuple[dict[str, str], list[Reply]]:
    """Send every probe; return the refusals by name, and the replies in order."""
    alone = {place for place, probe in enumerate(probes) if is_conditional_access(probe.tail)}
    together = [place for place in range(len(probes)) if place not in alone]
    answers = await sender.read_each([_request(probes[place].tail) for place in together])
    known = dict(zip(together, answers, strict=True))
    for place in sorted(alone):
        known[place] = await sender.send(_request(probes[place].tail))
    replies = [known[place] for place in range(len(probes))]
    found: dict[str, str] = {}
    for probe, reply in zip(probes, replies, strict=True):
        if reply.is_success or probe.name in found or (probe.is_of_parents and is_gone(reply)):
            continue
        fault = fault_of(reply)
        if not _is_refused(reply, fault):
            raise refusal(f"{probe.name} probe {probe.tail.partition('?')[0]}", reply)
        words = f"{fault.code}: {fault.message}" if fault.code else "without a reason"
        found[probe.name] = f"Graph answered {reply.status} {words} (request-id {fault.request_id or 'none'})"
    return found, replies


def _is_probed(listing: Listing) -> bool:
    """Tell whether the listing is one of the whole type: links come with it, derived types are asked about apart."""
    return listing.kind != "links" and not listing.is_of_kind


def _request(tail: str) -> Request:
    return Request(tail=tail, priority=PRIORITY)


def _tail(entry: ObjectType, listing: Listing) -> str:
    """Return what asks for one object of a listing; for one of children, for one parent."""
    if listing.shape is Shape.CHILDREN:
        return f"{listing.parents}?$select=id&$top=1"
    options = [f"$select={entry.key}"] if listing.select else []
    options += ["$top=1"] if listing.top is not None else []
    options += [listing.query] if listing.query else []
    return listing.path + ("?" + "&".join(options) if options else "")


def _first_id(entry: ObjectType, reply: Reply) -> str:
    """Return the id of the parent that was asked for, empty when there is none."""
    ids, _link = pages.id_page(f"{entry.name}-parents", reply)
    return ids[0] if ids else ""


def _is_refused(reply: Reply, fault: Fault) -> bool:
    return reply.status == 403 or (
        400 <= reply.status < 500 and any(word in fault.code.lower() for word in LICENCE_WORDS)
    )
