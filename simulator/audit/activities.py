"""What the audit log calls a change: category, activity and kind of operation, by type and by what happened.

Follows the page "Microsoft Entra audit log categories and activities"; types it does not list are told as their words.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

USERS, GROUPS, APPLICATIONS = "UserManagement", "GroupManagement", "ApplicationManagement"
ROLES, POLICIES, UNITS = "RoleManagement", "Policy", "AdministrativeUnit"
DIRECTORY, ATTRIBUTES, AUTHORIZATION = "DirectoryManagement", "AttributeManagement", "AuthorizationPolicy"
_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "user": USERS,
        "group": GROUPS,
        "application": APPLICATIONS,
        "servicePrincipal": APPLICATIONS,
        "federatedIdentityCredential": APPLICATIONS,
        "oAuth2PermissionGrant": APPLICATIONS,
        "appRoleAssignment": APPLICATIONS,
        "administrativeUnit": UNITS,
        "directoryRole": ROLES,
        "unifiedRoleDefinition": ROLES,
        "unifiedRoleAssignment": ROLES,
        "unifiedRoleAssignmentSchedule": ROLES,
        "unifiedRoleEligibilitySchedule": ROLES,
        "unifiedRoleManagementPolicy": ROLES,
        "unifiedRoleManagementPolicyAssignment": ROLES,
        "authorizationPolicy": AUTHORIZATION,
        "organization": DIRECTORY,
        "subscribedSku": DIRECTORY,
        "groupSetting": DIRECTORY,
        "attributeSet": ATTRIBUTES,
        "customSecurityAttributeDefinition": ATTRIBUTES,
    }
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "oAuth2PermissionGrant": "delegated permission grant",
        "unifiedRoleDefinition": "role definition",
        "directoryRole": "directory role",
        "unifiedRoleManagementPolicy": "role setting",
        "organization": "company information",
        "crossTenantAccessPolicyConfigurationPartner": "partner to cross-tenant access setting",
        "crossTenantAccessPolicyConfigurationDefault": "default cross-tenant access setting",
    }
)
_VERBS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "created": ("Add", "Add"),
        "updated": ("Update", "Update"),
        "deleted": ("Delete", "Delete"),
        "restored": ("Restore", "Update"),
        "purged": ("Hard Delete", "Delete"),
        "linked": ("Add", "Assign"),
        "unlinked": ("Remove", "Unassign"),
    }
)
_DIRECTIONS: Mapping[str, str] = MappingProxyType({"linked": "to", "unlinked": "from"})
# What is a link to people is told as one, although it is an object: (when made, when gone).
_LINKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unifiedRoleAssignment": ("Add member to role", "Remove member from role"),
        "unifiedRoleAssignmentSchedule": ("Add member to role", "Remove member from role"),
        "unifiedRoleEligibilitySchedule": ("Add eligible member to role", "Remove eligible member from role"),
        "oAuth2PermissionGrant": ("Add delegated permission grant", "Remove delegated permission grant"),
    }
)
_PRINCIPALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"User": (USERS, "user"), "Group": (GROUPS, "group"), "ServicePrincipal": (APPLICATIONS, "service principal")}
)
_KINDS: Mapping[str, str] = MappingProxyType({"created": "Assign", "purged": "Unassign"})


def told(type_name: str, happened: str, *, relation: str, was_live: bool, principal: str) -> tuple[str, str, str]:
    """Return (category, activity, kind of operation) of one change.

    `was_live`: a removal for good met a live object, so it is a deletion. `principal` is whom an app role goes to.
    """
    category = _CATEGORIES.get(type_name, POLICIES)
    if type_name == "appRoleAssignment" and happened in _KINDS:
        category, word = _PRINCIPALS.get(principal, (category, "user"))
        activity = (
            f"Add app role assignment grant to {word}" if word == "user" else f"Add app role assignment to {word}"
        )
        made = (activity, f"Remove app role assignment from {word}")
        return category, made[happened == "purged"], _KINDS[happened]
    if type_name in _LINKS and happened in _KINDS:
        return category, _LINKS[type_name][happened == "purged"], _KINDS[happened]
    verb, kind = _VERBS["deleted" if happened == "purged" and was_live else happened]
    word = _WORDS.get(type_name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type_name).lower()
    if relation:
        return category, f"{verb} {_singular(relation)} {_DIRECTIONS[happened]} {word}", kind
    return category, f"{verb} {word}", kind


def _singular(relation: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", relation).lower()
    return f"{words.removesuffix('ies')}y" if words.endswith("ies") else words.removesuffix("s")
