"""Creating, changing and deleting objects, by the rules of their type."""

from simulator.directory.dynamic import parse
from simulator.directory.state import unique_keys
from simulator.errors import MissingBehaviourError, bad_request
from simulator.moments import stamp
from simulator.operations import agents, binding, quotas, restricted
from simulator.operations.call import Answer, Call, refuse_prefer
from simulator.operations.reading import resolve
from simulator.operations.showing import shape, show
from simulator.tenant import Tenant
from simulator.types import conditional_access, group, user
from simulator.types.schema import JsonObject


def create_user(tenant: Tenant, call: Call) -> Answer:
    """Make one user; the password is checked for presence and forgotten."""
    schema = tenant.directory.stores["user"].schema
    sent = call.json()
    body, wanted = binding.bound(sent, schema.relations)
    kind = agents.kind_of(call, sent, "user")
    agents.check_user(tenant, kind, body)
    user.check_create(schema, body, is_agent=bool(kind))
    thing = user.completed(body, object_id=tenant.new_id(), created_at=stamp(call.now)) | kind
    refuse_taken(tenant, "user", thing)
    quotas.check_new(tenant, "user", thing)
    binding.check_new(tenant, "user", thing, wanted)
    tenant.directory.add("user", thing, call.now)
    links = binding.linked(tenant, thing["id"], wanted, call.now)
    tenant.dynamic.follow(thing["id"], call.now)
    return created(tenant, call, "user", thing["id"], links)


def create_group(tenant: Tenant, call: Call) -> Answer:
    """Make one group with up to 20 links."""
    body, wanted = binding.bound(call.json(), group.RELATIONS)
    schema = tenant.directory.stores["group"].schema
    group.check_create(schema, body)
    _refuse_strange_rule(body)
    thing = group.completed(body, object_id=tenant.new_id(), created_at=stamp(call.now), domain=tenant.domain)
    refuse_taken(tenant, "group", thing)
    quotas.check_new(tenant, "group", thing)
    binding.check_new(tenant, "group", thing, wanted)
    tenant.directory.add("group", thing, call.now)
    links = binding.linked(tenant, thing["id"], wanted, call.now)
    tenant.dynamic.watch(thing["id"], call.now)
    return created(tenant, call, "group", thing["id"], links)


def create_policy(tenant: Tenant, call: Call) -> Answer:
    """Make one Conditional Access policy or named location."""
    body = call.json()
    schema = tenant.directory.stores[call.object_type].schema
    conditional_access.check_create(schema, body)
    thing = conditional_access.completed(schema, body, object_id=tenant.new_id(), created_at=stamp(call.now))
    quotas.check_new(tenant, call.object_type, thing)
    tenant.directory.add(call.object_type, thing, call.now)
    return created(tenant, call, call.object_type, thing["id"])


def created(tenant: Tenant, call: Call, type_name: str, object_id: str, links: binding.Touched = ()) -> Answer:
    """Answer a creation with the whole object and where it is."""
    store = tenant.directory.stores[type_name]
    body = {"@odata.context": call.context(f"{store.schema.collection}/$entity")}
    body |= show(store.schema, store.live[object_id], shape(store.schema, None))
    location = f"{call.root}{call.path}/{object_id}"
    return Answer(201, body, {"Location": location}, object_type=type_name, object_id=object_id, links=links)


def update_user(tenant: Tenant, call: Call) -> Answer:
    """Change properties of one live user."""
    refuse_prefer(call, "return=minimal")
    store = tenant.directory.stores["user"]
    object_id = resolve(tenant, "user", call.params["id"])
    current = store.live[object_id]
    restricted.refuse(tenant, call, object_id)
    body = _plain(call.json())
    user.check_update(store.schema, current, body)
    changes = {name: value for name, value in body.items() if name != "passwordProfile"}
    for name in ("employeeOrgData", "onPremisesExtensionAttributes", "authorizationInfo"):
        if name in changes:
            changes[name] = conditional_access.merged(current.get(name), changes[name])
    if "mail" in changes:
        changes |= user.with_mail({**current, **changes})
    refuse_taken(tenant, "user", {**current, **changes})
    if "passwordProfile" in body:
        changes["lastPasswordChangeDateTime"] = stamp(call.now)
    tenant.directory.update("user", object_id, changes, call.now)
    tenant.dynamic.follow(object_id, call.now, changes)
    return Answer(204, object_type="user", object_id=object_id)


def update_group(tenant: Tenant, call: Call) -> Answer:
    """Change properties and add up to 20 links of one live group, all or nothing."""
    refuse_prefer(call, "return=minimal", "create-if-missing")
    store = tenant.directory.stores["group"]
    object_id = resolve(tenant, "group", call.params["id"])
    current = store.live[object_id]
    restricted.refuse(tenant, call, object_id)
    body, wanted = binding.bound(call.json(), group.RELATIONS)
    group.check_update(store.schema, current, body)
    _refuse_strange_rule(body)
    refuse_taken(tenant, "group", {**current, **body})
    binding.checked(tenant, "group", object_id, wanted)
    if body:
        tenant.directory.update("group", object_id, body, call.now)
        tenant.dynamic.watch(object_id, call.now)
    links = binding.linked(tenant, object_id, wanted, call.now)
    return Answer(204, object_type="group", object_id=object_id, links=links)


def update_policy(tenant: Tenant, call: Call) -> Answer:
    """Change one live policy or location; complex values merge member by member."""
    refuse_prefer(call, "return=minimal")
    store = tenant.directory.stores[call.object_type]
    object_id = resolve(tenant, call.object_type, call.params["id"])
    current = store.live[object_id]
    body = call.json()
    conditional_access.check_update(store.schema, current, body)
    changes = {name: value for name, value in body.items() if not name.startswith("@odata.")}
    changes = {name: conditional_access.merged(current.get(name), value) for name, value in changes.items()}
    tenant.directory.update(call.object_type, object_id, {**changes, "modifiedDateTime": stamp(call.now)}, call.now)
    return Answer(204, object_type=call.object_type, object_id=object_id)


def delete_object(tenant: Tenant, call: Call) -> Answer:
    """Delete one live object: softly, except groups of a kind the service deletes for good."""
    object_id = resolve(tenant, call.object_type, call.params["id"])
    thing = tenant.directory.stores[call.object_type].live[object_id]
    user.refuse_synced(thing)
    restricted.refuse(tenant, call, object_id)
    if call.object_type == "group" and not group.is_softly_deleted(thing):
        tenant.directory.remove("group", object_id, call.now)
        tenant.dynamic.forget(object_id)
        tenant.history.hard_deletes += 1
    else:
        tenant.directory.soft_delete(call.object_type, object_id, call.now)
    return Answer(204, object_type=call.object_type, object_id=object_id)


def _plain(body: JsonObject) -> JsonObject:
    for name in body:
        if name.endswith("@odata.bind"):
            raise MissingBehaviourError(f"binding {name.removesuffix('@odata.bind')}")
    return {name: value for name, value in body.items() if not name.startswith("@odata.")}


def refuse_taken(tenant: Tenant, type_name: str, thing: JsonObject) -> None:
    """Refuse an object with a value that must be unique and that another live object holds."""
    schema = tenant.directory.stores[type_name].schema
    taken = tenant.directory.holder(unique_keys(schema, thing), other_than=thing[schema.key])
    if taken is not None:
        name = taken[0].split(" ", 1)[0]
        raise bad_request(f"Another object with the same value for property {name} already exists.")


def _refuse_strange_rule(body: JsonObject) -> None:
    rule = body.get("membershipRule")
    if rule and parse(rule) is None:
        raise MissingBehaviourError(f"membershipRule {rule}")
