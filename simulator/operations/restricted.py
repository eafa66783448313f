"""Units with restricted management: whoever changes their members needs a role in that very unit.

Follows the page "Restricted management administrative units in Microsoft Entra ID". The members' flag follows always;
refusing is a switch (`restricted_units`), as an application that never held such a role could change nothing there.
"""

from simulator.directory.state import unique_key
from simulator.errors import GraphError
from simulator.operations.call import Call
from simulator.tenant import Tenant
from simulator.types.roles import ASSIGNMENT, UNIT
from simulator.types.service_principal import SERVICE_PRINCIPAL

FLAG = "isManagementRestricted"
_FLAGGED = frozenset({"user", "group"})


def refuse(tenant: Tenant, call: Call, object_id: str) -> None:
    """Refuse a write to a member of a restricted unit by an application without a role over that unit."""
    if not tenant.switches.restricted_units:
        return
    directory = tenant.directory
    key = unique_key(directory.stores[SERVICE_PRINCIPAL].schema, "appId", call.app_id)
    principal_id, assignments = directory.holders.get(key), directory.stores[ASSIGNMENT].live
    for unit_id in _units(tenant, object_id):
        # Whatever role assignment hangs on a unit has that unit as its scope.
        holders = {assignments[each]["principalId"] for each in directory.hanging.of_type(unit_id, ASSIGNMENT)}
        if principal_id not in holders:
            tenant.refusals["restricted unit"] += 1
            message = "Insufficient privileges to complete the operation: the object is in a restricted unit."
            raise GraphError(403, "Authorization_RequestDenied", message)


def flag(tenant: Tenant, unit_id: str, member_id: str, now: float) -> None:
    """Bring a member's flag in line with the units it is in, after it joined or left one."""
    if not tenant.directory.stores[UNIT].live[unit_id].get("isMemberManagementRestricted"):
        return
    found = tenant.directory.live(member_id)
    if found is not None and found[0] in _FLAGGED:
        tenant.directory.update(found[0], member_id, {FLAG: bool(_units(tenant, member_id)) or None}, now)


def _units(tenant: Tenant, object_id: str) -> list[str]:
    units = tenant.directory.stores[UNIT].live
    above = tenant.directory.links.sources(object_id, "members")
    return [each for each in above if each in units and units[each].get("isMemberManagementRestricted")]
