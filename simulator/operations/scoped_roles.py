"""Scoped role members of an administrative unit: role assignments whose scope is that unit, in their older form.

Follows the Microsoft Graph pages "List scopedRoleMembers" and "Add a scopedRoleMember"; `roleId` is the id of the
activated directory role there.
"""

from simulator.directory.state import unique_key
from simulator.errors import bad_request, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.roles import UNIT_SCOPE, assign, assigned
from simulator.tenant import Tenant
from simulator.types.roles import ASSIGNMENT, DIRECTORY_ROLE, UNIT
from simulator.types.schema import JsonObject


def list_scoped(tenant: Tenant, call: Call) -> Answer:
    """Answer all scoped members of one unit."""
    unit_id = resolve(tenant, UNIT, call.params["id"])
    items = [_shown(tenant, unit_id, each) for each in assigned(tenant, unit_id, UNIT_SCOPE + unit_id)]
    context = call.context("scopedRoleMemberships")
    return Answer(200, {"@odata.context": context, "value": [each for each in items if each]})


def add_scoped(tenant: Tenant, call: Call) -> Answer:
    """Give one user an activated directory role over the unit."""
    unit_id = resolve(tenant, UNIT, call.params["id"])
    body = call.json()
    role = tenant.directory.stores[DIRECTORY_ROLE].live.get(str(body.get("roleId", "")).lower())
    member = body.get("roleMemberInfo")
    member_id = str(member.get("id", "")).lower() if isinstance(member, dict) else ""
    if role is None:
        raise bad_request("Invalid value specified for property 'roleId' of resource 'ScopedRoleMembership'.")
    if tenant.directory.live(member_id) is None:
        raise not_found(member_id)
    made = assign(tenant, member_id, role["roleTemplateId"], UNIT_SCOPE + unit_id, call.now)
    if made is None:
        raise bad_request("A conflicting object with one or more of the specified property values is present.")
    shown = _shown(tenant, unit_id, tenant.directory.stores[ASSIGNMENT].live[made])
    body = {"@odata.context": call.context("scopedRoleMemberships/$entity"), **shown}
    return Answer(201, body, object_type=ASSIGNMENT, object_id=made)


def remove_scoped(tenant: Tenant, call: Call) -> Answer:
    """Take one scoped role away."""
    unit_id = resolve(tenant, UNIT, call.params["id"])
    target_id = call.params["target"].lower()
    if target_id not in [each["id"] for each in assigned(tenant, unit_id, UNIT_SCOPE + unit_id)]:
        raise not_found(target_id)
    tenant.directory.remove(ASSIGNMENT, target_id, call.now)
    tenant.history.hard_deletes += 1
    return Answer(204, object_type=ASSIGNMENT, object_id=target_id)


def _shown(tenant: Tenant, unit_id: str, assignment: JsonObject) -> JsonObject:
    """Return the older form; empty when the role was never activated, so that it has no id to show."""
    schema = tenant.directory.stores[DIRECTORY_ROLE].schema
    role_id = tenant.directory.holders.get(unique_key(schema, "roleTemplateId", assignment["roleDefinitionId"]))
    found = tenant.directory.live(assignment["principalId"])
    if role_id is None or found is None:
        return {}
    member = {"id": assignment["principalId"], "displayName": found[1].get("displayName")}
    return {"id": assignment["id"], "administrativeUnitId": unit_id, "roleId": role_id, "roleMemberInfo": member}
