"""What a tenant has exactly one of: the organization and its single policies, with the values a new tenant has.

The tables follow the Microsoft Graph pages of the same names. A singleton can be read and changed, never made or
deleted; the methods of the authentication methods policy are a fixed set of ten.
"""

from simulator.types.policies import B2B_PROPERTIES, ORGANIZATION
from simulator.types.schema import Schema, properties

AUTHENTICATION_METHODS = "authenticationMethodsPolicy"
METHOD = "authenticationMethodConfiguration"
AUTHORIZATION = "authorizationPolicy"
SECURITY_DEFAULTS = "identitySecurityDefaultsEnforcementPolicy"
ADMIN_CONSENT = "adminConsentRequestPolicy"
CROSS_TENANT = "crossTenantAccessPolicy"
CROSS_TENANT_DEFAULT = "crossTenantAccessPolicyConfigurationDefault"

_METHODS = """
id                      text   never  default
description             text   never  default
displayName             text   never  default
lastModifiedDateTime    time   never  default
policyMigrationState    text   always default
policyVersion           text   never  default
reconfirmationInDays    number always default
registrationEnforcement object always default
authenticationMethodConfigurations objects never default
"""
_METHOD = """
id                                text    never  default
state                             text    always default
excludeTargets                    objects always default
includeTargets                    objects always default
allowExternalIdToUseEmailOtp      text    always default
defaultPasskeyProfile             text    always default
isAttestationEnforced             boolean always default
isSelfServiceRegistrationAllowed  boolean always default
keyRestrictions                   object  always default
featureSettings                   object  always default
isSoftwareOathEnabled             boolean always default
defaultLength                     number  always default
defaultLifetimeInMinutes          number  always default
isUsableOnce                      boolean always default
maximumLifetimeInMinutes          number  always default
minimumLifetimeInMinutes          number  always default
isOfficePhoneAllowed              boolean always default
authenticationModeConfiguration   object  always default
certificateUserBindings           objects always default
crlValidationConfiguration        object  always default
issuerHintsConfiguration          object  always default
"""
_AUTHORIZATION = """
id                                        text    never  default
deletedDateTime                           time    never  default
description                               text    always default
displayName                               text    always default
allowedToSignUpEmailBasedSubscriptions    boolean always default
allowedToUseSSPR                          boolean always default
allowEmailVerifiedUsersToJoinOrganization boolean always default
allowInvitesFrom                          text    always default
allowUserConsentForRiskyApps              boolean always default
blockMsolPowerShell                       boolean always default
defaultUserRolePermissions                object  always default
guestUserRoleId                           text    always default
"""
_DEFAULTS = """
id              text    never  default
deletedDateTime time    never  default
description     text    never  default
displayName     text    never  default
isEnabled       boolean always default
"""
_CONSENT = """
id                    text    never  default
isEnabled             boolean always default
notifyReviewers       boolean always default
remindersEnabled      boolean always default
requestDurationInDays number  always default
reviewers             objects always default
version               number  never  default
"""
_CROSS_TENANT = """
id                    text  never  default
deletedDateTime       time  never  default
description           text  never  default
displayName           text  always default
allowedCloudEndpoints texts always default
"""
_CROSS_TENANT_DEFAULT = """
id               text    never default
isServiceDefault boolean never default
invitationRedemptionIdentityProviderConfiguration object always default
""" + B2B_PROPERTIES.strip()
_ORGANIZATION = """
id                                   text    never  default
deletedDateTime                      time    never  default
assignedPlans                        objects never  default
businessPhones                       texts   never  default
city                                 text    never  default
country                              text    never  default
countryLetterCode                    text    never  default
createdDateTime                      time    never  default
defaultUsageLocation                 text    always default
displayName                          text    never  default
marketingNotificationEmails          texts   always default
mobileDeviceManagementAuthority      text    never  default
onPremisesLastSyncDateTime           time    never  default
onPremisesSyncEnabled                boolean always default
partnerTenantType                    text    never  default
postalCode                           text    never  default
preferredLanguage                    text    always default
privacyProfile                       object  always default
provisionedPlans                     objects never  default
securityComplianceNotificationMails  texts   always default
securityComplianceNotificationPhones texts   always default
state                                text    never  default
street                               text    never  default
technicalNotificationMails           texts   always default
tenantType                           text    never  default
verifiedDomains                      objects never  default
"""


def singleton_schemas() -> list[Schema]:
    """Return the schemas of the singletons; the methods and the organization stand in collections that are fixed."""
    single = "single"
    methods = "policies/authenticationMethodsPolicy"
    rows = (
        (AUTHENTICATION_METHODS, methods, _METHODS, single),
        (AUTHORIZATION, "policies/authorizationPolicy", _AUTHORIZATION, single),
        (SECURITY_DEFAULTS, "policies/identitySecurityDefaultsEnforcementPolicy", _DEFAULTS, single),
        (ADMIN_CONSENT, "policies/adminConsentRequestPolicy", _CONSENT, f"{single} replace"),
        (CROSS_TENANT, "policies/crossTenantAccessPolicy", _CROSS_TENANT, single),
        (CROSS_TENANT_DEFAULT, "policies/crossTenantAccessPolicy/default", _CROSS_TENANT_DEFAULT, single),
    )
    found = [
        Schema(name, name, place, properties(table), is_open=True, serves=serves, area="policy")
        for name, place, table, serves in rows
    ]
    table, place = properties(_METHOD), f"{methods}/authenticationMethodConfigurations"
    found.append(Schema(METHOD, METHOD, place, table, is_open=True, serves="list read update", area="policy"))
    found[-1].always_typed = True
    table = properties(_ORGANIZATION)
    found.append(
        Schema(
            ORGANIZATION,
            "Organization",
            ORGANIZATION,
            table,
            is_open=True,
            serves="list read update",
            area="organization",
        )
    )
    return found
