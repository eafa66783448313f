"""Protection of administrators: what an application's permissions alone do not open.

Microsoft Graph page "Working with users", part "Who can perform sensitive actions": sensitive properties, deletion and
restore of administrators, and of members of groups that roles may be assigned to, need a directory role as well. The
role is the one the application's service principal holds over the whole tenant, itself or through a group.
"""

from collections import Counter
from typing import Any

import msgspec

from simulator.directory.state import unique_key
from simulator.errors import GraphError
from simulator.operations.call import Call
from simulator.routes import Route
from simulator.switches import Administrators
from simulator.tenant import Tenant
from simulator.types.service_principal import SERVICE_PRINCIPAL

SENSITIVE = frozenset(
    "accountEnabled businessPhones mobilePhone otherMails userPrincipalName onPremisesImmutableId "
    "passwordProfile".split()
)
_ASSIGNMENTS = "unifiedRoleAssignment"
# Microsoft Entra page "Use Microsoft Entra groups to manage role assignments": making and changing such groups.
ROLE_GROUPS_NEED = "RoleManagement.ReadWrite.Directory"
# Microsoft Entra page "Microsoft Entra built-in roles", by template id.
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
AUTHENTICATION_ADMINISTRATOR = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
HIGHEST = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})
# Who may act on holders of the roles below, and on nobody above them.
LOWER = frozenset({USER_ADMINISTRATOR, AUTHENTICATION_ADMINISTRATOR})
WITHIN_REACH_OF_LOWER = frozenset(
    {
        "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",  # Directory Readers
        "95e79109-95c0-4d8e-aee3-d01accf2d47b",  # Guest Inviter
        "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",  # Message Center Reader
        "4a5d8f65-41da-4de4-8968-e035b65339cf",  # Reports Reader
    }
)


class Protection:
    """Refuses sensitive writes to administrators, when switched on."""

    def __init__(self, wish: Administrators) -> None:
        self.counts: Counter[str] = Counter()
        self.switch(wish)

    def switch(self, wish: Administrators) -> None:
        """Put other settings in force."""
        self._wish = wish

    def refuse(self, tenant: Tenant, route: Route, call: Call) -> None:
        """Refuse a sensitive write unless the application holds a directory role that allows it."""
        if not self._wish.is_on or call.app_id in self._wish.privileged_apps:
            return
        user_id = _named(tenant, call.params.get("id", ""))
        if not _is_sensitive(route, call) or not is_administrator(tenant, user_id):
            return
        if roles_of_application(tenant, call.app_id) & _sufficient(tenant, user_id):
            self.counts["allowed_by_role"] += 1
            return
        self.counts["protected"] += 1
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def refuse_role_groups(tenant: Tenant, route: Route, call: Call, held: frozenset[str]) -> None:
    """Refuse a write to a group roles may be assigned to, or making one, without the permission over roles."""
    if not route.is_write or ROLE_GROUPS_NEED in held:
        return
    groups = tenant.directory.stores["group"]
    if route.object_type == "group" and call.method == "POST" and len(route.pattern) == 1:
        group = _sent(call)
    elif route.object_type in ("group", ""):
        group = groups.find(call.params.get("id", "").lower()) or {}
    else:
        return
    if group.get("isAssignableToRole") is True:
        tenant.refusals["role-assignable group"] += 1
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _sent(call: Call) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(call.body)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _named(tenant: Tenant, key: str) -> str:
    users = tenant.directory.stores["user"]
    by_name = tenant.directory.holders.get(unique_key(users.schema, "userPrincipalName", key))
    return by_name if by_name is not None else key.lower()


def is_administrator(tenant: Tenant, object_id: str) -> bool:
    """Tell whether a user holds a directory role, itself or through a group that roles may be assigned to."""
    if tenant.directory.type_of(object_id) != "user":
        return False
    return bool(_role_groups(tenant, object_id) or _roles_of(tenant, object_id))


def roles_of_application(tenant: Tenant, app_id: str) -> frozenset[str]:
    """Return the template ids of the roles that an application's service principal holds over the whole tenant."""
    directory = tenant.directory
    principal_id = directory.holders.get(unique_key(directory.stores[SERVICE_PRINCIPAL].schema, "appId", app_id), "")
    return _roles_of(tenant, principal_id, scope="/") if principal_id else frozenset()


def _sufficient(tenant: Tenant, user_id: str) -> frozenset[str]:
    if _role_groups(tenant, user_id) or not _roles_of(tenant, user_id) <= WITHIN_REACH_OF_LOWER:
        return HIGHEST
    return HIGHEST | LOWER


def _role_groups(tenant: Tenant, object_id: str) -> list[str]:
    groups = tenant.directory.stores["group"].live
    above = (each for each in tenant.directory.links.sources(object_id, "members") if each in groups)
    return [each for each in above if groups[each].get("isAssignableToRole")]


def _roles_of(tenant: Tenant, object_id: str, *, scope: str = "") -> frozenset[str]:
    directory = tenant.directory
    live = directory.stores[_ASSIGNMENTS].live
    held = [
        live[each]
        for holder in (object_id, *directory.links.sources(object_id, "members"))
        for each in directory.hanging.of_type(holder, _ASSIGNMENTS)
        if each in live and live[each]["principalId"] == holder
    ]
    return frozenset(each["roleDefinitionId"] for each in held if not scope or each["directoryScopeId"] == scope)


def _is_sensitive(route: Route, call: Call) -> bool:
    if route.area == "directoryObject" or (route.object_type == "user" and call.method == "DELETE"):
        return True
    if route.object_type != "user" or call.method != "PATCH" or len(route.pattern) != 2:
        return False
    return not SENSITIVE.isdisjoint(_sent(call))
