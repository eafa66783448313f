"""Which application permissions open which part of Graph, coarsely: by kind of object and reading or writing.

From the permission tables of the Microsoft Graph reference pages; used where the published lists have gaps.
"""

from collections.abc import Mapping

_ANY_READ = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_USER_WRITE = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
_USER_DELETE = _USER_WRITE | {"User.DeleteRestore.All"}
_GROUP_WRITE = frozenset({"Group.ReadWrite.All", "Directory.ReadWrite.All"})
_MEMBER_WRITE = _GROUP_WRITE | {"GroupMember.ReadWrite.All"}
_APP_WRITE = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All"})
_ASSIGN = frozenset({"AppRoleAssignment.ReadWrite.All"})
_GRANT = frozenset({"DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"})
_UNIT = frozenset({"AdministrativeUnit.ReadWrite.All", "Directory.ReadWrite.All"})
_ROLE = frozenset({"RoleManagement.ReadWrite.Directory"})
_AGENT = frozenset({"AgentIdentity.ReadWrite.All", "AgentIdentityBlueprint.ReadWrite.All"})

READERS: Mapping[str, frozenset[str]] = {
    "user": _ANY_READ | _USER_WRITE | {"User.Read.All"},
    "group": _ANY_READ | _MEMBER_WRITE | {"Group.Read.All", "GroupMember.Read.All"},
    "directoryObject": _ANY_READ | _USER_WRITE | _GROUP_WRITE | {"User.Read.All", "Group.Read.All"},
    "conditionalAccess": frozenset({"Policy.Read.All", "Policy.Read.ConditionalAccess"}),
    "recovery": frozenset({"EntraBackup.Read.All"}),
    "audit": frozenset({"AuditLog.Read.All"}),
    "application": _ANY_READ | _APP_WRITE | {"Application.Read.All"},
    "assignment": _ANY_READ | _ASSIGN | _APP_WRITE | {"Application.Read.All"},
    "grant": _ANY_READ | _GRANT,
    "administrativeUnit": _ANY_READ | _UNIT | {"AdministrativeUnit.Read.All"},
    "roleManagement": _ANY_READ | _ROLE | {"RoleManagement.Read.Directory"},
    "agent": _ANY_READ | _AGENT | {"AgentIdentity.Read.All", "AgentIdentityBlueprint.Read.All"},
    "policy": _ANY_READ | {"Policy.Read.All"},
    "organization": _ANY_READ | {"Organization.Read.All", "Organization.ReadWrite.All"},
    "licence": _ANY_READ | {"LicenseAssignment.ReadWrite.All"},
}
WRITERS: Mapping[str, frozenset[str]] = {
    "user": _USER_WRITE,
    "userDeletion": _USER_DELETE,
    "group": _GROUP_WRITE,
    "membership": _MEMBER_WRITE,
    "directoryObject": _USER_DELETE | _GROUP_WRITE,
    "conditionalAccess": frozenset({"Policy.ReadWrite.ConditionalAccess"}),
    "application": _APP_WRITE,
    "assignment": _ASSIGN,
    "grant": _GRANT,
    "administrativeUnit": _UNIT,
    "roleManagement": _ROLE,
    "agent": _AGENT,
    "policy": frozenset(
        f"Policy.ReadWrite.{name}"
        for name in "ApplicationConfiguration AuthenticationMethod Authorization ConsentRequest CrossTenantAccess "
        "PermissionGrant SecurityDefaults".split()
    ),
    "organization": frozenset({"Organization.ReadWrite.All"}),
    "licence": frozenset({"LicenseAssignment.ReadWrite.All"}) | _USER_WRITE,
}
