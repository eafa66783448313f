"""Invents applications with roles, scopes, credentials and owners, their service principals, grants and assignments.

Microsoft's own applications and their roles and scopes carry the ids Microsoft publishes ("Microsoft Graph
permissions reference", "First-party Microsoft applications").
"""

from random import Random
from typing import Any

from simulator.generate.kit import Kit
from simulator.generate.names import DEPARTMENTS
from simulator.generate.people import FOUNDED_AT, PAST_DAYS
from simulator.moments import DAY_SECONDS, stamp
from simulator.operations.applications import mirrored
from simulator.types import application, grants, service_principal
from simulator.types.grants import DEFAULT_ROLE
from simulator.types.schema import JsonObject

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
GRAPH_ROLES = """
df021288-bdef-4463-88db-98f22de89214 User.Read.All
7ab1d382-f21e-4acd-a863-ba3e13f7da61 Directory.Read.All
5b567255-7703-4780-807c-7be8301ae99b Group.Read.All
246dd0d5-5bd0-4def-940b-0421030a5b68 Policy.Read.All
b0afded3-3588-46d8-8b3d-9842eff778da AuditLog.Read.All
741f803b-c850-494e-b5df-cde7c675a1ca User.ReadWrite.All
62a82d76-70ea-41e2-9197-370581804d09 Group.ReadWrite.All
1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9 Application.ReadWrite.All
19dbc75e-c2e2-444c-a770-ec69d8559fc7 Directory.ReadWrite.All
06b708a9-e830-4db3-a914-8e69da51d44f AppRoleAssignment.ReadWrite.All
9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8 RoleManagement.ReadWrite.Directory
"""
GRAPH_SCOPES = """
e1fe6dd8-ba31-4d61-89e7-88639da4683d User.Read
37f7f235-527c-4136-accd-4a02d197296e openid
14dad69e-099b-42c9-810b-d002981feec1 profile
64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0 email
7427e0e9-2fba-42fe-b0c0-848c9e6a8182 offline_access
"""
MICROSOFT_APPS = (
    ("Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000"),
    ("Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000"),
    ("Windows Azure Service Management API", "797f4846-ba00-4fd7-ba43-dac1f8f63013"),
)
SUBJECTS = ("Portal", "Reporting", "Sync", "Approvals", "Mobile", "Gateway", "Archive", "Planner")
GALLERY = ("Payroll Cloud", "Travel Desk", "Design Suite", "Signatures", "Learning Hub", "Ticketing")
USERS_PER_APP_MAX = 400
SAFE_ROLES = 5  # Of the roles above, ordinary applications are given the reading ones.


class Applications:
    """Makes applications over users and groups that exist already."""

    def __init__(self, kit: Kit, user_ids: list[str], group_ids: list[str]) -> None:
        self._kit, self._random = kit, kit.random
        self._user_ids, self._group_ids = user_ids, group_ids
        self._graph_id = ""

    def make(self, count: int) -> list[str]:
        """Make Microsoft's, a few bought ones, and `count` of the tenant's own; return the ids of the last."""
        roles = [entitled(*line.split(), is_role=True) for line in GRAPH_ROLES.strip().splitlines()]
        scopes = [entitled(*line.split(), is_role=False) for line in GRAPH_SCOPES.strip().splitlines()]
        body: JsonObject = {"appRoles": roles, "oauth2PermissionScopes": scopes}
        self._graph_id = self._foreign("Microsoft Graph", GRAPH_APP, MICROSOFT_TENANT, body)
        for name, app_id in MICROSOFT_APPS:
            self._foreign(name, app_id, MICROSOFT_TENANT, {})
        for number in range(max(2, count // 3)):
            name = GALLERY[number] if number < len(GALLERY) else f"{GALLERY[number % len(GALLERY)]} {number}"
            principal_id = self._foreign(name, self._kit.new_id(), self._kit.new_id(), {})
            self._consent(principal_id, [])
        return [self._own(number) for number in range(count)]

    def _foreign(self, name: str, app_id: str, owner_tenant: str, more: JsonObject) -> str:
        names = {"displayName": name, "appDisplayName": name, "servicePrincipalNames": [app_id]}
        body: JsonObject = {
            **names,
            "appOwnerOrganizationId": owner_tenant,
            "signInAudience": "AzureADMultipleOrgs",
            **more,
        }
        self._kit.tenant.published[app_id] = body
        return self._kit.add(service_principal.SERVICE_PRINCIPAL, {**body, "appId": app_id})

    def _own(self, number: int) -> str:
        kit, draw = self._kit, self._random
        name = f"{draw.choice(DEPARTMENTS).name} {draw.choice(SUBJECTS)} {number + 1}"
        roles = (
            [entitled(kit.new_id(), value, is_role=True) for value in ("Reader", "Writer")]
            if draw.random() < 0.4
            else []
        )
        scopes = [entitled(kit.new_id(), "access_as_user", is_role=False)] if draw.random() < 0.5 else []
        body = _body(kit, name, number, draw)
        body["appRoles"] = roles
        body["api"] = {**application.DEFAULTS["api"], "oauth2PermissionScopes": scopes}
        body |= _credentials(kit, draw)
        wanted = [each.split()[0] for each in GRAPH_ROLES.strip().splitlines()[:SAFE_ROLES]]
        granted = kit.some(wanted, draw.randint(1, 2)) if draw.random() < 0.4 else []
        access = [{"id": each, "type": "Role"} for each in granted] + [{"id": _USER_READ, "type": "Scope"}]
        body["requiredResourceAccess"] = [{"resourceAppId": GRAPH_APP, "resourceAccess": access}]
        app_id = kit.add(application.APPLICATION, body)
        for user_id in kit.some(self._user_ids, draw.randint(0, 2)):
            kit.link(app_id, "owners", user_id)
        if draw.random() < 0.15:
            _federated(kit, app_id, number)
        if draw.random() < 0.95:
            self._principal(body, granted, roles)
        return app_id

    def _principal(self, body: JsonObject, granted: list[str], roles: list[JsonObject]) -> None:
        kit = self._kit
        mirror = {name: value for name, value in mirrored({**application.DEFAULTS, **body}).items() if value}
        mirror |= {"displayName": body["displayName"], "appOwnerOrganizationId": kit.tenant.tenant_id}
        principal_id = kit.add(
            service_principal.SERVICE_PRINCIPAL,
            {**mirror, "appId": body["appId"], "tags": ["WindowsAzureActiveDirectoryIntegratedApp"]},
        )
        for user_id in kit.some(self._user_ids, self._random.randint(0, 1)):
            kit.link(principal_id, "owners", user_id)
        for role_id in granted:
            self._assign(
                principal_id, "ServicePrincipal", body["displayName"], self._graph_id, "Microsoft Graph", role_id
            )
        self._consent(principal_id, [role["id"] for role in roles])

    def _consent(self, principal_id: str, role_ids: list[str]) -> None:
        """Give an application to the people who use it: consent, then assignments by a power law."""
        kit, draw = self._kit, self._random
        grant: JsonObject = {
            "clientId": principal_id,
            "resourceId": self._graph_id,
            "scope": "openid profile User.Read",
        }
        kit.add(grants.GRANT, grant | {"consentType": "AllPrincipals", "whoseConsent": "everyone"})
        for user_id in kit.some(self._user_ids, draw.randint(0, 2)):
            mine = {
                "consentType": "Principal",
                "principalId": user_id,
                "whoseConsent": user_id,
                "scope": "User.Read email",
            }
            kit.add(grants.GRANT, grant | mine)
        name = kit.tenant.directory.stores[service_principal.SERVICE_PRINCIPAL].live[principal_id]["displayName"]
        count = min(USERS_PER_APP_MAX, int(2 * draw.paretovariate(1.1)))
        stores = kit.tenant.directory.stores
        for user_id in kit.some(self._user_ids, count):
            role_id = draw.choice(role_ids) if role_ids else DEFAULT_ROLE
            self._assign(user_id, "User", stores["user"].live[user_id]["displayName"], principal_id, name, role_id)
        for group_id in kit.some(self._group_ids, draw.randint(0, 2)):
            role_id = draw.choice(role_ids) if role_ids else DEFAULT_ROLE
            self._assign(group_id, "Group", stores["group"].live[group_id]["displayName"], principal_id, name, role_id)

    def _assign(self, who: str, kind: str, shown: str, resource_id: str, resource: str, role_id: str) -> None:
        thing: JsonObject = {"appRoleId": role_id, "principalId": who, "principalType": kind, "resourceId": resource_id}
        thing |= {"principalDisplayName": shown, "resourceDisplayName": resource}
        self._kit.add(grants.ASSIGNMENT, thing | {"createdDateTime": _ROUND})


_USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
_ROUND = stamp(FOUNDED_AT + 500 * DAY_SECONDS)


def entitled(entitlement_id: str, value: str, *, is_role: bool) -> JsonObject:
    """Return an app role or a delegated scope of this value."""
    made: JsonObject = {"id": entitlement_id, "value": value, "isEnabled": True}
    if is_role:
        made |= {"allowedMemberTypes": ["User", "Application"], "displayName": value, "description": value}
        return made | {"origin": "Application"}
    consent = {f"{who}Consent{what}": value for who in ("admin", "user") for what in ("Description", "DisplayName")}
    return made | consent | {"type": "User"}


def _body(kit: Kit, name: str, number: int, draw: Random) -> JsonObject:
    host = f"https://app{number + 1}.{kit.tenant.domain}"
    web: dict[str, Any] = {**application.DEFAULTS["web"], "homePageUrl": host, "redirectUris": [f"{host}/signin-oidc"]}
    created = stamp(FOUNDED_AT + draw.randrange(PAST_DAYS) * DAY_SECONDS)
    return {
        "appId": kit.new_id(),
        "createdDateTime": created,
        "displayName": name,
        "identifierUris": [f"api://{kit.tenant.domain}/app{number + 1}"],
        "publisherDomain": kit.tenant.domain,
        "web": web,
    }


def _credentials(kit: Kit, draw: Random) -> JsonObject:
    started = FOUNDED_AT + draw.randrange(PAST_DAYS - 700, PAST_DAYS) * DAY_SECONDS
    dates = {"startDateTime": stamp(started), "endDateTime": stamp(started + 730 * DAY_SECONDS)}
    secret = {"customKeyIdentifier": None, "displayName": "deployment", "hint": "x~7", "keyId": kit.new_id(), **dates}
    found: JsonObject = {"passwordCredentials": [secret]} if draw.random() < 0.6 else {}
    if draw.random() < 0.2:
        key = {"displayName": "CN=app", "keyId": kit.new_id(), "type": "AsymmetricX509Cert", "usage": "Verify", **dates}
        found["keyCredentials"] = [{**key, "customKeyIdentifier": f"{draw.getrandbits(160):040X}"}]
    return found


def _federated(kit: Kit, app_id: str, number: int) -> None:
    where = {"issuer": "https://token.actions.githubusercontent.com", "audiences": ["api://AzureADTokenExchange"]}
    subject = f"repo:contoso/app{number + 1}:ref:refs/heads/main"
    kit.add(application.CREDENTIAL, {"name": "main", "subject": subject, "applicationId": app_id, **where})
