"""Listing, counting and reading objects of every type, live or softly deleted."""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping

from simulator import odata
from simulator.directory.state import unique_key
from simulator.directory.store import Store
from simulator.errors import GraphError, bad_request, not_found
from simulator.filters import Condition
from simulator.operations import hung
from simulator.operations.bounded import places_within
from simulator.operations.call import TEXT, Answer, Call
from simulator.operations.showing import MixedShapes, expand_into, shape, show
from simulator.paging import envelope, page, position
from simulator.sorting import listing_order
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject, Schema

Shown = Callable[[str], JsonObject | None]
Wish = tuple[str, tuple[str, ...] | None]  # the relation to expand, and the properties wanted of each item
_ALTERNATE = re.compile(r"^(\w+)='(.*)'$")


def list_objects(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of a type's live objects."""
    store = tenant.directory.stores[call.object_type]
    return _listing(tenant, call, store, store.live)


def list_deleted(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of a type's softly deleted objects."""
    store = tenant.directory.stores[call.object_type]
    return _listing(tenant, call, store, store.deleted)


def _listing(tenant: Tenant, call: Call, store: Store, things: Mapping[str, JsonObject]) -> Answer:
    schema = store.schema
    select = odata.names(call.options.get("$select"))
    wanted = shape(schema, select)
    condition = odata.read_filter(call.options["$filter"], schema) if "$filter" in call.options else None
    fits = condition.fits if condition else None
    wish = relation, names = _expansion(call, schema)
    expand = _expander(tenant, schema, wish)
    is_hidden = tenant.directory.is_hidden

    def shown(object_id: str) -> JsonObject | None:
        thing = things.get(object_id)
        if thing is None or (fits is not None and not fits(thing)):
            return None
        if (schema.hangs_on and is_hidden(schema, thing)) or (call.cast and thing.get("@odata.type") != call.cast):
            return None
        item = show(schema, thing, wanted)
        if relation:
            expand(item, thing)
        return item

    if condition and condition.ids is not None:
        found = (shown(object_id) for object_id in dict.fromkeys(condition.ids))
        items, following = [item for item in found if item is not None], None
    else:
        size = odata.top(call.options.get("$top")) if schema.is_paged else len(store.order) + 1
        start = position(call, tenant.sealer)
        places = None if "$orderby" in call.options else places_within(store, things, condition)
        if places is None:
            rows = listing_order(store.order, things, call.options.get("$orderby"), schema).since(start)
        else:
            rows = store.order.at(places[bisect_left(places, start) :])
        items, following = page(rows, size, shown)
    context = schema.collection + _described(select, relation, names)
    body = envelope(call, tenant.sealer, context=context, items=items, following=following)
    if call.options.get("$count", "").lower() == "true" and call.is_eventual and "$skiptoken" not in call.options:
        count = _count(store, things, condition, call.cast)
        body = {"@odata.context": body.pop("@odata.context"), "@odata.count": count, **body}
    return Answer(200, body)


def _expansion(call: Call, schema: Schema) -> Wish:
    if "$expand" not in call.options:
        return "", None
    relations = (*schema.relations, *schema.contained, *hung.names(schema.name))
    return odata.expanded(call.options["$expand"], relations)


def _expander(tenant: Tenant, schema: Schema, wish: Wish) -> Callable[[JsonObject, JsonObject], None]:
    """Return what adds the expanded relation to an object as shown; made once, it serves a whole page."""
    relation, names = wish

    def below(item: JsonObject, thing: JsonObject) -> None:
        item[relation] = hung.expanded(tenant.directory, schema.name, thing["id"], relation, names)

    def within(item: JsonObject, thing: JsonObject) -> None:
        item[relation] = thing.get(relation, [])

    if relation in hung.names(schema.name):
        return below
    if relation in schema.contained:
        return within
    shapes = MixedShapes(tenant.directory, names)
    return lambda item, thing: expand_into(shapes, item, thing, relation)


def _described(select: tuple[str, ...] | None, relation: str, names: tuple[str, ...] | None) -> str:
    parts = list(select or ())
    if relation:
        parts.append(f"{relation}({','.join(names or ())})")
    return f"({','.join(parts)})" if parts else ""


def count_objects(tenant: Tenant, call: Call) -> Answer:
    """Answer how many live objects there are, or fit, as plain text; only for clients that accept the lagging index."""
    if not call.is_eventual:
        raise bad_request("$count is not currently supported.")
    store = tenant.directory.stores[call.object_type]
    condition = odata.read_filter(call.options["$filter"], store.schema) if "$filter" in call.options else None
    return Answer(200, str(_count(store, store.live, condition, call.cast)), content_type=TEXT)


def _count(store: Store, things: Mapping[str, JsonObject], condition: Condition | None, cast: str) -> int:
    fits = None if condition is None else condition.fits
    if fits is None and not cast:
        return len(things)
    places = None if cast else places_within(store, things, condition)
    if places is not None:
        return len(places)
    kept = (thing for thing in things.values() if not cast or thing.get("@odata.type") == cast)
    return sum(1 for thing in kept if fits is None or fits(thing))


def read_object(tenant: Tenant, call: Call) -> Answer:
    """Answer one live object, by id; a user also by user principal name."""
    store = tenant.directory.stores[call.object_type]
    object_id = resolve(tenant, call.object_type, call.params["id"])
    return _single(tenant, call, store, store.live[object_id], f"{store.schema.collection}{{}}/$entity")


def read_any(tenant: Tenant, call: Call) -> Answer:
    """Answer one live directory object of whatever type, with its `@odata.type`."""
    item = MixedShapes(tenant.directory, odata.names(call.options.get("$select"))).item(call.object_id)
    if item is None:
        raise not_found(call.params["id"])
    return Answer(200, {"@odata.context": call.context("directoryObjects/$entity"), **item})


def read_deleted(tenant: Tenant, call: Call) -> Answer:
    """Answer one softly deleted directory object, of the type in the path if one is there, with its `@odata.type`."""
    found = tenant.directory.deleted(call.object_id)
    if found is None or call.object_type not in {"", found[0]}:
        raise not_found(call.params["id"])
    name, thing = found
    answer = _single(tenant, call, tenant.directory.stores[name], thing, "directoryObjects/$entity")
    answer.body = {
        "@odata.context": answer.body.pop("@odata.context"),
        "@odata.type": tenant.directory.stores[name].schema.odata_type,
        **answer.body,
    }
    return answer


def read_deleted_policy(tenant: Tenant, call: Call) -> Answer:
    """Answer one softly deleted policy, location, partner or role definition."""
    store = tenant.directory.stores[call.object_type]
    thing = store.deleted.get(call.object_id)
    if thing is None:
        raise not_found(call.params["id"])
    place = store.schema.bin or store.schema.collection.replace("conditionalAccess/", "conditionalAccess/deletedItems/")
    return _single(tenant, call, store, thing, place + "{}/$entity")


def _single(tenant: Tenant, call: Call, store: Store, thing: JsonObject, context: str) -> Answer:
    select = odata.names(call.options.get("$select"))
    wish = relation, names = _expansion(call, store.schema)
    described = _described(select, relation, names)
    body: JsonObject = {"@odata.context": call.context(context.replace("{}", described))}
    body.update(show(store.schema, thing, shape(store.schema, select)))
    if relation:
        _expander(tenant, store.schema, wish)(body, thing)
    return Answer(200, body)


def resolve(tenant: Tenant, type_name: str, key: str) -> str:
    """Return the id of a live object named in a path, by id or alternate key; 404 when there is none."""
    store = tenant.directory.stores[type_name]
    object_id = key.lower()
    alternate = alternate_key(key)
    if type_name == "user" and object_id not in store.live:
        object_id = tenant.directory.holders.get(unique_key(store.schema, "userPrincipalName", key), "")
    elif alternate is not None and alternate[0] in store.schema.unique:
        object_id = tenant.directory.holders.get(unique_key(store.schema, *alternate), "")
    elif store.schema.is_open and object_id not in store.live:
        # Ids that are names ("Fido2") keep their case and are found in any.
        object_id = next((each for each in store.live if each.lower() == object_id), "")
    thing = store.live.get(object_id)
    if thing is None or tenant.directory.is_hidden(store.schema, thing):
        raise not_found(key)
    return object_id


def alternate_key(key: str) -> tuple[str, str] | None:
    """Return (property, value) of a key written as `name='value'`."""
    found = _ALTERNATE.match(key)
    return (found[1], found[2]) if found else None


def list_by_ids(tenant: Tenant, call: Call) -> Answer:
    """Answer the live objects among up to 1,000 ids; ids of nothing are left out without a word."""
    body = call.json()
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise bad_request("A value is required for parameter 'ids'.")
    if types is not None and not (isinstance(types, list) and all(isinstance(each, str) for each in types)):
        raise bad_request("Invalid value specified for parameter 'types'.")
    if len(ids) > BY_IDS_MAX:
        raise GraphError(400, "Request_BadRequest", f"Too many ids: at most {BY_IDS_MAX} are allowed.")
    select = odata.names(call.options.get("$select"))
    shapes = {
        name: shape(tenant.directory.stores[name].schema, select, lenient=True)
        for name in tenant.directory.directory_types
    }
    wanted = {name.lower() for name in types} if types else {"directoryobject"}
    items = []
    for object_id in dict.fromkeys(each.lower() for each in ids):
        found = tenant.directory.live(object_id)
        if found is None or not wanted & {"directoryobject", found[0].lower()}:
            continue
        schema = tenant.directory.stores[found[0]].schema
        items.append({"@odata.type": schema.odata_type, **show(schema, found[1], shapes[found[0]])})
    return Answer(200, {"@odata.context": call.context("directoryObjects"), "value": items})


BY_IDS_MAX = 1_000  # Microsoft Graph page "directoryObject: getByIds".
