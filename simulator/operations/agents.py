"""Agents: identities made from a blueprint, and the users that act for them.

Follows the Microsoft Graph pages "agentIdentity", "agentIdentityBlueprint", "agentIdentityBlueprintPrincipal" and
"agentUser". They are applications, service principals and users with an `@odata.type` of their own.
"""

from simulator.directory.state import unique_key
from simulator.errors import bad_request
from simulator.operations.call import Call
from simulator.tenant import Tenant
from simulator.types.application import BLUEPRINT
from simulator.types.schema import JsonObject
from simulator.types.service_principal import AGENT_IDENTITY, AGENT_USER, BLUEPRINT_PRINCIPAL

DERIVED = {
    "user": (AGENT_USER,),
    "application": (BLUEPRINT,),
    "servicePrincipal": (AGENT_IDENTITY, BLUEPRINT_PRINCIPAL),
}


def kind_of(call: Call, body: JsonObject, type_name: str) -> JsonObject:
    """Return the `@odata.type` a new object has beyond its base type, from the path or the body; empty for none."""
    wanted = str(call.cast or body.get("@odata.type", "")).lower()
    return next(({"@odata.type": each} for each in DERIVED.get(type_name, ()) if each.lower() == wanted), {})


def check_user(tenant: Tenant, kind: JsonObject, body: JsonObject) -> None:
    """Refuse an agent's user without a live agent identity, and any other user with one."""
    parent_id = str(body.get("identityParentId", "")).lower()
    parent = tenant.directory.stores["servicePrincipal"].live.get(parent_id)
    is_agent = parent is not None and parent.get("@odata.type") == AGENT_IDENTITY
    if bool(kind) != is_agent:
        raise bad_request("The identityParentId must be the id of an agent identity.")


def check_identity(tenant: Tenant, thing: JsonObject) -> JsonObject:
    """Return a new agent identity with what follows from its blueprint; 400 when the blueprint has no principal."""
    blueprint = str(thing.get("agentIdentityBlueprintId", "")).lower()
    key = unique_key(tenant.directory.stores["servicePrincipal"].schema, "appId", blueprint)
    holder = tenant.directory.holders.get(key)
    if holder is None:
        raise bad_request(f"The agent identity blueprint '{blueprint}' has no principal in this tenant.")
    return thing | {"appId": thing["id"], "servicePrincipalType": "ServiceIdentity"}
