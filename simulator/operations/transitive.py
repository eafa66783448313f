"""Links at any depth: everybody in a group and in the groups inside it, and every group and unit above an object.

Follows the Microsoft Graph pages "List group transitive members" and "List transitive memberOf". Each object comes
once, nearest first; the groups in between are members themselves. Reads the tenant and changes nothing.
"""

from collections.abc import Callable, Iterable

from simulator import odata
from simulator.directory.ordered import StableOrder
from simulator.errors import bad_request
from simulator.operations.call import TEXT, Answer, Call
from simulator.operations.linking import paged, sources
from simulator.operations.reading import resolve
from simulator.operations.showing import MixedShapes
from simulator.tenant import Tenant

Step = Callable[[str], Iterable[str]]
_MEMBERS = "members"


def list_below(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of a group's live members at any depth."""
    links = tenant.directory.links
    return _listed(tenant, call, lambda object_id: links.targets(object_id, _MEMBERS))


def list_above(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of the live groups, units and roles that hold an object at any depth."""
    return _listed(tenant, call, lambda object_id: sources(tenant, object_id, _MEMBERS))


def count_links(tenant: Tenant, call: Call) -> Answer:
    """Answer how many live links of one relation there are, as plain text; only from the lagging index."""
    if not call.is_eventual:
        raise bad_request("$count is not currently supported.")
    source_id = resolve(tenant, call.object_type, call.params["id"])
    targets = tenant.directory.links.targets(source_id, call.relation)
    return Answer(200, str(sum(1 for each in targets if tenant.directory.live(each))), content_type=TEXT)


def _listed(tenant: Tenant, call: Call, step: Step) -> Answer:
    start = resolve(tenant, call.object_type, call.params["id"])
    shapes = MixedShapes(tenant.directory, odata.names(call.options.get("$select")))
    return Answer(200, paged(tenant, call, _reached(tenant, start, step), shapes.item))


def _reached(tenant: Tenant, start: str, step: Step) -> StableOrder:
    order, ahead = StableOrder(), [start]
    while ahead:
        following = []
        for object_id in ahead:
            # A group in the recycle bin keeps its members, but leads nowhere.
            found = (each for each in step(object_id) if each != start and tenant.directory.live(each))
            following += [each for each in found if order.add(each)]
        ahead = following
    return order
