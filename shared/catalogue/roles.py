"""Directory roles: definitions, assignments (scoped ones too), eligibilities and the rules of activating a role.

Property names: "unifiedRoleDefinition", "unifiedRoleAssignment", "unifiedRoleEligibilitySchedule" and
"unifiedRoleManagementPolicy" resource types. Assignments and eligibilities are known by who may do what over what.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Call, Property, Rule
from shared.catalogue.waves import Wave

WHO_WHAT_WHERE = ("principalId", "roleDefinitionId", "directoryScopeId")
HANGS_ON = ("principalId", "directoryScopeId")
NAMED = {
    "principalId": ("user", "group", "servicePrincipal"),
    "roleDefinitionId": ("unifiedRoleDefinition",),
    "directoryScopeId": ("administrativeUnit", "application", "servicePrincipal", "group", "user"),
}
REMADE = {"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS, "remove": Wave.SOFT_DELETE}
READ = ("RoleManagement.Read.Directory",)
WRITE = ("RoleManagement.ReadWrite.Directory",)

ROLE_DEFINITION = ObjectType(
    name="unifiedRoleDefinition",
    code=14,
    wire_name="unifiedRoleDefinition",
    odata_type="#microsoft.graph.unifiedRoleDefinition",
    path="/roleManagement/directory/roleDefinitions",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("isEnabled", may_clear=False),
        Property("resourceScopes", is_set=True, may_clear=False),
        Property("rolePermissions", is_set=True, may_clear=False),
        Property("version", Rule.COMPUTED),
        Property("templateId", Rule.CREATE_ONLY),
        Property("isBuiltIn", Rule.COMPUTED),
    ),
    built_in=("isBuiltIn", True),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    names={"templateId": ("unifiedRoleDefinition",), "resourceScopes": ("administrativeUnit",)},
    creation=Creation(named_by=("displayName",)),
    waves={"recreate": Wave.RECREATE, "update": Wave.UPDATE},
    read_permissions=READ,
    write_permissions=WRITE,
)
ROLE_ASSIGNMENT = ObjectType(
    name="unifiedRoleAssignment",
    code=15,
    wire_name="unifiedRoleAssignment",
    odata_type="#microsoft.graph.unifiedRoleAssignment",
    path="/roleManagement/directory/roleAssignments",
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        *(Property(name, Rule.CREATE_ONLY) for name in WHO_WHAT_WHERE),
        Property("appScopeId", Rule.CREATE_ONLY),
        Property("condition", Rule.CREATE_ONLY),
        Property("principalOrganizationId", Rule.COMPUTED, is_compared=False),
    ),
    identity=WHO_WHAT_WHERE,
    ends=HANGS_ON,
    names=NAMED,
    is_remade=True,
    is_removable=True,
    waves=REMADE,
    read_permissions=READ,
    write_permissions=WRITE,
)
ROLE_ELIGIBILITY = ObjectType(
    name="unifiedRoleEligibilitySchedule",
    code=16,
    wire_name="unifiedRoleEligibilitySchedule",
    odata_type="#microsoft.graph.unifiedRoleEligibilitySchedule",
    path="/roleManagement/directory/roleEligibilitySchedules",
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        *(Property(name, Rule.CREATE_ONLY) for name in WHO_WHAT_WHERE),
        Property("appScopeId", Rule.CREATE_ONLY),
        Property("scheduleInfo", Rule.CREATE_ONLY),
        *(
            Property(name, Rule.COMPUTED, is_compared=False)
            for name in ("createdDateTime", "createdUsing", "memberType", "modifiedDateTime", "status")
        ),
    ),
    identity=WHO_WHAT_WHERE,
    ends=HANGS_ON,
    names=NAMED,
    is_remade=True,
    is_removable=True,
    is_paged=False,
    sends_select=False,
    make="/roleManagement/directory/roleEligibilityScheduleRequests",
    make_with={"action": "adminAssign", "justification": "recovery by Tidemark"},
    remove_with={"action": "adminRemove", "justification": "recovery by Tidemark"},
    waves=REMADE,
    read_permissions=READ,
    write_permissions=WRITE,
)
ROLE_MANAGEMENT_POLICY = ObjectType(
    name="unifiedRoleManagementPolicy",
    code=17,
    wire_name="unifiedRoleManagementPolicy",
    odata_type="#microsoft.graph.unifiedRoleManagementPolicy",
    path="/policies/roleManagementPolicies",
    # Graph lists these for one scope only; "List roleManagementPolicies" asks for the tenant's like this.
    query="$filter=scopeId%20eq%20'/'%20and%20scopeType%20eq%20'DirectoryRole'&$expand=rules",
    properties=(
        Property("id", Rule.IDENTITY),
        *(Property(name, Rule.COMPUTED) for name in ("displayName", "description", "scopeId", "scopeType")),
        *(
            Property(name, Rule.COMPUTED, is_compared=False)
            for name in ("isOrganizationDefault", "lastModifiedBy", "lastModifiedDateTime")
        ),
        Property("rules", is_set=True, may_clear=False, call=Call.ITEMS),
    ),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    # Who approves activations, and who is told, is named by id in the rules.
    names={"rules": ("user", "group")},
    waves={"update": Wave.LOCATIONS},
    read_permissions=READ,
    write_permissions=WRITE,
)
