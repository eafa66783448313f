"""Listing, counting and reading objects: users, groups, policies, locations, live or softly deleted."""

from collections.abc import Callable, Mapping

from simulator import odata
from simulator.directory.store import Store
from simulator.errors import GraphError, bad_request, not_found
from simulator.operations.call import TEXT, Answer, Call
from simulator.operations.showing import expand, shape, show
from simulator.paging import envelope, page, position
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject

Shown = Callable[[str], JsonObject | None]


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
    condition = odata.read_filter(call.options["$filter"]) if "$filter" in call.options else None
    fits = condition.fits if condition else None
    relation, names = _expansion(call, schema.relations)

    def shown(object_id: str) -> JsonObject | None:
        thing = things.get(object_id)
        if thing is None or (fits is not None and not fits(thing)):
            return None
        item = show(schema, thing, wanted)
        if relation:
            item[relation] = expand(tenant.directory, object_id, relation, names)
        return item

    if condition and condition.ids is not None:
        found = (shown(object_id) for object_id in dict.fromkeys(condition.ids))
        items, following = [item for item in found if item is not None], None
    else:
        size = odata.top(call.options.get("$top")) if schema.name in ("user", "group") else len(store.order) + 1
        items, following = page(store.order, position(call, tenant.sealer), size, shown)
    context = schema.collection + _described(select, relation, names)
    body = envelope(call, tenant.sealer, context=context, items=items, following=following)
    if call.options.get("$count", "").lower() == "true" and call.is_eventual and "$skiptoken" not in call.options:
        count = len(things) if fits is None else sum(1 for thing in things.values() if fits(thing))
        body = {"@odata.context": body.pop("@odata.context"), "@odata.count": count, **body}
    return Answer(200, body)


def _expansion(call: Call, relations: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None]:
    if "$expand" not in call.options:
        return "", None
    return odata.expanded(call.options["$expand"], relations)


def _described(select: tuple[str, ...] | None, relation: str, names: tuple[str, ...] | None) -> str:
    parts = list(select or ())
    if relation:
        parts.append(f"{relation}({','.join(names or ())})")
    return f"({','.join(parts)})" if parts else ""


def count_objects(tenant: Tenant, call: Call) -> Answer:
    """Answer how many live objects there are, as plain text; only for clients that accept the lagging index."""
    if not call.is_eventual:
        raise bad_request("$count is not currently supported.")
    return Answer(200, str(len(tenant.directory.stores[call.object_type].live)), content_type=TEXT)


def read_object(tenant: Tenant, call: Call) -> Answer:
    """Answer one live object, by id; a user also by user principal name."""
    store = tenant.directory.stores[call.object_type]
    object_id = resolve(tenant, call.object_type, call.params["id"])
    return _single(tenant, call, store, store.live[object_id], f"{store.schema.collection}{{}}/$entity")


def read_deleted(tenant: Tenant, call: Call) -> Answer:
    """Answer one softly deleted user or group, with its `@odata.type`."""
    found = tenant.directory.deleted(call.object_id)
    if found is None:
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
    """Answer one softly deleted policy or location."""
    store = tenant.directory.stores[call.object_type]
    thing = store.deleted.get(call.object_id)
    if thing is None:
        raise not_found(call.params["id"])
    place = store.schema.collection.replace("conditionalAccess/", "conditionalAccess/deletedItems/")
    return _single(tenant, call, store, thing, place + "{}/$entity")


def _single(tenant: Tenant, call: Call, store: Store, thing: JsonObject, context: str) -> Answer:
    select = odata.names(call.options.get("$select"))
    relation, names = _expansion(call, store.schema.relations)
    described = _described(select, relation, names)
    body: JsonObject = {"@odata.context": call.context(context.replace("{}", described))}
    body.update(show(store.schema, thing, shape(store.schema, select)))
    if relation:
        body[relation] = expand(tenant.directory, thing["id"], relation, names)
    return Answer(200, body)


def resolve(tenant: Tenant, type_name: str, key: str) -> str:
    """Return the id of a live object named in a path, 404 when there is none."""
    store = tenant.directory.stores[type_name]
    object_id = key.lower()
    if object_id in store.live:
        return object_id
    if type_name == "user":
        holder = tenant.directory.holders.get(f"userPrincipalName {object_id}")
        if holder is not None:
            return holder
    raise not_found(key)


def list_by_ids(tenant: Tenant, call: Call) -> Answer:
    """Answer the live objects among up to 1,000 ids; ids of nothing are left out without a word."""
    body = call.json()
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise bad_request("A value is required for parameter 'ids'.")
    if len(ids) > BY_IDS_MAX:
        raise GraphError(400, "Request_BadRequest", f"Too many ids: at most {BY_IDS_MAX} are allowed.")
    select = odata.names(call.options.get("$select"))
    shapes = {name: shape(tenant.directory.stores[name].schema, select, lenient=True) for name in ("user", "group")}
    wanted = {name.lower() for name in types} if types else {"directoryobject", "user", "group"}
    items = []
    for object_id in dict.fromkeys(each.lower() for each in ids):
        found = tenant.directory.live(object_id)
        if found is None or not wanted & {"directoryobject", found[0]}:
            continue
        schema = tenant.directory.stores[found[0]].schema
        items.append({"@odata.type": schema.odata_type, **show(schema, found[1], shapes[found[0]])})
    return Answer(200, {"@odata.context": call.context("directoryObjects"), "value": items})


BY_IDS_MAX = 1_000  # Microsoft Graph page "directoryObject: getByIds".
