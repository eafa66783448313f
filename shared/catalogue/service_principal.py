"""Service principals, agent identities and the principals of blueprints among them: what an application is here.

Property names and rules: "servicePrincipal resource type". What mirrors the
application is captured and never compared: it follows the application, wherever that is.
"""

from __future__ import annotations

from shared.catalogue.application import CREDENTIALS
from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Reference, Rule
from shared.catalogue.waves import Wave

WRITABLE = (
    "accountEnabled addIns alternativeNames appRoleAssignmentRequired description homepage loginUrl logoutUrl notes "
    "notificationEmailAddresses preferredSingleSignOnMode preferredTokenSigningKeyThumbprint replyUrls "
    "samlSingleSignOnSettings servicePrincipalNames tags tokenEncryptionKeyId"
).split()
SHOWN = ("servicePrincipalType", "isDisabled", "keyCredentials", "passwordCredentials")
COMPUTED = (
    "appDescription appDisplayName appId appOwnerOrganizationId appRoles applicationTemplateId createdByAppId "
    "disabledByMicrosoftStatus info oauth2PermissionScopes resourceSpecificApplicationPermissions signInAudience "
    "verifiedPublisher deletedDateTime"
).split()
AGENT_IDENTITY = "#microsoft.graph.agentIdentity"
BLUEPRINT_PRINCIPAL = "#microsoft.graph.agentIdentityBlueprintPrincipal"
NATIVE = (
    "accountEnabled alternativeNames appRoleAssignmentRequired description loginUrl notes notificationEmailAddresses "
    "preferredTokenSigningKeyThumbprint tags servicePrincipalType preferredSingleSignOnMode samlSingleSignOnSettings "
    "servicePrincipalNames"
).split()

SERVICE_PRINCIPAL = ObjectType(
    name="servicePrincipal",
    code=6,
    wire_name="servicePrincipal",
    odata_type="#microsoft.graph.servicePrincipal",
    path="/servicePrincipals",
    deleted_path="/directory/deletedItems",
    deleted_list_path="/directory/deletedItems/microsoft.graph.servicePrincipal",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        *(Property(name, is_set=True) for name in WRITABLE),
        *(Property(name, Rule.COMPUTED, is_set=True) for name in SHOWN),
        *(Property(name, Rule.COMPUTED, is_set=True, is_compared=False) for name in COMPUTED),
        Property("agentIdentityBlueprintId", Rule.CREATE_ONLY, of_kinds=(AGENT_IDENTITY,)),
    ),
    references=(
        Reference(name="owners", code=6, is_native=False, is_bound=False, is_told=False, audited="owner"),
        Reference(
            name="sponsors",
            code=9,
            is_native=False,
            is_bound=False,
            is_told=False,
            of_kinds=(AGENT_IDENTITY, BLUEPRINT_PRINCIPAL),
        ),
    ),
    kinds=(AGENT_IDENTITY, BLUEPRINT_PRINCIPAL),
    secrets=CREDENTIALS,
    native=tuple(NATIVE),
    has_delta=True,
    has_count=True,
    names=dict.fromkeys(
        ("agentIdentityBlueprintId", "alternativeNames", "appId", "servicePrincipalNames"), ("application",)
    ),
    creation=Creation(
        named_by=("appId",),
        upsert_by=("appId",),
        is_unique=True,
        takes=("appId",),
        leaves=("servicePrincipalNames", "displayName"),
        lost=("preferredTokenSigningKeyThumbprint", "tokenEncryptionKeyId"),
        follows=True,
        comes_after="application",
    ),
    # "Create agentIdentity": a name, and the blueprint, whose principal has to be there; its appId is its new id.
    creations={
        AGENT_IDENTITY: Creation(
            named_by=("displayName",),
            leaves=tuple(name for name in WRITABLE if name != "accountEnabled"),
            lost=("preferredTokenSigningKeyThumbprint", "servicePrincipalNames", "tokenEncryptionKeyId"),
            follows=True,
            comes_after="servicePrincipal",
        )
    },
    waves={"restore": Wave.RESTORE, "recreate": Wave.RECREATE, "update": Wave.UPDATE, "softDelete": Wave.SOFT_DELETE},
    read_permissions=("Application.Read.All", "AgentIdentity.Read.All", "AgentIdentityBlueprintPrincipal.Read.All"),
    write_permissions=(
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "AgentIdentity.ReadWrite.All",
        "AgentIdentity.UpdateSponsors.All",
        "AgentIdentity.DeleteRestore.All",
        "AgentIdentityBlueprintPrincipal.ReadWrite.All",
        "AgentIdentityBlueprintPrincipal.DeleteRestore.All",
    ),
)
