"""Applications, agent identity blueprints among them: what they expose, ask for and trust; never a secret.

Property names and rules: "application resource type". Roles and scopes that are enabled have to be switched off before
they can be changed or removed. Of credentials, only what tells that they exist is kept; nothing can bring one back.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Reference, Rule, Secret
from shared.catalogue.waves import Wave

WRITABLE = (
    "addIns authenticationBehaviors defaultRedirectUri description groupMembershipClaims identifierUris "
    "isDeviceOnlyAuthSupported isDisabled isFallbackPublicClient nativeAuthenticationApisEnabled notes "
    "oauth2RequirePostResponse optionalClaims parentalControlSettings publicClient requestSignatureVerification "
    "requiredResourceAccess samlMetadataUrl serviceManagementReference servicePrincipalLockConfiguration "
    "signInAudience spa tags tokenEncryptionKeyId web"
).split()
SHOWN = ("publisherDomain", "verifiedPublisher", "keyCredentials", "passwordCredentials")
COMPUTED = (
    "appId applicationTemplateId certification createdByAppId createdDateTime disabledByMicrosoftStatus "
    "managerApplications deletedDateTime"
).split()
NATIVE = (
    "displayName description notes tags identifierUris createdDateTime isFallbackPublicClient publisherDomain "
    "isDeviceOnlyAuthSupported serviceManagementReference requiredResourceAccess nativeAuthenticationApisEnabled "
    "signInAudience groupMembershipClaims optionalClaims isDisabled addIns servicePrincipalLockConfiguration info"
).split()
BLUEPRINT = "#microsoft.graph.agentIdentityBlueprint"
CREDENTIALS = (
    Secret("passwordCredentials", ("keyId", "displayName", "startDateTime", "endDateTime")),
    Secret(
        "keyCredentials",
        ("keyId", "displayName", "startDateTime", "endDateTime", "type", "usage", "customKeyIdentifier"),
    ),
)

APPLICATION = ObjectType(
    name="application",
    code=5,
    wire_name="application",
    odata_type="#microsoft.graph.application",
    path="/applications",
    deleted_path="/directory/deletedItems",
    deleted_list_path="/directory/deletedItems/microsoft.graph.application",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        *(Property(name, is_set=True) for name in WRITABLE),
        Property("api", is_set=True, is_guarded=True),
        Property("appRoles", is_set=True, is_guarded=True),
        Property("info", leaves_out=("logoUrl",)),
        Property("uniqueName", Rule.CREATE_ONLY),
        *(Property(name, Rule.COMPUTED, is_set=True) for name in SHOWN),
        *(Property(name, Rule.COMPUTED, is_set=True, is_compared=False) for name in COMPUTED),
    ),
    references=(
        Reference(name="owners", code=5, is_native=False, is_bound=False, is_told=False, audited="owner"),
        Reference(name="sponsors", code=8, is_native=False, is_bound=False, is_told=False, of_kinds=(BLUEPRINT,)),
    ),
    kinds=(BLUEPRINT,),
    secrets=CREDENTIALS,
    native=tuple(NATIVE),
    has_delta=True,
    has_count=True,
    # All of these name other applications by appId, or this one itself.
    names=dict.fromkeys(("api", "appId", "identifierUris", "requiredResourceAccess", "web"), ("application",)),
    creation=Creation(
        named_by=("displayName",), upsert_by=("uniqueName",), lost=("tokenEncryptionKeyId",), follows=True
    ),
    waves={
        "restore": Wave.RESTORE,
        "recreate": Wave.RECREATE,
        "update": Wave.UPDATE,
        "softDelete": Wave.APPLICATION_DELETE,
    },
    read_permissions=("Application.Read.All", "AgentIdentityBlueprint.Read.All"),
    write_permissions=(
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "User.Read.All",
        "Group.Read.All",
        "AgentIdentityBlueprint.ReadWrite.All",
        "AgentIdentityBlueprint.DeleteRestore.All",
    ),
)
