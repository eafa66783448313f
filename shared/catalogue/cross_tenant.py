"""Cross-tenant access: the policy, its default settings, and the settings for each partner tenant.

Property names: "crossTenantAccessPolicy", "crossTenantAccessPolicyConfigurationDefault" and
"crossTenantAccessPolicyConfigurationPartner" resource types. A partner is known by its tenant id, whoever makes it.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

PATH = "/policies/crossTenantAccessPolicy"
SETTINGS = (
    "appServiceConnectInbound b2bCollaborationInbound b2bCollaborationOutbound b2bDirectConnectInbound "
    "b2bDirectConnectOutbound inboundTrust m365CollaborationInbound m365CollaborationOutbound tenantRestrictions"
).split()
NAMED: dict[str, tuple[str, ...]] = dict.fromkeys(
    SETTINGS, ("user", "group", "application")
)  # who and what is allowed, by id
READ, WRITE = ("Policy.Read.All",), ("Policy.ReadWrite.CrossTenantAccess",)

CROSS_TENANT_ACCESS = ObjectType(
    name="crossTenantAccessPolicy",
    code=20,
    wire_name="crossTenantAccessPolicy",
    odata_type="#microsoft.graph.crossTenantAccessPolicy",
    path=PATH,
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("displayName", may_clear=False),
        Property("allowedCloudEndpoints", is_set=True, may_clear=False),
        Property("description", Rule.COMPUTED),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    is_paged=False,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=WRITE,
)
CROSS_TENANT_DEFAULT = ObjectType(
    name="crossTenantAccessPolicyConfigurationDefault",
    code=21,
    wire_name="crossTenantAccessPolicyConfigurationDefault",
    odata_type="#microsoft.graph.crossTenantAccessPolicyConfigurationDefault",
    path=f"{PATH}/default",
    shape=Shape.SINGLE,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        *(Property(name, is_set=True) for name in SETTINGS),
        Property("invitationRedemptionIdentityProviderConfiguration"),
        Property("automaticUserConsentSettings", Rule.COMPUTED),
        Property("isServiceDefault", Rule.COMPUTED),
    ),
    is_paged=False,
    sends_select=False,
    names=NAMED,
    waves={"update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=WRITE,
)
CROSS_TENANT_PARTNER = ObjectType(
    name="crossTenantAccessPolicyConfigurationPartner",
    code=22,
    wire_name="crossTenantAccessPolicyConfigurationPartner",
    odata_type="#microsoft.graph.crossTenantAccessPolicyConfigurationPartner",
    path=f"{PATH}/partners",
    key="tenantId",
    properties=(
        Property("tenantId", Rule.CREATE_ONLY),
        *(Property(name, is_set=True) for name in SETTINGS),
        Property("automaticUserConsentSettings"),
        Property("isServiceProvider"),
        Property("isInMultiTenantOrganization", Rule.COMPUTED),
    ),
    is_remade=True,
    is_paged=False,
    is_listed=True,
    sends_select=False,
    names=NAMED,
    waves={"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=WRITE,
)
