"""The applications registered in every simulated tenant. Their secrets are public: they open nothing real."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

GRAPH = "https://graph.microsoft.com"
TIDEMARK_API = "api://tidemark"
AZURE = ("https://management.core.windows.net", "https://management.azure.com")
AUDIENCES = (GRAPH, TIDEMARK_API, *AZURE)


@dataclass(frozen=True, slots=True)
class Application:
    """A client that may ask for tokens; `roles` are what it was granted, by audience."""

    name: str
    app_id: str
    object_id: str
    secret: str
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# What an operator grants: all that `tidemark permissions` lists; a test compares the two.
_READS = (
    "AdministrativeUnit.Read.All",
    "AgentIdentity.Read.All",
    "AgentIdentityBlueprint.Read.All",
    "AgentIdentityBlueprintPrincipal.Read.All",
    "Application.Read.All",
    "AuditLog.Read.All",
    "AuthenticationContext.Read.All",
    "CustomSecAttributeDefinition.Read.All",
    "Directory.Read.All",
    "EntraBackup.Read.All",
    "Group.Read.All",
    "GroupSettings.Read.All",
    "Member.Read.Hidden",
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.Read.PermissionGrant",
    "RoleManagement.Read.Directory",
    "User-LifeCycleInfo.Read.All",
    "User.Read.All",
)
_WRITES = (
    "AdministrativeUnit.ReadWrite.All",
    "AgentIdentity.DeleteRestore.All",
    "AgentIdentity.ReadWrite.All",
    "AgentIdentity.UpdateSponsors.All",
    "AgentIdentityBlueprint.DeleteRestore.All",
    "AgentIdentityBlueprint.ReadWrite.All",
    "AgentIdentityBlueprintPrincipal.DeleteRestore.All",
    "AgentIdentityBlueprintPrincipal.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "AuthenticationContext.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupSettings.ReadWrite.All",
    "Organization.ReadWrite.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.ConditionalAccess",
    "Policy.ReadWrite.ConsentRequest",
    "Policy.ReadWrite.CrossTenantAccess",
    "Policy.ReadWrite.PermissionGrant",
    "Policy.ReadWrite.SecurityDefaults",
    "RoleManagement.ReadWrite.Directory",
    "User-LifeCycleInfo.ReadWrite.All",
    "User.DeleteRestore.All",
    "User.ReadWrite.All",
)

TIDEMARK = Application(
    "Tidemark",
    "71de0000-0000-4000-8000-000000000001",
    "71de0000-0000-4000-8000-0000000000a1",
    "tidemark-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
# Further identities of the same product: Graph counts the writes of each application by itself.
TIDEMARK_SECOND = Application(
    "Tidemark (second writer)",
    "71de0000-0000-4000-8000-000000000002",
    "71de0000-0000-4000-8000-0000000000a2",
    "tidemark-second-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
TIDEMARK_THIRD = Application(
    "Tidemark (third writer)",
    "71de0000-0000-4000-8000-000000000003",
    "71de0000-0000-4000-8000-0000000000a3",
    "tidemark-third-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
OPERATOR_ADMINISTRATOR = Application(
    "Operator (administrator)",
    "0be7a700-0000-4000-8000-000000000002",
    "0be7a700-0000-4000-8000-0000000000a2",
    "administrator-simulated-secret",
    {TIDEMARK_API: ("Backup.Administrator",)},
)
# Colleagues of the administrator: a plan may need the approval of one or two others.
OPERATOR_APPROVER = Application(
    "Operator (approver)",
    "0be7a700-0000-4000-8000-000000000004",
    "0be7a700-0000-4000-8000-0000000000a4",
    "approver-simulated-secret",
    {TIDEMARK_API: ("Backup.Administrator",)},
)
OPERATOR_SECOND_APPROVER = Application(
    "Operator (second approver)",
    "0be7a700-0000-4000-8000-000000000005",
    "0be7a700-0000-4000-8000-0000000000a5",
    "second-approver-simulated-secret",
    {TIDEMARK_API: ("Backup.Administrator",)},
)
OPERATOR_READER = Application(
    "Operator (reader)",
    "0be7a700-0000-4000-8000-000000000003",
    "0be7a700-0000-4000-8000-0000000000a3",
    "reader-simulated-secret",
    {TIDEMARK_API: ("Backup.Reader",)},
)
BYSTANDER = Application(
    "Bystander",
    "b957a0de-0000-4000-8000-000000000004",
    "b957a0de-0000-4000-8000-0000000000a4",
    "bystander-simulated-secret",
)
AUDITOR = Application(
    "Auditor",
    "a0d17000-0000-4000-8000-000000000005",
    "a0d17000-0000-4000-8000-0000000000a5",
    "auditor-simulated-secret",
    {GRAPH: _READS},
)
CARELESS_SCRIPT = Application(
    "Careless script",
    "ca5e1e55-0000-4000-8000-000000000006",
    "ca5e1e55-0000-4000-8000-0000000000a6",
    "careless-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
BUSY_OFFICE = Application(
    "Busy office",
    "b05e0ff1-0000-4000-8000-000000000007",
    "b05e0ff1-0000-4000-8000-0000000000a7",
    "busy-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
PERSONNEL = Application(
    "Personnel",
    "9e450e1e-0000-4000-8000-000000000008",
    "9e450e1e-0000-4000-8000-0000000000a8",
    "personnel-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
PIPELINE = Application(
    "Release pipeline",
    "919e11ae-0000-4000-8000-000000000009",
    "919e11ae-0000-4000-8000-0000000000a9",
    "pipeline-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
POLICY_DESK = Application(
    "Policy desk",
    "901cde5c-0000-4000-8000-00000000000a",
    "901cde5c-0000-4000-8000-0000000000aa",
    "policies-simulated-secret",
    {GRAPH: _READS + _WRITES},
)
_OTHERS = (BYSTANDER, AUDITOR, CARELESS_SCRIPT, BUSY_OFFICE, PERSONNEL, PIPELINE, POLICY_DESK)
_OPERATORS = (OPERATOR_ADMINISTRATOR, OPERATOR_APPROVER, OPERATOR_SECOND_APPROVER, OPERATOR_READER)
ALL = (TIDEMARK, TIDEMARK_SECOND, TIDEMARK_THIRD, *_OPERATORS, *_OTHERS)
BY_APP_ID: Mapping[str, Application] = MappingProxyType({app.app_id: app for app in ALL})
