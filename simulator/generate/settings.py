"""Invents what a tenant has once: organization, licences, authentication methods, strengths, contexts, settings.

Values are those of a new tenant where the Microsoft Graph pages show them; ids of built-in strengths and templates
are from the pages "authenticationStrengthPolicy" and "groupSettingTemplate".
"""

from typing import Any

from simulator.generate.kit import Kit
from simulator.generate.people import FOUNDED_AT
from simulator.moments import stamp
from simulator.types import policies, singletons
from simulator.types.schema import JsonObject

STRENGTHS = (
    ("00000000-0000-0000-0000-000000000002", "Multifactor authentication", ["password,sms", "password,voice", "fido2"]),
    ("00000000-0000-0000-0000-000000000003", "Passwordless MFA", ["deviceBasedPush", "fido2"]),
    ("00000000-0000-0000-0000-000000000004", "Phishing-resistant MFA", ["fido2", "x509CertificateMultiFactor"]),
)
PRODUCTS = (
    ("SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"),
    ("AAD_PREMIUM_P2", "84a661c4-e949-4bd2-a560-ed7766fcaf2b"),
)
GUEST_ROLE = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
UNIFIED_TEMPLATE = "62375ab9-6b52-47ed-826b-58e47e0e304b"


def make_settings(kit: Kit, people: int) -> None:
    """Make every singleton, and a few of each kind of policy and setting."""
    at = stamp(FOUNDED_AT)
    _methods(kit, at)
    _singles(kit, at)
    _cross_tenant(kit)
    for strength_id, name, combinations in STRENGTHS:
        body: JsonObject = {"id": strength_id, "displayName": name, "description": name, "policyType": "builtIn"}
        kit.add(policies.STRENGTH, body | _combined(combinations, at))
    body = {"displayName": "Administrators: key only", "description": "Security keys.", "policyType": "custom"}
    kit.add(policies.STRENGTH, body | _combined(["fido2"], at))
    for number, name in enumerate(("Contracts", "Payroll", "Plant control"), start=1):
        body = {"id": f"c{number}", "displayName": name, "description": f"Asked for by {name}.", "isAvailable": True}
        kit.add(policies.CONTEXT, body)
    _named(kit)
    for name, sku_id in PRODUCTS:
        _product(kit, name, sku_id, people)


def _combined(combinations: list[str], at: str) -> JsonObject:
    return {"allowedCombinations": combinations, "createdDateTime": at, "modifiedDateTime": at}


def _methods(kit: Kit, at: str) -> None:
    everyone = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}
    campaign = {"snoozeDurationInDays": 1, "state": "default"}
    campaign |= {"excludeTargets": [], "includeTargets": []}
    made: list[JsonObject] = []
    rows: tuple[tuple[str, str, JsonObject], ...] = (
        ("Fido2", "fido2", {"isSelfServiceRegistrationAllowed": True, "isAttestationEnforced": True}),
        ("MicrosoftAuthenticator", "microsoftAuthenticator", {"isSoftwareOathEnabled": False}),
        ("Sms", "sms", {}),
        ("TemporaryAccessPass", "temporaryAccessPass", _PASS),
        ("SoftwareOath", "softwareOath", {}),
        ("Voice", "voice", {"isOfficePhoneAllowed": False}),
        ("Email", "email", {"allowExternalIdToUseEmailOtp": "default"}),
        ("X509Certificate", "x509Certificate", {"certificateUserBindings": []}),
    )
    for name, kind, more in rows:
        state = "disabled" if name in ("Voice", "X509Certificate") else "enabled"
        typed = {"@odata.type": f"#microsoft.graph.{kind}AuthenticationMethodConfiguration"}
        thing: JsonObject = {**typed, "id": name, "state": state, "excludeTargets": [], "includeTargets": [everyone]}
        made.append(thing | more)
        kit.add(singletons.METHOD, made[-1])
    policy: JsonObject = {"id": singletons.AUTHENTICATION_METHODS, "displayName": "Authentication Methods Policy"}
    policy |= {"description": "The tenant-wide policy of authentication methods.", "policyVersion": "1.5"}
    policy |= {"lastModifiedDateTime": at, "policyMigrationState": "migrationComplete", "reconfirmationInDays": None}
    policy["registrationEnforcement"] = {"authenticationMethodsRegistrationCampaign": campaign}
    kit.add(singletons.AUTHENTICATION_METHODS, policy)


_PASS: JsonObject = {
    "defaultLength": 8,
    "defaultLifetimeInMinutes": 60,
    "isUsableOnce": True,
    "maximumLifetimeInMinutes": 480,
    "minimumLifetimeInMinutes": 60,
}


def _singles(kit: Kit, at: str) -> None:
    may = {"allowedToCreateApps": False, "allowedToCreateSecurityGroups": False, "allowedToReadOtherUsers": True}
    may |= {"allowedToCreateTenants": False, "allowedToReadBitlockerKeysForOwnedDevice": True}
    assigned = {"permissionGrantPoliciesAssigned": ["managePermissionGrantsForSelf.microsoft-user-default-low"]}
    authorization: JsonObject = dict.fromkeys(
        ("allowedToUseSSPR", "allowedToSignUpEmailBasedSubscriptions", "blockMsolPowerShell"), True
    )
    authorization |= {
        "id": singletons.AUTHORIZATION,
        "displayName": "Authorization Policy",
        "guestUserRoleId": GUEST_ROLE,
    }
    authorization |= {"allowEmailVerifiedUsersToJoinOrganization": False, "allowInvitesFrom": "adminsAndGuestInviters"}
    authorization |= {"allowUserConsentForRiskyApps": False, "defaultUserRolePermissions": {**may, **assigned}}
    kit.add(singletons.AUTHORIZATION, authorization)
    off = {"id": "00000000-0000-0000-0000-000000000005", "displayName": "Security Defaults", "isEnabled": False}
    kit.add(singletons.SECURITY_DEFAULTS, off)
    consent: JsonObject = {"id": singletons.ADMIN_CONSENT, "isEnabled": True, "notifyReviewers": True, "version": 1}
    consent |= {"remindersEnabled": True, "requestDurationInDays": 30, "reviewers": []}
    kit.add(singletons.ADMIN_CONSENT, consent)
    tenant = kit.tenant
    domain = {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": True, "isInitial": False}
    place = {"city": "Utrecht", "country": "Netherlands", "countryLetterCode": "NL", "street": "Stationsplein 1"}
    organization: JsonObject = {
        **place,
        "id": tenant.tenant_id,
        "createdDateTime": at,
        "displayName": "Contoso",
        "mobileDeviceManagementAuthority": "unknown",
        "onPremisesSyncEnabled": True,
        "preferredLanguage": "en",
        "technicalNotificationMails": [f"it@{tenant.domain}"],
        "tenantType": "AAD",
        "verifiedDomains": [
            {**domain, "name": tenant.domain, "type": "Managed"},
            {**domain, "isDefault": False, "isInitial": True, "name": tenant.initial_domain, "type": "Managed"},
        ],
    }
    kit.add(policies.ORGANIZATION, organization)


def _cross_tenant(kit: Kit) -> None:
    everyone = {"accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}]}
    anything = {"accessType": "allowed", "targets": [{"target": "AllApplications", "targetType": "application"}]}
    nobody = {"accessType": "blocked", "targets": everyone["targets"]}
    nothing = {"accessType": "blocked", "targets": anything["targets"]}
    opened, closed = (
        {"usersAndGroups": everyone, "applications": anything},
        {"usersAndGroups": nobody, "applications": nothing},
    )
    trust = dict.fromkeys(("isMfaAccepted", "isCompliantDeviceAccepted", "isHybridAzureADJoinedDeviceAccepted"), False)
    thing: JsonObject = {"id": singletons.CROSS_TENANT, "displayName": "CrossTenantAccessPolicy"}
    kit.add(singletons.CROSS_TENANT, thing | {"allowedCloudEndpoints": []})
    both: dict[str, Any] = {f"b2bCollaboration{way}": opened for way in ("Inbound", "Outbound")}
    both |= {f"b2bDirectConnect{way}": closed for way in ("Inbound", "Outbound")}
    default = {"id": "default", "isServiceDefault": False, "inboundTrust": trust, **both}
    default["automaticUserConsentSettings"] = {"inboundAllowed": False, "outboundAllowed": False}
    kit.add(singletons.CROSS_TENANT_DEFAULT, default)
    for _ in range(3):
        partner = {"tenantId": kit.new_id(), "inboundTrust": {**trust, "isMfaAccepted": True}, **both}
        kit.add(policies.PARTNER, partner | {"isServiceProvider": False, "isInMultiTenantOrganization": False})


def _named(kit: Kit) -> None:
    values = [
        ("EnableGroupCreation", "false"),
        ("ClassificationList", "Low,High"),
        ("AllowGuestsToAccessGroups", "true"),
    ]
    setting: JsonObject = {"displayName": "Group.Unified", "templateId": UNIFIED_TEMPLATE}
    kit.add(policies.GROUP_SETTING, setting | {"values": [{"name": name, "value": value} for name, value in values]})
    kit.add(policies.ATTRIBUTE_SET, {"id": "Engineering", "description": "Projects.", "maxAttributesPerSet": 25})
    attribute: JsonObject = {"id": "Engineering_Project", "attributeSet": "Engineering", "name": "Project"}
    attribute |= {"type": "String", "isCollection": True, "usePreDefinedValuesOnly": True, "isSearchable": True}
    allowed = [{"id": name, "isActive": True} for name in ("Alpine", "Baker", "Cascade")]
    kit.add(
        policies.ATTRIBUTE, attribute | {"status": "Available", "description": "Project.", "allowedValues": allowed}
    )
    claims = '{"ClaimsMappingPolicy":{"Version":1,"IncludeBasicClaimSet":"true","ClaimsSchema":[]}}'
    life = '{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"01:00:00"}}'
    realm = '{"HomeRealmDiscoveryPolicy":{"AccelerateToFederatedDomain":false}}'
    idle = '{"ActivityBasedTimeoutPolicy":{"Version":1,"ApplicationPolicies":[]}}'
    issue = (
        '{"TokenIssuancePolicy":{"Version":1,"SigningAlgorithm":"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}}'
    )
    for kind, definition in zip(policies.STS_POLICIES, (idle, claims, realm, issue, life), strict=True):
        kit.add(kind, {"definition": [definition], "displayName": f"Contoso {kind}", "isOrganizationDefault": False})
    for name, risk in (("microsoft-user-default-low", "low"), ("contoso-partners", "all")):
        condition: JsonObject = {"id": kit.new_id(), "permissionType": "delegated", "permissionClassification": risk}
        condition |= {"permissions": ["all"], "resourceApplication": "any", "clientApplicationIds": ["all"]}
        body: JsonObject = {
            "id": name,
            "displayName": name,
            "description": name,
            "includes": [condition],
            "excludes": [],
        }
        kit.add(policies.GRANT_POLICY, body)


def _product(kit: Kit, name: str, sku_id: str, people: int) -> None:
    units = {"enabled": people + 100, "suspended": 0, "warning": 0, "lockedOut": 0}
    plan = {
        "servicePlanId": kit.new_id(),
        "servicePlanName": name,
        "provisioningStatus": "Success",
        "appliesTo": "User",
    }
    body: JsonObject = {"id": f"{kit.tenant.tenant_id}_{sku_id}", "accountId": kit.tenant.tenant_id, "skuId": sku_id}
    body |= {"accountName": "contoso", "appliesTo": "User", "capabilityStatus": "Enabled", "consumedUnits": 0}
    body |= {"prepaidUnits": units, "servicePlans": [plan], "skuPartNumber": name, "subscriptionIds": [kit.new_id()]}
    kit.add(policies.LICENCE, body)
