"""Groups with their members and owners; the membership of a dynamic group is its rule, never written as links.

Property names and rules: "group resource type"; owners are beyond Microsoft's own feature, which leaves them out.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Call, Property, Reference, Rule
from shared.catalogue.waves import Wave

WRITABLE = (
    "classification description mailNickname membershipRule membershipRuleProcessingState preferredDataLocation "
    "preferredLanguage theme visibility"
).split()
CREATE_ONLY = ("isAssignableToRole", "uniqueName")
COMPUTED = (
    "createdDateTime expirationDateTime mail onPremisesDomainName onPremisesNetBiosName onPremisesSamAccountName "
    "onPremisesSecurityIdentifier onPremisesSyncEnabled proxyAddresses renewedDateTime securityIdentifier"
).split()
KEPT_SHAPE = ("mailEnabled", "securityEnabled")

GROUP = ObjectType(
    name="group",
    code=2,
    wire_name="group",
    odata_type="#microsoft.graph.group",
    path="/groups",
    deleted_path="/directory/deletedItems",
    deleted_list_path="/directory/deletedItems/microsoft.graph.group",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        *(Property(name) for name in WRITABLE),
        Property("groupTypes", is_set=True),
        *(Property(name) for name in KEPT_SHAPE),
        Property("assignedLicenses", is_set=True, may_clear=False, call=Call.LICENCES),
        *(Property(name, Rule.CREATE_ONLY) for name in CREATE_ONLY),
        *(Property(name, Rule.COMPUTED, is_set=True, is_compared=False) for name in COMPUTED),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    references=(
        Reference(name="members", code=1, is_native=True, dynamic_marker="DynamicMembership"),
        Reference(name="owners", code=2, is_native=False),
    ),
    is_synced=True,
    native=(
        *"classification description displayName groupTypes visibility mail mailEnabled mailNickname".split(),
        *"preferredDataLocation preferredLanguage securityEnabled theme".split(),
    ),
    has_delta=True,
    has_count=True,
    split_by="displayName",
    names={"membershipRule": ("user", "group", "servicePrincipal", "administrativeUnit")},
    creation=Creation(named_by=("mailNickname", "displayName"), upsert_by=("uniqueName",), follows=True),
    waves={"restore": Wave.RESTORE, "recreate": Wave.RECREATE, "update": Wave.UPDATE, "softDelete": Wave.SOFT_DELETE},
    read_permissions=("Group.Read.All", "Member.Read.Hidden"),
    # The second for groups to which roles can be assigned ("Update group").
    write_permissions=("Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"),
)
