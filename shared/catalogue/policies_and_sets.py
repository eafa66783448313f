"""Settings of groups, custom security attributes and policies of consent: a few small objects of each.

Property names: "groupSetting", "attributeSet", "customSecurityAttributeDefinition" and "permissionGrantPolicy" resource
types. Attributes and their sets can never be deleted. A setting is known by its template: a tenant has one of each.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

ATTRIBUTES_READ = ("CustomSecAttributeDefinition.Read.All",)
ATTRIBUTES_WRITE = ("CustomSecAttributeDefinition.ReadWrite.All",)

GROUP_SETTING = ObjectType(
    name="groupSetting",
    code=28,
    wire_name="groupSetting",
    odata_type="#microsoft.graph.groupSetting",
    path="/groupSettings",
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("displayName", Rule.COMPUTED, is_compared=False),
        Property("templateId", Rule.CREATE_ONLY),
        Property("values", is_set=True, may_clear=False),
    ),
    identity=("templateId",),
    # Such as the group whose members may create groups.
    names={"values": ("group",)},
    is_remade=True,
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS},
    read_permissions=("GroupSettings.Read.All",),
    write_permissions=("GroupSettings.ReadWrite.All",),
)
ATTRIBUTE_SET = ObjectType(
    name="attributeSet",
    code=29,
    wire_name="attributeSet",
    odata_type="#microsoft.graph.attributeSet",
    path="/directory/attributeSets",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("description"),
        Property("maxAttributesPerSet", may_clear=False),
    ),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=ATTRIBUTES_READ,
    write_permissions=ATTRIBUTES_WRITE,
)
ATTRIBUTE_DEFINITION = ObjectType(
    name="customSecurityAttributeDefinition",
    code=30,
    wire_name="customSecurityAttributeDefinition",
    odata_type="#microsoft.graph.customSecurityAttributeDefinition",
    path="/directory/customSecurityAttributeDefinitions",
    query="$expand=allowedValues",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("description"),
        Property("status", may_clear=False),
        Property("usePreDefinedValuesOnly", may_clear=False),
        *(Property(name, Rule.CREATE_ONLY) for name in ("attributeSet", "isCollection", "isSearchable")),
        *(Property(name, Rule.CREATE_ONLY) for name in ("name", "type")),
    ),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=ATTRIBUTES_READ,
    write_permissions=ATTRIBUTES_WRITE,
)
PERMISSION_GRANT_POLICY = ObjectType(
    name="permissionGrantPolicy",
    code=32,
    wire_name="permissionGrantPolicy",
    odata_type="#microsoft.graph.permissionGrantPolicy",
    path="/policies/permissionGrantPolicies",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    waves={"update": Wave.LOCATIONS},
    read_permissions=("Policy.Read.PermissionGrant",),
    write_permissions=("Policy.ReadWrite.PermissionGrant",),
)
