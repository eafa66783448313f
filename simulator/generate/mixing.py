"""Invents what touches users, groups and policies themselves: agents, licences, role-assignable groups, strengths.

Off unless a tenant is asked for with `is_mixed`, because users, groups and policies of a seed would not be those of
the same seed without it.
"""

from simulator.generate.kit import Kit
from simulator.generate.people import EMERGENCY, FOUNDED_AT
from simulator.generate.policies import MADE_AT
from simulator.generate.roles import BUILT_IN, assign
from simulator.moments import stamp
from simulator.operations.applications import mirrored
from simulator.types import application, group, service_principal
from simulator.types import conditional_access as ca
from simulator.types.policies import LICENCE
from simulator.types.schema import JsonObject

LICENSED_SHARE = 0.85
AGENT_SHARE = 1 / 400
ROLE_GROUPS = 6


def mix(kit: Kit, user_ids: list[str], *, excluded_group: str) -> None:
    """Add agents, licences, role-assignable groups with service principals in them, and three more policies."""
    if not user_ids:
        return
    _licences(kit, user_ids)
    blueprint_ids = _agents(kit, user_ids, max(2, round(len(user_ids) * AGENT_SHARE)))
    groups = _role_groups(kit, user_ids)
    _policies(kit, groups, excluded_group, blueprint_ids)


def _licences(kit: Kit, user_ids: list[str]) -> None:
    products = list(kit.tenant.directory.stores[LICENCE].live.values())
    live = kit.tenant.directory.stores["user"].live
    shared = [{"disabledPlans": [], "skuId": product["skuId"]} for product in products]
    for user_id in user_ids[len(EMERGENCY) :]:
        user = live.get(user_id)
        if user is None or not user.get("usageLocation") or kit.random.random() > LICENSED_SHARE:
            continue
        both = kit.random.random() < 0.2
        user["assignedLicenses"] = shared if both else shared[:1]
        for product in products if both else products[:1]:
            product["consumedUnits"] += 1


def _agents(kit: Kit, user_ids: list[str], count: int) -> list[str]:
    blueprint_ids, domain = [], kit.tenant.domain
    for number in range(max(1, count // 5)):
        name = f"Agent blueprint {number + 1}"
        body = {"@odata.type": application.BLUEPRINT, "displayName": name, "appId": kit.new_id()}
        blueprint_ids.append(kit.add(application.APPLICATION, body | {"createdDateTime": stamp(FOUNDED_AT)}))
        kit.link(blueprint_ids[-1], "sponsors", kit.random.choice(user_ids))
        mirror = {key: value for key, value in mirrored({**application.DEFAULTS, **body}).items() if value}
        principal = {"@odata.type": service_principal.BLUEPRINT_PRINCIPAL, "appId": body["appId"], "displayName": name}
        principal["appOwnerOrganizationId"] = kit.tenant.tenant_id
        kit.add(service_principal.SERVICE_PRINCIPAL, mirror | principal)
    stores = kit.tenant.directory.stores
    for number in range(count):
        blueprint = stores[application.APPLICATION].live[blueprint_ids[number % len(blueprint_ids)]]
        agent_id, name = kit.new_id(), f"Agent {number + 1}"
        agent = {
            "@odata.type": service_principal.AGENT_IDENTITY,
            "id": agent_id,
            "appId": agent_id,
            "displayName": name,
        }
        agent |= {"agentIdentityBlueprintId": blueprint["appId"], "servicePrincipalType": "ServiceIdentity"}
        kit.add(service_principal.SERVICE_PRINCIPAL, agent)
        kit.link(agent_id, "sponsors", kit.random.choice(user_ids))
        if number % 2 == 0:
            upn = f"agent{number + 1}@{domain}"
            user = {"@odata.type": service_principal.AGENT_USER, "accountEnabled": True, "displayName": name}
            user |= {"identityParentId": agent_id, "mailNickname": f"agent{number + 1}", "userPrincipalName": upn}
            kit.add("user", user | {"userType": "Member", "createdDateTime": stamp(FOUNDED_AT)})
    return blueprint_ids


def _role_groups(kit: Kit, user_ids: list[str]) -> list[str]:
    principals = [
        each
        for each, thing in kit.tenant.directory.stores[service_principal.SERVICE_PRINCIPAL].live.items()
        if "@odata.type" not in thing
    ]
    found = []
    for line in BUILT_IN.strip().splitlines()[1 : ROLE_GROUPS + 1]:
        role_id, name = line.split(" ", 1)
        body: JsonObject = {
            "displayName": f"Role: {name}",
            "mailNickname": f"role{role_id[:8]}",
            "visibility": "Private",
        }
        body |= {"isAssignableToRole": True, "mailEnabled": False, "securityEnabled": True}
        made = group.completed(body, object_id=kit.new_id(), created_at=stamp(FOUNDED_AT), domain=kit.tenant.domain)
        found.append(kit.add("group", made))
        for member_id in kit.some(user_ids, 4) + kit.some(principals, 1):
            kit.link(found[-1], "members", member_id)
        assign(kit, found[-1], role_id)
    return found


def _policies(kit: Kit, group_ids: list[str], excluded_group: str, blueprint_ids: list[str]) -> None:
    """Make policies that name a strength, an authentication context, and agents."""
    schema = kit.tenant.directory.stores[ca.POLICY].schema
    strength = {"id": "00000000-0000-0000-0000-000000000004", "displayName": "Phishing-resistant MFA"}
    admins = {"includeGroups": group_ids, "excludeGroups": [excluded_group] if excluded_group else []}
    everyone = {"includeUsers": ["All"], "excludeGroups": admins["excludeGroups"]}
    context = {"includeApplications": [], "includeAuthenticationContextClassReferences": ["c1", "c2"]}
    blueprints = [
        kit.tenant.directory.stores[application.APPLICATION].live[each]["appId"] for each in blueprint_ids[:2]
    ]
    mfa = {"operator": "OR", "builtInControls": ["mfa"]}
    key_only = {"operator": "OR", "builtInControls": [], "authenticationStrength": strength}
    everything = {"includeApplications": ["All"]}
    rows: list[tuple[str, JsonObject, JsonObject, JsonObject]] = [
        ("Role groups: phishing-resistant", admins, everything, key_only),
        ("Contracts and payroll: multifactor again", everyone, context, mfa),
        ("Agents' applications: multifactor", everyone, {"includeApplications": blueprints}, mfa),
    ]
    for name, users, applications, grant in rows:
        body = {"displayName": name, "state": "enabled", "grantControls": grant}
        body |= {"conditions": {"users": users, "applications": applications}}
        thing = ca.completed(schema, body, object_id=kit.new_id(), created_at=MADE_AT)
        kit.tenant.directory.add(ca.POLICY, thing, FOUNDED_AT)
