"""Links (members, owners, manager, ...): listing them, adding one, taking one away, binding many in a PATCH."""

from simulator import odata
from simulator.directory import role_members
from simulator.directory.ordered import StableOrder
from simulator.errors import not_found
from simulator.operations import restricted
from simulator.operations.binding import Touched, check_targets, checked, linked, referenced, refuse_unwritable
from simulator.operations.call import Answer, Call
from simulator.operations.reading import Shown, resolve
from simulator.operations.showing import MixedShapes, shape, show
from simulator.paging import envelope, page, position
from simulator.tenant import Tenant
from simulator.types.roles import UNIT
from simulator.types.schema import JsonObject


def list_links(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of an object's live members, owners, ..., each with its `@odata.type`."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    select = odata.names(call.options.get("$select"))
    shown = shown_as(tenant, tenant.directory.stores[call.object_type].schema.targets[call.relation], select)
    order = tenant.directory.links.targets(source_id, call.relation)
    return Answer(200, paged(tenant, call, order, shown))


def list_sources(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of the objects whose link leads here: groups and units of a member, reports of a manager."""
    target_id = resolve(tenant, call.object_type, call.params["id"])
    order = StableOrder()
    for source_id in sources(tenant, target_id, call.relation):
        order.add(source_id)
    shapes = MixedShapes(tenant.directory, odata.names(call.options.get("$select")))
    return Answer(200, paged(tenant, call, order, shapes.item))


def sources(tenant: Tenant, target_id: str, relation: str) -> list[str]:
    """Return whose link leads here; members are also in the directory roles they hold over the whole tenant."""
    roles = role_members.roles_of(tenant.directory, target_id) if relation == role_members.MEMBERS else []
    return [*tenant.directory.links.sources(target_id, relation), *roles]


def paged(tenant: Tenant, call: Call, order: StableOrder, shown: Shown) -> JsonObject:
    """Return the body of one page of directory objects in this order."""
    size = odata.top(call.options.get("$top"))
    items, following = page(order.since(position(call, tenant.sealer)), size, shown)
    return envelope(call, tenant.sealer, context="directoryObjects", items=items, following=following)


def shown_as(tenant: Tenant, kinds: frozenset[str], select: tuple[str, ...] | None) -> Shown:
    """Return how the targets of a relation are shown: policies as themselves, anything else as directory objects."""
    name = next(iter(kinds))
    store = tenant.directory.stores[name]
    if store.schema.is_directory_object:
        return MixedShapes(tenant.directory, select).item

    def item(object_id: str) -> JsonObject | None:
        thing = store.live.get(object_id)
        return None if thing is None else show(store.schema, thing, shape(store.schema, select))

    return item


def read_single(tenant: Tenant, call: Call) -> Answer:
    """Answer the one object a single link leads to; 404 when there is none."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    shapes = MixedShapes(tenant.directory, odata.names(call.options.get("$select")))
    for target_id in tenant.directory.links.targets(source_id, call.relation):
        item = shapes.item(target_id)
        if item is not None:
            return Answer(200, {"@odata.context": call.context("directoryObjects/$entity"), **item})
    raise not_found(call.relation)


def set_single(tenant: Tenant, call: Call) -> Answer:
    """Make the one link of this relation lead to another object."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    target_id = referenced(call.json().get("@odata.id"))
    check_targets(tenant, call.object_type, _live(tenant, call.object_type, source_id), ((call.relation, target_id),))
    before = remove_all(tenant, source_id, call.relation, call.now)
    tenant.directory.link(source_id, call.relation, target_id, call.now)
    touched = (*before, (call.relation, target_id, "added"))
    return Answer(204, object_type=call.object_type, object_id=source_id, links=touched)


def clear_single(tenant: Tenant, call: Call) -> Answer:
    """Take the one link of this relation away; 404 when there is none."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    refuse_unwritable(_live(tenant, call.object_type, source_id), call.relation)
    touched = remove_all(tenant, source_id, call.relation, call.now)
    if not touched:
        raise not_found(call.relation)
    return Answer(204, object_type=call.object_type, object_id=source_id, links=touched)


def remove_all(tenant: Tenant, source_id: str, relation: str, now: float) -> Touched:
    """Take every link of one relation away; return them as a write's touched links."""
    targets = list(tenant.directory.links.targets(source_id, relation))
    for target_id in targets:
        tenant.directory.unlink(source_id, relation, target_id, now)
    return tuple((relation, target_id, "removed") for target_id in targets)


def add_link(tenant: Tenant, call: Call) -> Answer:
    """Add one member, owner, ...; 400 when it is there already."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    restricted.refuse(tenant, call, source_id)
    wanted = checked(tenant, call.object_type, source_id, ((call.relation, referenced(call.json().get("@odata.id"))),))
    links = linked(tenant, source_id, wanted, call.now)
    if call.object_type == UNIT:
        restricted.flag(tenant, source_id, wanted[0][1], call.now)
    return Answer(204, object_type=call.object_type, object_id=source_id, links=links)


def remove_link(tenant: Tenant, call: Call) -> Answer:
    """Take one member, owner, ... away; 404 when it is not there."""
    source_id = resolve(tenant, call.object_type, call.params["id"])
    target_id = call.params["target"].lower()
    restricted.refuse(tenant, call, source_id)
    refuse_unwritable(_live(tenant, call.object_type, source_id), call.relation)
    if not tenant.directory.unlink(source_id, call.relation, target_id, call.now):
        raise not_found(target_id)
    if call.object_type == UNIT:
        restricted.flag(tenant, source_id, target_id, call.now)
    touched = ((call.relation, target_id, "removed"),)
    return Answer(204, object_type=call.object_type, object_id=source_id, links=touched)


def _live(tenant: Tenant, type_name: str, object_id: str) -> JsonObject:
    return tenant.directory.stores[type_name].live[object_id]
