"""Users: identity data of people and guests; passwords and authentication methods never leave Entra.

Property names and rules: "user resource type" and "What the native Entra Backup and Recovery can recover".
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType, Property, Rule, Wave

WRITABLE = (
    "accountEnabled ageGroup city companyName consentProvidedForMinor country department employeeHireDate employeeId "
    "employeeType faxNumber givenName jobTitle mail mailNickname mobilePhone officeLocation onPremisesImmutableId "
    "passwordPolicies postalCode preferredDataLocation preferredLanguage state streetAddress surname usageLocation "
    "userPrincipalName userType"
).split()
COMPUTED = (
    "createdDateTime creationType externalUserState onPremisesDistinguishedName onPremisesDomainName "
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
        *(Property(name, Rule.COMPUTED, is_set=True, is_compared=False) for name in COMPUTED),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    has_delta=True,
    has_count=True,
    waves={"restore": Wave.RESTORE, "update": Wave.UPDATE, "softDelete": Wave.SOFT_DELETE},
    read_permissions=("User.Read.All", "Directory.Read.All"),
    write_permissions=("User.ReadWrite.All", "User.DeleteRestore.All", "User.EnableDisableAccount.All"),
)
