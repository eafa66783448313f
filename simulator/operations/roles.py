"""Directory roles: definitions, assignments, and the two older views of assignments (role members, scoped members).

Follows the Microsoft Graph pages "Create unifiedRoleAssignment", "Activate directoryRole", "Add directory role
member" and "Add a scopedRoleMember".
"""

from simulator import odata
from simulator.directory.ordered import StableOrder
from simulator.directory.state import unique_key
from simulator.errors import GraphError, already_linked, bad_request, not_found
from simulator.operations.binding import referenced
from simulator.operations.call import Answer, Call
from simulator.operations.linking import paged
from simulator.operations.reading import resolve
from simulator.operations.rules import Rules
from simulator.operations.showing import MixedShapes
from simulator.tenant import Tenant
from simulator.types.roles import ASSIGNMENT, DEFINITION, DIRECTORY_ROLE, UNIT
from simulator.types.schema import JsonObject

PRINCIPALS = frozenset({"user", "group", "servicePrincipal"})
UNIT_SCOPE = "/administrativeUnits/"


def _new_definition(_tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    return {**thing, "templateId": thing.get("templateId") or thing["id"]}


def _changed_definition(_tenant: Tenant, current: JsonObject, changes: JsonObject) -> JsonObject:
    _refuse_built_in(current)
    return changes


def _gone_definition(tenant: Tenant, _call: Call, thing: JsonObject) -> None:
    _refuse_built_in(thing)
    if len(tenant.directory.hanging.of_type(thing["id"], ASSIGNMENT)):
        raise bad_request("The role definition cannot be deleted: it is assigned.")


def _refuse_built_in(thing: JsonObject) -> None:
    if thing.get("isBuiltIn"):
        raise GraphError(403, "Authorization_RequestDenied", "A built-in role definition cannot be changed or deleted.")


def _new_assignment(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    wanted = {name: str(thing.get(name) or "").lower() for name in ("principalId", "roleDefinitionId")}
    scope = str(thing.get("directoryScopeId") or "")
    if wanted["roleDefinitionId"] not in tenant.directory.stores[DEFINITION].live:
        raise bad_request("The specified role definition does not exist.")
    found = tenant.directory.live(wanted["principalId"])
    if found is None or found[0] not in PRINCIPALS:
        raise not_found(wanted["principalId"])
    if found[0] == "group" and not found[1].get("isAssignableToRole"):
        raise bad_request("A role can be assigned to a group only when the group is assignable to roles.")
    if scope.startswith(UNIT_SCOPE):
        resolve(tenant, UNIT, scope.removeprefix(UNIT_SCOPE))
    elif scope != "/" and tenant.directory.live(scope.strip("/").lower()) is None:
        raise bad_request("The specified directory scope does not exist.")
    return {**thing, **wanted, "principalOrganizationId": tenant.tenant_id}


def _new_role(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    definition = tenant.directory.stores[DEFINITION].live.get(str(thing.get("roleTemplateId", "")).lower())
    if definition is None or not definition["isBuiltIn"]:
        raise bad_request("The specified role template does not exist.")
    return {**thing, "displayName": definition["displayName"], "description": definition.get("description")}


def assign(tenant: Tenant, principal_id: str, definition_id: str, scope: str, now: float) -> str | None:
    """Make one role assignment that was checked; return its id, None when it is there already."""
    thing = {"principalId": principal_id, "roleDefinitionId": definition_id, "directoryScopeId": scope}
    schema = tenant.directory.stores[ASSIGNMENT].schema
    if unique_key(schema, schema.unique[0], principal_id, definition_id, scope) in tenant.directory.holders:
        return None
    made = {"id": tenant.new_id(), **thing, "principalOrganizationId": tenant.tenant_id}
    tenant.directory.add(ASSIGNMENT, made, now)
    return made["id"]


def assigned(tenant: Tenant, anchor: str, scope: str) -> list[JsonObject]:
    """Return the visible assignments that hang on a role definition or a unit and have this scope."""
    store = tenant.directory.stores[ASSIGNMENT]
    found = (store.live[each] for each in tenant.directory.hanging.of_type(anchor, ASSIGNMENT))
    visible = (each for each in found if not tenant.directory.is_hidden(store.schema, each))
    return [each for each in visible if each["directoryScopeId"] == scope]


def list_role_members(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of whom a directory role is assigned to, for the whole tenant."""
    role = _role(tenant, call)
    order = StableOrder()
    for assignment in assigned(tenant, role["roleTemplateId"], "/"):
        order.add(assignment["principalId"])
    shapes = MixedShapes(tenant.directory, odata.names(call.options.get("$select")))
    return Answer(200, paged(tenant, call, order, shapes.item))


def add_role_member(tenant: Tenant, call: Call) -> Answer:
    """Assign a directory role for the whole tenant."""
    role, target_id = _role(tenant, call), referenced(call.json().get("@odata.id"))
    wanted = {"principalId": target_id, "roleDefinitionId": role["roleTemplateId"], "directoryScopeId": "/"}
    _new_assignment(tenant, call, wanted)
    if assign(tenant, target_id, role["roleTemplateId"], "/", call.now) is None:
        raise already_linked("members")
    touched = (("members", target_id, "added"),)
    return Answer(204, object_type=DIRECTORY_ROLE, object_id=role["id"], links=touched)


def remove_role_member(tenant: Tenant, call: Call) -> Answer:
    """Take a directory role away from one principal."""
    role, target_id = _role(tenant, call), call.params["target"].lower()
    for assignment in assigned(tenant, role["roleTemplateId"], "/"):
        if assignment["principalId"] == target_id:
            tenant.directory.remove(ASSIGNMENT, assignment["id"], call.now)
            touched = (("members", target_id, "removed"),)
            return Answer(204, object_type=DIRECTORY_ROLE, object_id=role["id"], links=touched)
    raise not_found(target_id)


def _role(tenant: Tenant, call: Call) -> JsonObject:
    return tenant.directory.stores[DIRECTORY_ROLE].live[resolve(tenant, DIRECTORY_ROLE, call.params["id"])]


OF_DEFINITIONS = Rules(_new_definition, _changed_definition, _gone_definition)
OF_ASSIGNMENTS = Rules(_new_assignment)
OF_DIRECTORY_ROLES = Rules(_new_role)
