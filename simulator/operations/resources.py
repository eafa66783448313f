"""Making, changing and deleting objects of every type that is described by its schema and a few rules alone."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import msgspec

from simulator.errors import GraphError, MissingBehaviourError, bad_request
from simulator.moments import stamp
from simulator.operations import agents, binding, quotas
from simulator.operations.by_type import RULES
from simulator.operations.call import Answer, Call, refuse_prefer
from simulator.operations.reading import alternate_key, read_object, resolve
from simulator.operations.rules import Rules
from simulator.operations.writing import created, refuse_taken
from simulator.tenant import Tenant
from simulator.types.conditional_access import merged
from simulator.types.schema import JsonObject, Schema

Operation = Callable[[Tenant, Call], Answer]
_NO_RULES = Rules()


def create_resource(tenant: Tenant, call: Call) -> Answer:
    """Make one object: checked against its table, completed with defaults, then its type's own rules."""
    schema = tenant.directory.stores[call.object_type].schema
    sent = call.json()
    body, wanted = binding.bound(sent, schema.relations)
    kind = agents.kind_of(call, sent, schema.name)
    schema.check_write(body, creating=True)
    # A key the client chooses, like a partner's tenant, is never made up.
    key = {} if schema.key in schema.required else {schema.key: tenant.new_id()}
    made: JsonObject = {**key, **_blank(schema), **deepcopy(dict(schema.defaults))}
    stamped = [name for name in ("createdDateTime", "modifiedDateTime") if name in schema.properties]
    made |= dict.fromkeys(stamped, stamp(call.now))
    made |= kind
    made = {**made, **{name: merged(made.get(name), value) for name, value in body.items()}}
    schema.check_required(made, (schema.key,))
    thing = RULES.get(schema.name, _NO_RULES).creating(tenant, call, made)
    schema.check_required(thing, schema.required)
    if tenant.directory.stores[schema.name].find(thing[schema.key]) is not None:
        raise bad_request(f"Another object with the same value for property {schema.key} already exists.")
    refuse_taken(tenant, schema.name, thing)
    quotas.check_new(tenant, schema.name, thing)
    binding.check_new(tenant, schema.name, thing, wanted)
    tenant.directory.add(schema.name, thing, call.now)
    links = binding.linked(tenant, thing[schema.key], wanted, call.now)
    return created(tenant, call, schema.name, thing[schema.key], links)


def _blank(schema: Schema) -> JsonObject:
    if not schema.is_open:
        return {}
    named = (each for each in schema.properties.values() if each.shown_by_default and each.name != schema.key)
    return {each.name: deepcopy(each.empty) for each in named}


def update_resource(tenant: Tenant, call: Call) -> Answer:
    """Change one live object; complex values merge member by member, collections are replaced."""
    refuse_prefer(call, "return=minimal", "create-if-missing")
    store = tenant.directory.stores[call.object_type]
    schema = store.schema
    object_id = resolve(tenant, schema.name, call.params["id"])
    current = store.live[object_id]
    body, wanted = binding.bound(call.json(), schema.relations)
    schema.check_write(body, creating=False)
    changes = {name: merged(current.get(name), value) for name, value in body.items()}
    rules = RULES.get(schema.name, _NO_RULES)
    changes = rules.updating(tenant, current, changes)
    refuse_taken(tenant, schema.name, {**current, **changes})
    binding.checked(tenant, schema.name, object_id, wanted)
    for name in ("modifiedDateTime", "lastModifiedDateTime"):
        changes |= {name: stamp(call.now)} if name in schema.properties else {}
    tenant.directory.update(schema.name, object_id, changes, call.now)
    links = binding.linked(tenant, object_id, wanted, call.now)
    rules.after(tenant, call, current)
    return Answer(204, object_type=schema.name, object_id=object_id, links=links)


def delete_resource(tenant: Tenant, call: Call) -> Answer:
    """Delete one live object: softly where the type has a recycle bin, for good where it has none."""
    store = tenant.directory.stores[call.object_type]
    object_id = resolve(tenant, call.object_type, call.params["id"])
    thing = store.live[object_id]
    RULES.get(call.object_type, _NO_RULES).deleting(tenant, call, thing)
    if store.schema.is_softly_deleted:
        tenant.directory.soft_delete(call.object_type, object_id, call.now)
    else:
        tenant.directory.remove(call.object_type, object_id, call.now)
        tenant.history.hard_deletes += 1
    return Answer(204, object_type=call.object_type, object_id=object_id)


def only(operation: Operation) -> Operation:
    """Return the operation for a type of which there is one object, without an id in the path."""

    def on_the_only_one(tenant: Tenant, call: Call) -> Answer:
        key = next(iter(tenant.directory.stores[call.object_type].live), None)
        if key is None:
            raise MissingBehaviourError(f"{call.object_type} in a tenant generated without objects")
        return operation(tenant, replace(call, params={**call.params, "id": key}))

    return on_the_only_one


read_only_one = only(read_object)
update_only_one = only(update_resource)


def upserting(create: Operation, update: Operation) -> Operation:
    """Return the PATCH that makes an object named by an alternate key when asked to and when it is missing."""

    def change_or_create(tenant: Tenant, call: Call) -> Answer:
        alternate = alternate_key(call.params["id"])
        wish = call.headers.get("prefer", "").lower()
        if alternate is None or "create-if-missing" not in wish:
            return update(tenant, call)
        try:
            resolve(tenant, call.object_type, call.params["id"])
        except GraphError:
            name, value = alternate
            body = msgspec.json.encode({**call.json(), name: value})
            place = f"/{tenant.directory.stores[call.object_type].schema.collection}"
            return create(tenant, replace(call, body=body, path=place))
        return update(tenant, call)

    return change_or_create
