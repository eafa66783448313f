"""How much of everything a tenant may hold: what is above is refused with Directory_QuotaExceeded, and counted.

The numbers follow the Microsoft Graph and Entra pages "Microsoft Entra service limits and restrictions" and "Create
conditionalAccessPolicy". The switch `quotas` holds them.
"""

from collections.abc import Sequence

from simulator.errors import GraphError
from simulator.tenant import Tenant
from simulator.types import group
from simulator.types.schema import JsonObject


def refuse_above(tenant: Tenant, limit: int | None, count: int, what: str) -> None:
    """Refuse when `count` of something would be more than its limit."""
    if limit is not None and count > limit:
        tenant.refusals[f"quota {what}"] += 1
        message = f"The directory object quota limit for {what} has been exceeded: at most {limit} are allowed."
        raise GraphError(403, "Directory_QuotaExceeded", message)


def check_new(tenant: Tenant, type_name: str, thing: JsonObject) -> None:
    """Refuse one more object of this type when the tenant has all it may have."""
    quotas, stores = tenant.switches.quotas, tenant.directory.stores
    store = stores[type_name]
    if store.schema.is_directory_object and quotas.objects_max is not None:
        held = sum(len(stores[name].live) + len(stores[name].deleted) for name in tenant.directory.directory_types)
        refuse_above(tenant, quotas.objects_max, held + 1, "objects")
    if type_name == "conditionalAccessPolicy":
        refuse_above(tenant, quotas.policies_max, len(store.live) + 1, "conditional access policies")
    if type_name == "unifiedRoleDefinition":
        custom = sum(1 for each in store.live.values() if not each["isBuiltIn"])
        refuse_above(tenant, quotas.custom_roles_max, custom + 1, "custom roles")
    if type_name == "group" and thing.get("isAssignableToRole"):
        count = sum(1 for each in store.live.values() if each.get("isAssignableToRole"))
        refuse_above(tenant, quotas.role_groups_max, count + 1, "role-assignable groups")
    if type_name == "group" and group.is_dynamic(thing):
        count = sum(1 for each in store.live.values() if group.is_dynamic(each))
        refuse_above(tenant, quotas.dynamic_groups_max, count + 1, "dynamic groups")


def check_links(tenant: Tenant, type_name: str, thing: JsonObject, wanted: Sequence[tuple[str, str]]) -> None:
    """Refuse links beyond the owners an object, or the units a member, may have."""
    links = tenant.directory.links
    added = sum(1 for relation, _ in wanted if relation == "owners")
    if added:
        held = len(links.targets(thing.get("id", ""), "owners"))
        refuse_above(tenant, tenant.switches.quotas.owners_max, held + added, "owners")
    if type_name == "administrativeUnit":
        units = tenant.directory.stores[type_name]
        for _, target_id in wanted:
            held = sum(1 for each in links.sources(target_id, "members") if each in units.live)
            refuse_above(tenant, tenant.switches.quotas.units_per_member_max, held + 1, "units of a member")
