"""Invents who may administer: built-in and custom roles, assignments, eligibility, activation rules, activated roles.

Names and ids of built-in roles are those of the page "Microsoft Entra built-in roles"; a selection of them.
"""

from random import Random
from typing import Any

from simulator.generate.kit import Kit
from simulator.generate.people import EMERGENCY, FOUNDED_AT
from simulator.moments import stamp
from simulator.types import roles
from simulator.types.schema import JsonObject

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
BUILT_IN = """
62e90394-69f5-4237-9190-012177145e10 Global Administrator
f2ef992c-3afb-46b9-b7cf-a126ee74c451 Global Reader
e8611ab8-c189-46e8-94e1-60213ab1f814 Privileged Role Administrator
7be44c8a-adaf-4e2a-84d6-ab2649e08a13 Privileged Authentication Administrator
fe930be7-5e62-47db-91af-98c3a49a38b1 User Administrator
fdd7a751-b60b-444a-984c-02652fe8fa1c Groups Administrator
729827e3-9c14-49f7-bb1b-9608f156bbb8 Helpdesk Administrator
c4e39bd9-1100-46d3-8c65-fb160da0071f Authentication Administrator
0526716b-113d-4c15-b2c8-68e3c22b9f80 Authentication Policy Administrator
194ae4cb-b126-40b2-bd5b-6091b380977d Security Administrator
5d6b6bb7-de71-4623-b4af-96380a352509 Security Reader
5f2222b1-57c3-48ba-8ad5-d4759f1fde6f Security Operator
b1be1c3e-b65d-4f19-8427-f6fa0d97feb9 Conditional Access Administrator
9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3 Application Administrator
158c047a-c907-4556-b7ef-446551a6b5f7 Cloud Application Administrator
cf1c38e5-3621-4004-a7cb-879624dced7c Application Developer
29232cdf-9323-42fd-ade2-1d097af3e4de Exchange Administrator
f28a1f50-f6e7-4571-818b-6a12f2af6b6c SharePoint Administrator
69091246-20e8-4a56-aa4d-066075b2a7a8 Teams Administrator
3a2c62db-5318-420d-8d74-23affee5d9d5 Intune Administrator
4d6ac14f-3453-41d0-bef9-a3e0c569773a License Administrator
b0f54661-2d74-4c50-afa3-1ec803f12efe Billing Administrator
966707d0-3269-4727-9be2-8c3a10f19b9d Password Administrator
88d8e3e3-8f55-4a1e-953a-9b9898b8876b Directory Readers
9360feb5-f418-4baa-8175-e2a00bac4301 Directory Writers
4a5d8f65-41da-4de4-8968-e035b65339cf Reports Reader
8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2 Hybrid Identity Administrator
95e79109-95c0-4d8e-aee3-d01accf2d47b Guest Inviter
8424c6f0-a189-499e-bbd0-26c1753c96d4 Attribute Definition Administrator
58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d Attribute Assignment Administrator
"""
CUSTOM = (
    ("Application credential rotator", "microsoft.directory/applications/credentials/update"),
    ("Group member keeper", "microsoft.directory/groups/members/update"),
    ("Named location editor", "microsoft.directory/namedLocations/basic/update"),
)
ADMINISTRATORS_PER_USER = 1 / 400
ELIGIBLE_SHARE = 0.5
_CALLER = "EndUser"


def make_roles(kit: Kit, user_ids: list[str], *, random: Random) -> None:
    """Make all role definitions and, over the users there are, assignments and eligibilities."""
    built_in = [line.split(" ", 1) for line in BUILT_IN.strip().splitlines()]
    for role_id, name in built_in:
        _define(kit, role_id, name, ["microsoft.directory/*/read"], is_built_in=True)
        _activate(kit, role_id, name)
        _rule(kit, role_id)
    custom = [_define(kit, kit.new_id(), name, [action], is_built_in=False) for name, action in CUSTOM]
    for user_id in user_ids[: len(EMERGENCY)]:
        assign(kit, user_id, GLOBAL_ADMINISTRATOR)
    ordinary = user_ids[len(EMERGENCY) :]
    wanted = min(len(ordinary), round(len(ordinary) * ADMINISTRATORS_PER_USER) + 4)
    ids = [role_id for role_id, _ in built_in] + custom
    for number, user_id in enumerate(random.sample(ordinary, wanted)):
        role_id = ids[int(len(ids) * random.random() ** 1.5)] if number else GLOBAL_ADMINISTRATOR
        if random.random() < ELIGIBLE_SHARE:
            _schedule(kit, roles.ELIGIBILITY, user_id, role_id)
        else:
            assign(kit, user_id, role_id)
            _schedule(kit, roles.ACTIVE, user_id, role_id, assignmentType="Assigned")


def assign(kit: Kit, principal_id: str, role_id: str, scope: str = "/") -> None:
    """Make one role assignment."""
    thing = {"principalId": principal_id, "roleDefinitionId": role_id, "directoryScopeId": scope}
    kit.add(roles.ASSIGNMENT, {**thing, "principalOrganizationId": kit.tenant.tenant_id})


def _define(kit: Kit, role_id: str, name: str, actions: list[str], *, is_built_in: bool) -> str:
    permissions = [{"allowedResourceActions": actions, "condition": None}]
    thing: JsonObject = {"id": role_id, "templateId": role_id, "displayName": name, "description": f"{name}."}
    thing |= {"isBuiltIn": is_built_in, "isEnabled": True, "resourceScopes": ["/"], "rolePermissions": permissions}
    return kit.add(roles.DEFINITION, thing | ({"version": "1"} if is_built_in else {}))


def _activate(kit: Kit, role_id: str, name: str) -> None:
    kit.add(roles.DIRECTORY_ROLE, {"displayName": name, "description": f"{name}.", "roleTemplateId": role_id})


def _schedule(kit: Kit, kind: str, principal_id: str, role_id: str, **more: Any) -> None:
    at = stamp(FOUNDED_AT)
    endless = {"type": "noExpiration", "endDateTime": None, "duration": None}
    thing: JsonObject = {
        "principalId": principal_id,
        "roleDefinitionId": role_id,
        "directoryScopeId": "/",
        "createdDateTime": at,
        "status": "Provisioned",
        "memberType": "Direct",
        "scheduleInfo": {"startDateTime": at, "recurrence": None, "expiration": endless},
    }
    kit.add(kind, thing | more)


def _rule(kit: Kit, role_id: str) -> None:
    """Make what activating a role asks for: eight hours at most, a justification, a second factor."""
    target = {"caller": _CALLER, "operations": ["all"], "level": "Assignment"}
    target |= {"inheritableSettings": [], "enforcedSettings": []}
    kind = "#microsoft.graph.unifiedRoleManagementPolicy"
    rules = [
        {"@odata.type": f"{kind}ExpirationRule", "id": "Expiration_EndUser_Assignment", "target": target}
        | {"isExpirationRequired": True, "maximumDuration": "PT8H"},
        {"@odata.type": f"{kind}EnablementRule", "id": "Enablement_EndUser_Assignment", "target": target}
        | {"enabledRules": ["MultiFactorAuthentication", "Justification"]},
    ]
    policy_id = f"directoryrole_{kit.tenant.tenant_id}_{role_id}"
    scope = {"scopeId": "/", "scopeType": "DirectoryRole"}
    thing: JsonObject = {"id": policy_id, "displayName": "DirectoryRole", "description": "DirectoryRole"}
    kit.add(roles.RULES, thing | {"isOrganizationDefault": False, "rules": rules} | scope)
    joint = {"id": f"{policy_id}_{role_id}", "policyId": policy_id, "roleDefinitionId": role_id}
    kit.add(roles.RULES_OF_ROLE, joint | scope)
