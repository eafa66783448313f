"""Licences: assigning and removing them, against what the tenant has bought.

Follows the Microsoft Graph pages "user: assignLicense" and "group: assignLicense". A group's licence is not handed
down to its members here.
"""

from typing import Any

from simulator.errors import bad_request
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.showing import shape, show
from simulator.tenant import Tenant
from simulator.types.policies import LICENCE
from simulator.types.schema import JsonObject


def assign_license(tenant: Tenant, call: Call) -> Answer:
    """Add and remove licences of one user or group, all or nothing."""
    store = tenant.directory.stores[call.object_type]
    object_id = resolve(tenant, call.object_type, call.params["id"])
    current = store.live[object_id]
    body = call.json()
    added, removed = body.get("addLicenses"), body.get("removeLicenses")
    if not isinstance(added, list) or not isinstance(removed, list):
        raise bad_request("Both addLicenses and removeLicenses are required; either may be empty.")
    if added and call.object_type == "user" and not current.get("usageLocation"):
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    held: dict[str, JsonObject] = {each["skuId"]: each for each in current.get("assignedLicenses", ())}
    for sku_id in removed:
        if sku_id not in held:
            raise bad_request(f"User does not have a corresponding license: '{sku_id}'.")
    after = {sku_id: each for sku_id, each in held.items() if sku_id not in removed}
    for each in added:
        after[each.get("skuId", "")] = {"disabledPlans": each.get("disabledPlans", []), "skuId": each.get("skuId")}
    _move(tenant, set(held), set(after), call)
    tenant.directory.update(call.object_type, object_id, {"assignedLicenses": list(after.values())}, call.now)
    answer: dict[str, Any] = {"@odata.context": call.context(f"{store.schema.collection}/$entity")}
    answer |= show(store.schema, store.live[object_id], shape(store.schema, None))
    status = 200 if call.object_type == "user" else 202
    return Answer(status, answer, object_type=call.object_type, object_id=object_id)


def _move(tenant: Tenant, before: set[str], after: set[str], call: Call) -> None:
    products = {each["skuId"]: each for each in tenant.directory.stores[LICENCE].live.values()}
    for sku_id in after - before:
        product = products.get(sku_id)
        if product is None:
            raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
        if product["consumedUnits"] >= product["prepaidUnits"]["enabled"]:
            raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")
    for sku_id, step in [*((each, 1) for each in after - before), *((each, -1) for each in before - after)]:
        product = products.get(sku_id)
        if product is not None:
            used = {"consumedUnits": product["consumedUnits"] + step}
            tenant.directory.update(LICENCE, product["id"], used, call.now)
