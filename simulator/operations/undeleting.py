"""The recycle bin: bringing softly deleted objects back, and removing them for good."""

from simulator.directory.state import unique_keys
from simulator.errors import GraphError, bad_request, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.showing import shape, show
from simulator.tenant import Tenant
from simulator.types.roles import UNIT
from simulator.types.schema import JsonObject


def restore_object(tenant: Tenant, call: Call) -> Answer:
    """Bring one directory object back under its old id, with its links; 409 when its name was taken since."""
    found = tenant.directory.deleted(call.object_id)
    if found is None:
        raise not_found(call.params["id"])
    name, thing = found
    changes = _reconciled(tenant, name, thing, call.json() if call.body.strip() else {})
    after = tenant.directory.stores[name].stored(changes)
    thing.clear()
    thing.update(after)
    tenant.directory.restore(name, call.object_id, call.now)
    if name == "user":
        tenant.dynamic.follow(call.object_id, call.now)
    schema = tenant.directory.stores[name].schema
    body = {"@odata.context": call.context("directoryObjects/$entity"), "@odata.type": schema.odata_type}
    body |= show(schema, thing, shape(schema, None))
    return Answer(200, body, object_type=name, object_id=call.object_id)


def _reconciled(tenant: Tenant, name: str, thing: JsonObject, wish: JsonObject) -> JsonObject:
    after = dict(thing)
    for parameter in wish:
        if parameter not in ("newUserPrincipalName", "autoReconcileProxyConflict"):
            raise GraphError(400, "BadRequest", f"The parameter '{parameter}' is not part of this action.")
    if wish.get("newUserPrincipalName"):
        after["userPrincipalName"] = wish["newUserPrincipalName"]
    if wish.get("autoReconcileProxyConflict"):
        free = [
            address
            for address in after.get("proxyAddresses", ())
            if not tenant.directory.holder([f"proxyAddresses {address.lower()}"], other_than=thing["id"])
        ]
        after["proxyAddresses"] = free
    taken = tenant.directory.holder(unique_keys(tenant.directory.stores[name].schema, after), other_than=thing["id"])
    if taken is None:
        return after
    key, holder = taken
    taken_name = key.split(" ", 1)[0]
    raise GraphError(
        409,
        "ObjectConflict",
        f"The object cannot be restored: its {taken_name} is used by the object '{holder}'.",
        details=[{"code": "ObjectConflict", "message": f"Conflicting object {holder}", "target": holder}],
    )


def purge_object(tenant: Tenant, call: Call) -> Answer:
    """Remove one softly deleted directory object for good; every link to it goes with it.

    Not a unit: those only wait out their thirty days (Microsoft Graph page "Permanently delete item").
    """
    found = tenant.directory.deleted(call.object_id)
    if found is None:
        raise not_found(call.params["id"])
    if found[0] == UNIT:
        raise bad_request("Objects of type 'administrativeUnit' cannot be permanently deleted.")
    return _purged(tenant, call, found[0])


def restore_policy(tenant: Tenant, call: Call) -> Answer:
    """Bring one policy, location, partner or role definition back under its old id."""
    store = tenant.directory.stores[call.object_type]
    if call.object_id not in store.deleted:
        raise not_found(call.params["id"])
    tenant.directory.restore(call.object_type, call.object_id, call.now)
    thing = store.live[call.object_id]
    body = {"@odata.context": call.context(f"{store.schema.collection}/$entity")}
    body |= show(store.schema, thing, shape(store.schema, None))
    return Answer(200, body, object_type=call.object_type, object_id=call.object_id)


def purge_policy(tenant: Tenant, call: Call) -> Answer:
    """Remove one softly deleted policy, location, partner or role definition for good."""
    if call.object_id not in tenant.directory.stores[call.object_type].deleted:
        raise not_found(call.params["id"])
    return _purged(tenant, call, call.object_type)


def _purged(tenant: Tenant, call: Call, type_name: str) -> Answer:
    tenant.directory.remove(type_name, call.object_id, call.now)
    tenant.dynamic.forget(call.object_id)
    tenant.history.hard_deletes += 1
    return Answer(204, object_type=type_name, object_id=call.object_id)
