"""Conditional Access policies: the rules of who may sign in, restored last because they can lock people out.

Property names: "conditionalAccessPolicy resource type". No `$select` is sent, so properties newer than this entry are
kept as they come; ids that name objects which are gone stay in the policy.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

CONDITIONAL_ACCESS_POLICY = ObjectType(
    name="conditionalAccessPolicy",
    code=3,
    wire_name="conditionalAccessPolicy",
    odata_type="#microsoft.graph.conditionalAccessPolicy",
    path="/identity/conditionalAccess/policies",
    deleted_path="/identity/conditionalAccess/deletedItems/policies",
    deleted_list_path="/identity/conditionalAccess/deletedItems/policies",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("description"),
        Property("state", may_clear=False),
        Property("conditions", is_set=True, may_clear=False),
        Property("grantControls", is_set=True),
        Property("sessionControls", is_set=True),
        Property("templateId", Rule.CREATE_ONLY, is_compared=False),
        Property("createdDateTime", Rule.COMPUTED, is_compared=False),
        Property("modifiedDateTime", Rule.COMPUTED, is_compared=False),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    native=("*",),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    names={
        "conditions": (
            "user",
            "group",
            "application",
            "servicePrincipal",
            "namedLocation",
            "unifiedRoleDefinition",
            "administrativeUnit",
        ),
        "grantControls": ("authenticationStrengthPolicy",),
    },
    creation=Creation(named_by=("displayName",)),
    waves={
        "restore": Wave.POLICY_RESTORE,
        "recreate": Wave.POLICY_RESTORE,
        "update": Wave.POLICY_UPDATE,
        "enable": Wave.POLICY_ENABLE,
        "softDelete": Wave.POLICY_DELETE,
    },
    read_permissions=("Policy.Read.All",),
    write_permissions=("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All", "Application.Read.All"),
)
