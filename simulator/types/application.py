"""Applications and their federated credentials: properties, what is filled in, and the rules of enabled roles.

The table follows the Microsoft Graph page "application resource type". A secret's value is told once, by the action
that makes it, and never kept; the bytes of a certificate are dropped likewise.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from simulator.errors import GraphError, bad_request
from simulator.types.schema import JsonObject, Schema, properties

APPLICATION = "application"
CREDENTIAL = "federatedIdentityCredential"
BLUEPRINT = "#microsoft.graph.agentIdentityBlueprint"

_TABLE = """
id                                text    never  default
deletedDateTime                   time    never  default
addIns                            objects always default
api                               object  always default
appId                             text    never  default
applicationTemplateId             text    never  default
appRoles                          objects always default
authenticationBehaviors           object  always
certification                     object  never  default
createdByAppId                    text    never  default
createdDateTime                   time    never  default
defaultRedirectUri                text    always default
description                       text    always default
disabledByMicrosoftStatus         text    never  default
displayName                       text    always default
groupMembershipClaims             text    always default
identifierUris                    texts   always default
info                              object  always default
isDeviceOnlyAuthSupported         boolean always default
isDisabled                        boolean always default
isFallbackPublicClient            boolean always default
keyCredentials                    objects always default
managerApplications               texts   always default
nativeAuthenticationApisEnabled   text    always default
notes                             text    always default
oauth2RequirePostResponse         boolean always default
optionalClaims                    object  always default
parentalControlSettings           object  always default
passwordCredentials               objects always default
publicClient                      object  always default
publisherDomain                   text    never  default
requestSignatureVerification      object  always default
requiredResourceAccess            objects always default
samlMetadataUrl                   text    always default
serviceManagementReference        text    always default
servicePrincipalLockConfiguration object  always default
signInAudience                    text    always default
spa                               object  always default
tags                              texts   always default
tokenEncryptionKeyId              text    always default
uniqueName                        text    create default
verifiedPublisher                 object  never  default
web                               object  always default
"""
_CREDENTIAL_TABLE = """
id          text  never  default
name        text  create default
issuer      text  always default
subject     text  always default
description text  always default
audiences   texts always default
"""
DEFAULTS: MappingProxyType[str, Any] = MappingProxyType(
    {
        "signInAudience": "AzureADMyOrg",
        "oauth2RequirePostResponse": False,
        "isFallbackPublicClient": False,
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "requestedAccessTokenVersion": None,
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "info": dict.fromkeys(
            ("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl"), None
        ),
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "publicClient": {"redirectUris": []},
        "spa": {"redirectUris": []},
        "web": {
            "homePageUrl": None,
            "logoutUrl": None,
            "redirectUris": [],
            "redirectUriSettings": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        },
    }
)
OWNERS = frozenset({"user", "servicePrincipal"})
PEOPLE = frozenset({"user", "group"})


def schema() -> Schema:
    """Return the schema of applications, agent identity blueprints included."""
    return Schema(
        APPLICATION,
        "Application",
        "applications",
        properties(_TABLE),
        elsewhere=frozenset({"logo"}),
        targets={
            "owners": OWNERS,
            "sponsors": PEOPLE,
            "tokenLifetimePolicies": frozenset({"tokenLifetimePolicy"}),
            "tokenIssuancePolicies": frozenset({"tokenIssuancePolicy"}),
        },
        serves="list count create read update delete delta deleted",
        area=APPLICATION,
        units=2,
        required=("displayName",),
        unique=("appId", "uniqueName"),
        defaults=DEFAULTS,
        is_directory_object=True,
        is_softly_deleted=True,
        is_paged=True,
    )


def credential_schema() -> Schema:
    """Return the schema of federated identity credentials, which hang on their application."""
    return Schema(
        CREDENTIAL,
        "FederatedIdentityCredential",
        "applications/{id}/federatedIdentityCredentials",
        properties(_CREDENTIAL_TABLE),
        area=APPLICATION,
        required=("name", "issuer", "audiences"),
        unique=("applicationId+name",),
        hangs_on=("applicationId",),
    )


def check_named(entitlements: object) -> None:
    """Refuse roles or scopes that are no list of objects with an id each."""
    listed = entitlements if isinstance(entitlements, list) else [entitlements]
    if not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in listed):
        raise bad_request("A value is required for property 'id' of resource 'Entitlement'.")


def check_entitlements(before: Iterable[JsonObject], after: Iterable[JsonObject]) -> None:
    """Refuse to change or drop an enabled role or scope: it must be disabled first, in a request of its own."""
    wanted = {str(each.get("id", "")).lower(): each for each in after}
    for old in before:
        new = wanted.get(str(old["id"]).lower())
        if old.get("isEnabled") and (new is None or _meaning(new) != _meaning(old)):
            raise GraphError(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Property value cannot be deleted or updated unless it is disabled first.",
            )


def _meaning(entitlement: JsonObject) -> JsonObject:
    return {name: value for name, value in entitlement.items() if name not in ("isEnabled", "origin")}


def without_secrets(changes: JsonObject, current: JsonObject) -> JsonObject:
    """Return `changes` as they are kept: no key bytes; a new password can only be made by addPassword."""
    known = {each["keyId"] for each in current.get("passwordCredentials", ())}
    for each in changes.get("passwordCredentials", ()):
        if each.get("keyId") not in known:
            raise bad_request("New password credentials must be generated with service actions.")
    kept = dict(changes)
    if "passwordCredentials" in kept:
        kept["passwordCredentials"] = [_without(each, "secretText") for each in kept["passwordCredentials"]]
    if "keyCredentials" in kept:
        kept["keyCredentials"] = [_without(each, "key") for each in kept["keyCredentials"]]
    return kept


def _without(credential: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in credential.items() if key != name}
