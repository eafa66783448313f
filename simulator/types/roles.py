"""Directory roles: definitions, assignments, schedules of Privileged Identity Management, activated roles, units.

The tables follow the Microsoft Graph pages "unifiedRoleDefinition", "unifiedRoleAssignment",
"unifiedRoleEligibilitySchedule", "unifiedRoleManagementPolicy", "directoryRole" and "administrativeUnit". Members of
a directory role and scoped members of a unit are views of role assignments, kept nowhere else.
"""

from simulator.types.schema import Schema, properties

DEFINITION = "unifiedRoleDefinition"
ASSIGNMENT = "unifiedRoleAssignment"
ELIGIBILITY = "unifiedRoleEligibilitySchedule"
ACTIVE = "unifiedRoleAssignmentSchedule"
RULES = "unifiedRoleManagementPolicy"
RULES_OF_ROLE = "unifiedRoleManagementPolicyAssignment"
DIRECTORY_ROLE = "directoryRole"
UNIT = "administrativeUnit"
AREA = "roleManagement"
_PLACE = "roleManagement/directory"

_DEFINITION_TABLE = """
id              text    never  default
description     text    always default
displayName     text    always default
isBuiltIn       boolean never  default
isEnabled       boolean always default
resourceScopes  texts   always default
rolePermissions objects always default
templateId      text    create default
version         text    always default
"""
_ASSIGNMENT_TABLE = """
id                      text never  default
appScopeId              text create
condition               text create default
directoryScopeId        text create default
principalId             text create default
principalOrganizationId text never  default
roleDefinitionId        text create default
"""
_SCHEDULE_TABLE = """
id               text   never default
appScopeId       text   never default
createdDateTime  time   never default
createdUsing     text   never default
directoryScopeId text   never default
modifiedDateTime time   never default
principalId      text   never default
roleDefinitionId text   never default
status           text   never default
memberType       text   never default
scheduleInfo     object never default
"""
_RULES_TABLE = """
id                    text    never default
description           text    never default
displayName           text    never default
isOrganizationDefault boolean never default
lastModifiedBy        object  never default
lastModifiedDateTime  time    never default
scopeId               text    never default
scopeType             text    never default
"""
_RULES_OF_ROLE_TABLE = """
id               text never default
policyId         text never default
roleDefinitionId text never default
scopeId          text never default
scopeType        text never default
"""
_ROLE_TABLE = """
id              text never  default
deletedDateTime time never  default
description     text never  default
displayName     text never  default
roleTemplateId  text create default
"""
_UNIT_TABLE = """
id                            text    never  default
deletedDateTime               time    never  default
description                   text    always default
displayName                   text    always default
isMemberManagementRestricted  boolean create default
membershipRule                text    always default
membershipRuleProcessingState text    always default
membershipType                text    always default
visibility                    text    always default
"""


_ENDS = ("principalId", "directoryScopeId", "roleDefinitionId")


def role_schemas() -> list[Schema]:
    """Return the schemas of role definitions and assignments."""
    return [
        Schema(
            DEFINITION,
            "UnifiedRoleDefinition",
            f"{_PLACE}/roleDefinitions",
            properties(_DEFINITION_TABLE),
            serves="list create read update delete",
            area=AREA,
            required=("displayName", "rolePermissions"),
            defaults={"isBuiltIn": False, "isEnabled": True, "resourceScopes": ["/"]},
            is_softly_deleted=True,
            bin=f"{_PLACE}/deletedItems/roleDefinitions",
        ),
        Schema(
            ASSIGNMENT,
            "UnifiedRoleAssignment",
            f"{_PLACE}/roleAssignments",
            properties(_ASSIGNMENT_TABLE),
            serves="list create read delete",
            area=AREA,
            required=("principalId", "roleDefinitionId", "directoryScopeId"),
            unique=("principalId+roleDefinitionId+directoryScopeId",),
            hangs_on=_ENDS,
            is_paged=True,
        ),
    ]


def privileged_schemas() -> list[Schema]:
    """Return the schemas of Privileged Identity Management: schedules, and the rules of activation."""
    return [
        Schema(
            ELIGIBILITY,
            "UnifiedRoleEligibilitySchedule",
            f"{_PLACE}/roleEligibilitySchedules",
            properties(_SCHEDULE_TABLE),
            serves="list read",
            area=AREA,
            hangs_on=_ENDS,
        ),
        Schema(
            ACTIVE,
            "UnifiedRoleAssignmentSchedule",
            f"{_PLACE}/roleAssignmentSchedules",
            properties(_SCHEDULE_TABLE + "assignmentType text never default"),
            serves="list read",
            area=AREA,
            hangs_on=_ENDS,
        ),
        Schema(
            RULES,
            "UnifiedRoleManagementPolicy",
            "policies/roleManagementPolicies",
            properties(_RULES_TABLE),
            serves="list read",
            area=AREA,
            contained=("rules",),
            asked_for=("rules",),
        ),
        Schema(
            RULES_OF_ROLE,
            "UnifiedRoleManagementPolicyAssignment",
            "policies/roleManagementPolicyAssignments",
            properties(_RULES_OF_ROLE_TABLE),
            serves="list read",
            area=AREA,
        ),
    ]


def directory_role_schema() -> Schema:
    """Return the schema of activated directory roles; they are never deleted."""
    return Schema(
        DIRECTORY_ROLE,
        "DirectoryRole",
        "directoryRoles",
        properties(_ROLE_TABLE),
        serves="list create read delta",
        area=AREA,
        required=("roleTemplateId",),
        unique=("roleTemplateId",),
        viewed=("members",),
        is_directory_object=True,
    )


def unit_schema() -> Schema:
    """Return the schema of administrative units; a deleted one cannot be purged, only waited for."""
    return Schema(
        UNIT,
        "AdministrativeUnit",
        "directory/administrativeUnits",
        properties(_UNIT_TABLE),
        targets={"members": frozenset({"user", "group"})},
        serves="list count create read update delete delta deleted",
        area=UNIT,
        required=("displayName",),
        is_directory_object=True,
        is_softly_deleted=True,
        is_paged=True,
    )
