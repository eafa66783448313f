"""Applications and their service principals: made together or apart, mirrored, deleted together, restored apart.

Follows the Microsoft Graph pages "Create application", "application: addPassword", "Create servicePrincipal" and
"Restore deleted item": deleting an application takes its service principal along, restoring it does not.
"""

from copy import deepcopy

from simulator.directory.state import unique_key
from simulator.errors import GraphError, bad_request, not_found
from simulator.moments import DAY_SECONDS, stamp
from simulator.operations import agents
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.rules import Rules
from simulator.tenant import Tenant
from simulator.types.application import APPLICATION, BLUEPRINT, check_entitlements, check_named, without_secrets
from simulator.types.schema import JsonObject
from simulator.types.service_principal import AGENT_IDENTITY, BLUEPRINT_PRINCIPAL, MIRRORED, SERVICE_PRINCIPAL

PASSWORD_DAYS = 2 * 365  # Microsoft Graph page "application: addPassword": two years when nothing is said.


def _new_application(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    _check_parts(thing)
    made = {**thing, "appId": tenant.new_id(), "publisherDomain": tenant.domain}
    return without_secrets(made, {})


def _check_parts(body: JsonObject) -> None:
    """Refuse parts of an application that its service principal could not mirror."""
    check_named(body.get("appRoles") or [])
    check_named((body.get("api") or {}).get("oauth2PermissionScopes") or [])
    for name in ("web", "spa", "publicClient"):
        if not isinstance((body.get(name) or {}).get("redirectUris") or [], list):
            raise bad_request(f"Invalid value specified for property 'redirectUris' of '{name}'.")


def _changed_application(_tenant: Tenant, current: JsonObject, changes: JsonObject) -> JsonObject:
    _check_parts(changes)
    if "appRoles" in changes:
        check_entitlements(current.get("appRoles", ()), changes["appRoles"])
    if "api" in changes:
        before = (current.get("api") or {}).get("oauth2PermissionScopes") or ()
        check_entitlements(before, (changes["api"] or {}).get("oauth2PermissionScopes") or ())
    return without_secrets(changes, current)


def principal_of(tenant: Tenant, app_id: str) -> str | None:
    """Return the id of the live service principal of an application."""
    schema = tenant.directory.stores[SERVICE_PRINCIPAL].schema
    return tenant.directory.holders.get(unique_key(schema, "appId", app_id))


def mirrored(application: JsonObject) -> JsonObject:
    """Return what a service principal shows of its application."""
    found = {ours: application.get(theirs) for theirs, ours in MIRRORED.items()}
    web, api = application.get("web") or {}, application.get("api") or {}
    found["oauth2PermissionScopes"] = api.get("oauth2PermissionScopes") or []
    found["homepage"] = web.get("homePageUrl")
    spa = application.get("spa") or {}
    found["replyUrls"] = [*(web.get("redirectUris") or ()), *(spa.get("redirectUris") or ())]
    found["servicePrincipalNames"] = [*application.get("identifierUris", []), application["appId"]]
    return deepcopy(found)


def _mirror(tenant: Tenant, call: Call, application: JsonObject) -> None:
    principal_id = principal_of(tenant, application["appId"])
    if principal_id is not None:
        now = mirrored(application)
        live = tenant.directory.stores[SERVICE_PRINCIPAL].live[principal_id]
        changes = {name: value for name, value in now.items() if (value or None) != (live.get(name) or None)}
        tenant.directory.update(SERVICE_PRINCIPAL, principal_id, changes, call.now)


def _delete_principal(tenant: Tenant, call: Call, application: JsonObject) -> None:
    principal_id = principal_of(tenant, application["appId"])
    if principal_id is not None:
        tenant.directory.soft_delete(SERVICE_PRINCIPAL, principal_id, call.now)


def _new_principal(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    if thing.get("@odata.type") == AGENT_IDENTITY:
        return agents.check_identity(tenant, thing)
    app_id = str(thing.get("appId", "")).lower()
    schema = tenant.directory.stores[APPLICATION].schema
    holder = tenant.directory.holders.get(unique_key(schema, "appId", app_id))
    if holder is not None:
        application = tenant.directory.stores[APPLICATION].live[holder]
        taken: JsonObject = mirrored(application) | {"appOwnerOrganizationId": tenant.tenant_id}
        if application.get("@odata.type") == BLUEPRINT:
            taken["@odata.type"] = BLUEPRINT_PRINCIPAL
    elif app_id in tenant.published:
        taken = deepcopy(tenant.published[app_id])
    else:
        message = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        raise GraphError(400, "NoBackingApplicationObject", message)
    return {"displayName": taken.get("appDisplayName"), **taken, **thing, "appId": app_id}


def _kept_principal(_tenant: Tenant, current: JsonObject, changes: JsonObject) -> JsonObject:
    return without_secrets(changes, current)


def add_password(tenant: Tenant, call: Call) -> Answer:
    """Make one secret; its value is in this answer and nowhere else, ever."""
    object_id = resolve(tenant, call.object_type, call.params["id"])
    current = tenant.directory.stores[call.object_type].live[object_id]
    wish = call.json().get("passwordCredential") or {}
    if not isinstance(wish, dict):
        raise bad_request("Invalid value specified for parameter 'passwordCredential'.")
    secret = tenant.new_id().replace("-", "~")
    made: JsonObject = {
        "customKeyIdentifier": None,
        "displayName": wish.get("displayName"),
        "endDateTime": wish.get("endDateTime") or stamp(call.now + PASSWORD_DAYS * DAY_SECONDS),
        "hint": secret[:3],
        "keyId": tenant.new_id(),
        "startDateTime": wish.get("startDateTime") or stamp(call.now),
    }
    kept = [*current.get("passwordCredentials", ()), made]
    tenant.directory.update(call.object_type, object_id, {"passwordCredentials": kept}, call.now)
    body = {"@odata.context": call.context("microsoft.graph.passwordCredential"), **made, "secretText": secret}
    return Answer(200, body, object_type=call.object_type, object_id=object_id)


def remove_password(tenant: Tenant, call: Call) -> Answer:
    """Remove one secret by its key id."""
    object_id = resolve(tenant, call.object_type, call.params["id"])
    current = tenant.directory.stores[call.object_type].live[object_id]
    key_id = call.json().get("keyId")
    if not isinstance(key_id, str):
        raise bad_request("A value is required for parameter 'keyId'.")
    held = current.get("passwordCredentials", ())
    kept = [each for each in held if each["keyId"].lower() != key_id.lower()]
    if len(kept) == len(held):
        raise not_found(key_id)
    tenant.directory.update(call.object_type, object_id, {"passwordCredentials": kept}, call.now)
    return Answer(204, object_type=call.object_type, object_id=object_id)


def _new_credential(tenant: Tenant, call: Call, thing: JsonObject) -> JsonObject:
    return {**thing, "applicationId": resolve(tenant, APPLICATION, call.params["parent"])}


OF_APPLICATIONS = Rules(_new_application, _changed_application, _delete_principal, _mirror)
OF_SERVICE_PRINCIPALS = Rules(_new_principal, _kept_principal)
OF_CREDENTIALS = Rules(_new_credential)
