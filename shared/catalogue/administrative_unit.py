"""Administrative units with their members; who holds a role over one is a role assignment with the unit as its scope.

Property names and rules: "administrativeUnit resource type". The members of a dynamic unit follow from its rule.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Reference, Rule
from shared.catalogue.waves import Wave

ADMINISTRATIVE_UNIT = ObjectType(
    name="administrativeUnit",
    code=13,
    wire_name="administrativeUnit",
    odata_type="#microsoft.graph.administrativeUnit",
    path="/directory/administrativeUnits",
    deleted_path="/directory/deletedItems",
    deleted_list_path="/directory/deletedItems/microsoft.graph.administrativeUnit",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("membershipRule"),
        Property("membershipRuleProcessingState"),
        Property("membershipType"),
        Property("visibility"),
        Property("isMemberManagementRestricted", Rule.CREATE_ONLY),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    references=(Reference(name="members", code=7, is_native=False, is_bound=False, dynamic_marker="Dynamic"),),
    has_delta=True,
    names={"membershipRule": ("user", "group")},
    creation=Creation(named_by=("displayName",), follows=True),
    waves={"restore": Wave.RESTORE, "recreate": Wave.RECREATE, "update": Wave.UPDATE, "softDelete": Wave.SOFT_DELETE},
    read_permissions=("AdministrativeUnit.Read.All", "Member.Read.Hidden"),
    write_permissions=("AdministrativeUnit.ReadWrite.All",),
)
