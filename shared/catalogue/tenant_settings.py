"""What a tenant has once: the organization, who may do what by default, security defaults, asking for consent.

Property names: "organization", "authorizationPolicy", "identitySecurityDefaultsEnforcementPolicy" and
"adminConsentRequestPolicy" resource types. Of the organization, Microsoft's own feature recovers only multifactor
settings that no Graph address shows; Tidemark has what Graph shows.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

NOTIFIED = (
    "marketingNotificationEmails securityComplianceNotificationMails securityComplianceNotificationPhones "
    "technicalNotificationMails"
).split()
SHOWN = (
    "businessPhones city country countryLetterCode displayName mobileDeviceManagementAuthority onPremisesSyncEnabled "
    "partnerTenantType postalCode state street tenantType verifiedDomains"
).split()
STAMPED = "assignedPlans createdDateTime deletedDateTime onPremisesLastSyncDateTime provisionedPlans".split()
AUTHORIZATION = (
    "allowedToSignUpEmailBasedSubscriptions allowedToUseSSPR allowEmailVerifiedUsersToJoinOrganization "
    "allowInvitesFrom allowUserConsentForRiskyApps blockMsolPowerShell guestUserRoleId"
).split()
CONSENT = ("isEnabled", "notifyReviewers", "remindersEnabled", "requestDurationInDays")

ORGANIZATION = ObjectType(
    name="organization",
    code=10,
    wire_name="organization",
    odata_type="#microsoft.graph.organization",
    path="/organization",
    properties=(
        Property("id", Rule.IDENTITY),
        *(Property(name, is_set=True, may_clear=False) for name in NOTIFIED),
        *(Property(name) for name in ("defaultUsageLocation", "preferredLanguage", "privacyProfile")),
        *(Property(name, Rule.COMPUTED, is_set=True) for name in SHOWN),
        *(Property(name, Rule.COMPUTED, is_compared=False) for name in STAMPED),
    ),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=("Organization.Read.All",),
    write_permissions=("Organization.ReadWrite.All",),
)
AUTHORIZATION_POLICY = ObjectType(
    name="authorizationPolicy",
    code=9,
    wire_name="authorizationPolicy",
    odata_type="#microsoft.graph.authorizationPolicy",
    path="/policies/authorizationPolicy",
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        *(Property(name, may_clear=False) for name in AUTHORIZATION),
        Property("defaultUserRolePermissions", is_set=True, may_clear=False),
        *(Property(name, Rule.COMPUTED) for name in ("displayName", "description")),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    native=("blockMsolPowerShell", "guestUserRoleId"),
    is_paged=False,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=("Policy.Read.All",),
    write_permissions=("Policy.ReadWrite.Authorization",),
)
SECURITY_DEFAULTS = ObjectType(
    name="identitySecurityDefaultsEnforcementPolicy",
    code=31,
    wire_name="identitySecurityDefaultsEnforcementPolicy",
    odata_type="#microsoft.graph.identitySecurityDefaultsEnforcementPolicy",
    path="/policies/identitySecurityDefaultsEnforcementPolicy",
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("isEnabled", may_clear=False),
        *(Property(name, Rule.COMPUTED) for name in ("displayName", "description")),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    is_paged=False,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=("Policy.Read.All",),
    write_permissions=("Policy.ReadWrite.SecurityDefaults", "Policy.Read.All"),
)
ADMIN_CONSENT = ObjectType(
    name="adminConsentRequestPolicy",
    code=33,
    wire_name="adminConsentRequestPolicy",
    odata_type="#microsoft.graph.adminConsentRequestPolicy",
    path="/policies/adminConsentRequestPolicy",
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        *(Property(name, may_clear=False) for name in CONSENT),
        Property("reviewers", is_set=True, may_clear=False),
        Property("version", Rule.COMPUTED, is_compared=False),
    ),
    names={"reviewers": ("user", "group", "unifiedRoleDefinition")},
    replaces=True,
    is_paged=False,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=("Policy.Read.All",),
    write_permissions=("Policy.ReadWrite.ConsentRequest",),
)
