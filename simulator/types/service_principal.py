"""Service principals, agent identities among them: properties and what is filled in.

The table follows the Microsoft Graph page "servicePrincipal resource type". Agent identities and the principals of
their blueprints are service principals with an `@odata.type` of their own and a few more properties.
"""

from types import MappingProxyType

from simulator.types.application import OWNERS, PEOPLE
from simulator.types.schema import Schema, properties

SERVICE_PRINCIPAL = "servicePrincipal"
AGENT_IDENTITY = "#microsoft.graph.agentIdentity"
BLUEPRINT_PRINCIPAL = "#microsoft.graph.agentIdentityBlueprintPrincipal"
AGENT_USER = "#microsoft.graph.agentUser"

_TABLE = """
id                                     text    never  default
deletedDateTime                        time    never  default
accountEnabled                         boolean always default
addIns                                 objects always default
agentIdentityBlueprintId               text    create
alternativeNames                       texts   always default
appDescription                         text    never  default
appDisplayName                         text    never  default
appId                                  text    create default
applicationTemplateId                  text    never  default
appOwnerOrganizationId                 text    never  default
appRoleAssignmentRequired              boolean always default
appRoles                               objects always default
createdByAppId                         text    never  default
createdDateTime                        time    never
customSecurityAttributes               object  always
description                            text    always default
disabledByMicrosoftStatus              text    never  default
displayName                            text    always default
homepage                               text    always default
info                                   object  never  default
isDisabled                             boolean always default
keyCredentials                         objects always default
loginUrl                               text    always default
logoutUrl                              text    always default
notes                                  text    always default
notificationEmailAddresses             texts   always default
oauth2PermissionScopes                 objects always default
passwordCredentials                    objects always default
preferredSingleSignOnMode              text    always default
preferredTokenSigningKeyThumbprint     text    always default
replyUrls                              texts   always default
resourceSpecificApplicationPermissions objects never  default
samlSingleSignOnSettings               object  always default
servicePrincipalNames                  texts   always default
servicePrincipalType                   text    never  default
signInAudience                         text    never  default
tags                                   texts   always default
tokenEncryptionKeyId                   text    always default
verifiedPublisher                      object  never  default
"""
DEFAULTS = MappingProxyType(
    {"accountEnabled": True, "appRoleAssignmentRequired": False, "servicePrincipalType": "Application"}
)
# What a service principal takes over from its application, under the name it has here.
MIRRORED = MappingProxyType(
    {
        "displayName": "appDisplayName",
        "description": "appDescription",
        "appRoles": "appRoles",
        "signInAudience": "signInAudience",
        "info": "info",
    }
)
POLICIES = ("claimsMappingPolicy", "homeRealmDiscoveryPolicy", "tokenIssuancePolicy", "tokenLifetimePolicy")


def plural(policy: str) -> str:
    """Return the name of the link to policies of this type."""
    return policy.removesuffix("y") + "ies"


def schema() -> Schema:
    """Return the schema of service principals of every kind."""
    return Schema(
        SERVICE_PRINCIPAL,
        "ServicePrincipal",
        "servicePrincipals",
        properties(_TABLE),
        targets={
            "owners": OWNERS,
            "sponsors": PEOPLE,
            **{plural(policy): frozenset({policy}) for policy in POLICIES},
        },
        serves="list count create read update delete delta deleted",
        area="application",
        required=("appId",),
        unique=("appId",),
        defaults=DEFAULTS,
        is_directory_object=True,
        is_softly_deleted=True,
        is_paged=True,
    )
