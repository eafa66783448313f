"""Protection of administrators: what an application's permissions alone do not open.

Microsoft Graph page "Working with users", part "Who can perform sensitive actions": sensitive properties, deletion and
restore of administrators, and of members of groups that roles may be assigned to, need a directory role as well.
"""

from collections import Counter

import msgspec

from simulator.errors import GraphError
from simulator.operations.call import Call
from simulator.routes import Route
from simulator.switches import Administrators
from simulator.tenant import Tenant

SENSITIVE = frozenset(
    "accountEnabled businessPhones mobilePhone otherMails userPrincipalName onPremisesImmutableId "
    "passwordProfile".split()
)
_ASSIGNMENTS = "unifiedRoleAssignment"


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
        user_id = call.params.get("id", "").lower()
        if not _is_sensitive(route, call) or not is_administrator(tenant, user_id):
            return
        self.counts["protected"] += 1
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def is_administrator(tenant: Tenant, object_id: str) -> bool:
    """Tell whether a user holds a directory role, itself or through a group that roles may be assigned to."""
    directory = tenant.directory
    if directory.type_of(object_id) != "user":
        return False
    holders = {object_id}
    for group_id in directory.links.sources(object_id, "members"):
        group = directory.stores["group"].live.get(group_id)
        if group is not None and group.get("isAssignableToRole"):
            return True
        holders.add(group_id)
    store = directory.stores.get(_ASSIGNMENTS)
    return store is not None and any(each.get("principalId") in holders for each in store.live.values())


def _is_sensitive(route: Route, call: Call) -> bool:
    if route.area == "directoryObject" or (route.object_type == "user" and call.method == "DELETE"):
        return True
    if route.object_type != "user" or call.method != "PATCH" or len(route.pattern) != 2:
        return False
    try:
        body = msgspec.json.decode(call.body)
    except msgspec.DecodeError:
        return False
    return isinstance(body, dict) and not SENSITIVE.isdisjoint(body)
