"""Grants and app-role assignments: what makes one valid, and reading them from either end.

Follows the Microsoft Graph pages "Create oAuth2PermissionGrant" and "Grant an appRoleAssignment to a service
principal".
"""

from collections.abc import Callable

from simulator import odata
from simulator.errors import bad_request, not_found
from simulator.operations import quotas
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.rules import Rules
from simulator.operations.showing import shape, show
from simulator.paging import envelope, page, position
from simulator.tenant import Tenant
from simulator.types.grants import ASSIGNMENT, CONSENT_TYPES, DEFAULT_ROLE, PRINCIPALS
from simulator.types.schema import JsonObject
from simulator.types.service_principal import SERVICE_PRINCIPAL

TYPE_NAMES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}


def _new_grant(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    principals = tenant.directory.stores[SERVICE_PRINCIPAL].live
    for name in ("clientId", "resourceId"):
        if str(thing.get(name, "")).lower() not in principals:
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'OAuth2PermissionGrant'.")
    if thing.get("consentType") not in CONSENT_TYPES or (thing["consentType"] == "Principal") != bool(
        thing.get("principalId")
    ):
        raise bad_request("A consentType of Principal, and only that, needs a principalId.")
    if thing.get("principalId") and thing["principalId"] not in tenant.directory.stores["user"].live:
        raise not_found(thing["principalId"])
    return {**thing, "whoseConsent": thing.get("principalId") or "everyone"}


def _new_assignment(tenant: Tenant, call: Call, thing: JsonObject) -> JsonObject:
    owner = resolve(tenant, call.parent_type, call.params["parent"])
    named = thing.get("resourceId" if call.relation == "resourceId" else "principalId")
    if str(named).lower() != owner:
        raise bad_request("The id in the path and the one in the body are not the same.")
    found = tenant.directory.live(str(thing.get("principalId", "")).lower())
    resource = tenant.directory.stores[SERVICE_PRINCIPAL].live.get(str(thing.get("resourceId", "")).lower())
    if found is None or resource is None or found[0] not in PRINCIPALS:
        raise not_found(str(thing.get("principalId") if resource else thing.get("resourceId")))
    role_id = str(thing.get("appRoleId", "")).lower()
    roles = {str(each["id"]).lower(): each for each in resource.get("appRoles", ())}
    if role_id not in roles and (role_id != DEFAULT_ROLE or (roles and found[0] == SERVICE_PRINCIPAL)):
        raise bad_request("Permission being assigned was not found on application.")
    name, principal = found
    held = len(tenant.directory.hanging.of_type(principal["id"], ASSIGNMENT))
    quotas.refuse_above(tenant, tenant.switches.quotas.assignments_per_principal_max, held + 1, "app role assignments")
    return {
        **thing,
        "principalDisplayName": principal.get("displayName"),
        "principalType": TYPE_NAMES[name],
        "resourceDisplayName": resource.get("displayName"),
    }


def list_hanging(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of what hangs on the object in the path, by the end that `relation` names."""
    store = tenant.directory.stores[call.object_type]
    anchor = resolve(tenant, call.parent_type, call.params["parent"])
    wanted = shape(store.schema, odata.names(call.options.get("$select")))
    fits = odata.read_filter(call.options["$filter"]).fits if "$filter" in call.options else None

    def shown(object_id: str) -> JsonObject | None:
        thing = store.live[object_id]
        if thing.get(call.relation) != anchor or tenant.directory.is_hidden(store.schema, thing):
            return None
        return show(store.schema, thing, wanted) if fits is None or fits(thing) else None

    order = tenant.directory.hanging.of_type(anchor, call.object_type)
    size = odata.top(call.options.get("$top"))
    items, following = page(order.since(position(call, tenant.sealer)), size, shown)
    body = envelope(call, tenant.sealer, context=store.schema.collection, items=items, following=following)
    return Answer(200, body)


def below_parent(operation: Callable[[Tenant, Call], Answer]) -> Callable[[Tenant, Call], Answer]:
    """Return the operation on one hanging object, which must be found below the object in the path."""

    def on_its_own(tenant: Tenant, call: Call) -> Answer:
        anchor = resolve(tenant, call.parent_type, call.params["parent"])
        object_id = resolve(tenant, call.object_type, call.params["id"])
        if tenant.directory.stores[call.object_type].live[object_id].get(call.relation) != anchor:
            raise not_found(call.params["id"])
        return operation(tenant, call)

    return on_its_own


OF_GRANTS = Rules(_new_grant)
OF_ASSIGNMENTS = Rules(_new_assignment)
