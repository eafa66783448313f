"""Users: identity data of people, guests and agents; passwords and authentication methods never leave Entra.

Property names and rules: "user resource type" and "What the native Entra Backup and Recovery can recover".
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Call, Property, Reference, Rule
from shared.catalogue.waves import Wave

WRITABLE = (
    "accountEnabled ageGroup city companyName consentProvidedForMinor country department employeeHireDate employeeId "
    "employeeLeaveDateTime employeeType faxNumber givenName jobTitle mail mailNickname mobilePhone officeLocation "
    "onPremisesExtensionAttributes onPremisesImmutableId passwordPolicies postalCode preferredDataLocation "
    "preferredLanguage showInAddressList state streetAddress surname usageLocation userPrincipalName userType"
).split()
BEYOND_NATIVE = frozenset({"onPremisesExtensionAttributes", "onPremisesImmutableId", "showInAddressList"})
WRITABLE_NATIVE = tuple(name for name in WRITABLE if name not in BEYOND_NATIVE)
COMPUTED = (
    "createdDateTime creationType externalUserState identities onPremisesDistinguishedName onPremisesDomainName "
    "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName "
    "proxyAddresses securityIdentifier"
).split()

USER = ObjectType(
    name="user",
    code=1,
    wire_name="user",
    odata_type="#microsoft.graph.user",
    path="/users",
    deleted_path="/directory/deletedItems",
    deleted_list_path="/directory/deletedItems/microsoft.graph.user",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        *(Property(name) for name in WRITABLE),
        Property("businessPhones", is_set=True),
        Property("otherMails", is_set=True),
        Property("employeeOrgData"),
        Property("assignedLicenses", is_set=True, may_clear=False, call=Call.LICENCES),
        Property("identityParentId", Rule.CREATE_ONLY, is_compared=False),
        *(Property(name, Rule.COMPUTED, is_set=True, is_compared=False) for name in COMPUTED),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    references=(
        Reference(name="manager", code=3, is_native=False, is_single=True, is_bound=False),
        Reference(name="sponsors", code=4, is_native=False, is_bound=False, is_told=False, audited="sponsor"),
    ),
    kinds=("#microsoft.graph.agentUser",),
    is_synced=True,
    native=(*WRITABLE_NATIVE, "displayName", "businessPhones", "otherMails", "employeeOrgData"),
    has_delta=True,
    has_count=True,
    split_by="userPrincipalName",
    split_by_null=False,  # every user has one, and Graph documents no `eq null` for it
    names={"identityParentId": ("servicePrincipal",)},
    creation=Creation(named_by=("userPrincipalName",), is_unique=True, follows=True, has_password=True),
    waves={"restore": Wave.RESTORE, "recreate": Wave.RECREATE, "update": Wave.UPDATE, "softDelete": Wave.SOFT_DELETE},
    read_permissions=("User.Read.All", "User-LifeCycleInfo.Read.All"),
    write_permissions=(
        "User.ReadWrite.All",
        "User.DeleteRestore.All",
        "User-LifeCycleInfo.ReadWrite.All",
    ),
)
