"""Ask, before anything is read, which types Graph refuses to this application as a whole (docs/decisions/0009).

One object of every list of every type is asked for, 20 lists a request; Conditional Access one by one, because its
quota is one request a second. A refusal for want of a permission or of a
licence is an answer about the type; whatever else is no success is raised, because nothing can be concluded from it.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.entry import Listing, ObjectType
from shared.graph.answers.faults import Fault, fault_of, refusal
from shared.graph.exchange import Reply, Request
from shared.graph.quota import is_conditional_access
from shared.graph.reading import PRIORITY
from shared.graph.sending import Sender

LICENCE_WORDS = ("license", "premium")  # as in AadPremiumLicenseRequired, which comes with 400


async def refusals(sender: Sender, types: Sequence[ObjectType]) -> dict[str, str]:
    """Return Graph's reason, by type name, for each type of which a list is refused."""
    probes = [(entry, listing) for entry in types for listing in entry.listings() if _is_probed(listing)]
    alone = [probe for probe in probes if is_conditional_access(_tail(probe[1]))]
    together = [probe for probe in probes if probe not in alone]
    replies = await sender.read_each([_request(listing) for _entry, listing in together])
    replies += [await sender.send(_request(listing)) for _entry, listing in alone]
    found: dict[str, str] = {}
    for (entry, listing), reply in zip(together + alone, replies, strict=True):
        if reply.is_success or entry.name in found:
            continue
        fault = fault_of(reply)
        if not _is_refused(reply, fault):
            raise refusal(f"{listing.name} probe", reply)
        words = f"{fault.code}: {fault.message}" if fault.code else "without a reason"
        found[entry.name] = f"Graph answered {reply.status} {words} (request-id {fault.request_id or 'none'})"
    return found


def _is_probed(listing: Listing) -> bool:
    """Tell whether the listing is a list of its own: links come with one, and what hangs on parents needs an id."""
    return listing.kind != "links" and "{" not in listing.path


def _request(listing: Listing) -> Request:
    return Request(tail=_tail(listing), priority=PRIORITY)


def _tail(listing: Listing) -> str:
    return f"{listing.path}?$select=id&$top=1" if listing.top is not None else listing.path


def _is_refused(reply: Reply, fault: Fault) -> bool:
    return reply.status == 403 or (
        400 <= reply.status < 500 and any(word in fault.code.lower() for word in LICENCE_WORDS)
    )
