"""Rules of single policy types, and the lists that live inside a policy with paths of their own.

Follows the Microsoft Graph pages "authenticationStrengthPolicy", "authenticationContextClassReference",
"customSecurityAttributeDefinition", "permissionGrantPolicy" and "unifiedRoleManagementPolicyRule".
"""

import re
from copy import deepcopy

from simulator.errors import bad_request, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.rules import Rules
from simulator.tenant import Tenant
from simulator.types.conditional_access import POLICY, merged
from simulator.types.policies import ATTRIBUTE_SET, STRENGTH
from simulator.types.schema import JsonObject

_CONTEXT_ID = re.compile(r"^c([1-9]|[1-9][0-9])$")  # Page "authenticationContextClassReference": c1 to c99.


def _changed_strength(_tenant: Tenant, current: JsonObject, changes: JsonObject) -> JsonObject:
    _refuse_built_in(current)
    return changes


def _gone_strength(tenant: Tenant, _call: Call, thing: JsonObject) -> None:
    _refuse_built_in(thing)
    for policy in tenant.directory.stores[POLICY].live.values():
        strength = (policy.get("grantControls") or {}).get("authenticationStrength") or {}
        if strength.get("id") == thing["id"]:
            raise bad_request(f"The authentication strength is used by the policy '{policy['id']}'.", "BadRequest")


def _refuse_built_in(thing: JsonObject) -> None:
    if thing.get("policyType") == "builtIn":
        raise bad_request("A built-in authentication strength cannot be changed or deleted.", "BadRequest")


def update_combinations(tenant: Tenant, call: Call) -> Answer:
    """Replace which combinations a custom authentication strength allows."""
    object_id = resolve(tenant, STRENGTH, call.params["id"])
    current = tenant.directory.stores[STRENGTH].live[object_id]
    _refuse_built_in(current)
    wanted = call.json().get("allowedCombinations")
    if not isinstance(wanted, list) or not wanted:
        raise bad_request("A value is required for parameter 'allowedCombinations'.", "BadRequest")
    before = current["allowedCombinations"]
    tenant.directory.update(STRENGTH, object_id, {"allowedCombinations": wanted}, call.now)
    answer = {"currentCombinations": wanted, "previousCombinations": before, "additionalInformation": None}
    context = call.context("microsoft.graph.updateAllowedCombinationsResult")
    return Answer(200, {"@odata.context": context, **answer}, object_type=STRENGTH, object_id=object_id)


def _new_context(_tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    if not _CONTEXT_ID.match(str(thing["id"])):
        raise bad_request("The id of an authentication context must be from c1 to c99.", "BadRequest")
    return thing


def _new_attribute(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    if thing.get("attributeSet") not in tenant.directory.stores[ATTRIBUTE_SET].live:
        raise bad_request(f"The attribute set '{thing.get('attributeSet')}' does not exist.")
    return {**thing, "id": f"{thing['attributeSet']}_{thing.get('name')}", "allowedValues": []}


def _new_setting(tenant: Tenant, _call: Call, thing: JsonObject) -> JsonObject:
    same = (each for each in tenant.directory.stores["groupSetting"].live.values())
    if any(each["templateId"] == thing.get("templateId") for each in same):
        raise bad_request("A conflicting object with one or more of the specified property values is present.")
    return thing


def _gone_grant_policy(_tenant: Tenant, _call: Call, thing: JsonObject) -> None:
    if thing["id"].startswith("microsoft-"):
        raise bad_request("A built-in permission grant policy cannot be deleted.")


def list_contained(tenant: Tenant, call: Call) -> Answer:
    """Answer all items of a list inside one object."""
    _, items = _contained(tenant, call)
    context = call.context(f"{call.object_type}('{call.params['id']}')/{call.relation}")
    return Answer(200, {"@odata.context": context, "value": items})


def read_contained(tenant: Tenant, call: Call) -> Answer:
    """Answer one item of a list inside one object."""
    _, items = _contained(tenant, call)
    item = items[_place(call, items)]
    return Answer(200, {"@odata.context": call.context(f"{call.relation}/$entity"), **item})


def add_contained(tenant: Tenant, call: Call) -> Answer:
    """Add one item to a list inside one object; one with an id of its own keeps it."""
    object_id, items = _contained(tenant, call)
    made = {"id": tenant.new_id(), **call.json()}
    if not isinstance(made["id"], str) or not made["id"]:
        raise bad_request("Invalid value specified for property 'id'.")
    if any(each["id"] == made["id"] for each in items):
        raise bad_request(f"An item '{made['id']}' exists already.")
    tenant.directory.update(call.object_type, object_id, {call.relation: [*items, made]}, call.now)
    body = {"@odata.context": call.context(f"{call.relation}/$entity"), **made}
    return Answer(201, body, object_type=call.object_type, object_id=object_id)


def update_contained(tenant: Tenant, call: Call) -> Answer:
    """Change one item of a list inside one object."""
    object_id, items = _contained(tenant, call)
    at = _place(call, items)
    kept = deepcopy(items)
    kept[at] = {**merged(items[at], call.json()), "id": items[at]["id"]}
    tenant.directory.update(call.object_type, object_id, {call.relation: kept}, call.now)
    return Answer(204, object_type=call.object_type, object_id=object_id)


def remove_contained(tenant: Tenant, call: Call) -> Answer:
    """Remove one item of a list inside one object."""
    object_id, items = _contained(tenant, call)
    at = _place(call, items)
    kept = items[:at] + items[at + 1 :]
    tenant.directory.update(call.object_type, object_id, {call.relation: kept}, call.now)
    return Answer(204, object_type=call.object_type, object_id=object_id)


def _contained(tenant: Tenant, call: Call) -> tuple[str, list[JsonObject]]:
    object_id = resolve(tenant, call.object_type, call.params["id"])
    return object_id, tenant.directory.stores[call.object_type].live[object_id].get(call.relation, [])


def _place(call: Call, items: list[JsonObject]) -> int:
    for at, item in enumerate(items):
        if item["id"].lower() == call.params["target"].lower():
            return at
    raise not_found(call.params["target"])


OF_STRENGTHS = Rules(updating=_changed_strength, deleting=_gone_strength)
OF_CONTEXTS = Rules(creating=_new_context)
OF_ATTRIBUTES = Rules(creating=_new_attribute)
OF_GROUP_SETTINGS = Rules(creating=_new_setting)
OF_GRANT_POLICIES = Rules(deleting=_gone_grant_policy)
