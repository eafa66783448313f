"""Policies and settings of the tenant: a few properties each, kept whole, deleted for good.

The tables follow the Microsoft Graph pages of the same names. Kept whole (`is_open`), because most of what they hold
is complex values that nobody but their owner reads, and all of it must come back as it was.
"""

from typing import Any

from simulator.types.schema import JsonObject, Schema, properties

STS_POLICIES = (
    "activityBasedTimeoutPolicy",
    "claimsMappingPolicy",
    "homeRealmDiscoveryPolicy",
    "tokenIssuancePolicy",
    "tokenLifetimePolicy",
)
STRENGTH = "authenticationStrengthPolicy"
CONTEXT = "authenticationContextClassReference"
PARTNER = "crossTenantAccessPolicyConfigurationPartner"
GROUP_SETTING = "groupSetting"
ATTRIBUTE_SET = "attributeSet"
ATTRIBUTE = "customSecurityAttributeDefinition"
GRANT_POLICY = "permissionGrantPolicy"
LICENCE = "subscribedSku"
ORGANIZATION = "organization"
EVERYTHING = "list create read update delete"

_STS = """
id                    text    never  default
deletedDateTime       time    never  default
definition            texts   always default
description           text    always default
displayName           text    always default
isOrganizationDefault boolean always default
"""
_STRENGTH = """
id                        text    never  default
allowedCombinations       texts   create default
combinationConfigurations objects never  default
createdDateTime           time    never  default
description               text    always default
displayName               text    always default
modifiedDateTime          time    never  default
policyType                text    never  default
requirementsSatisfied     text    never  default
"""
_CONTEXT = """
id          text    create default
description text    always default
displayName text    always default
isAvailable boolean always default
"""
_B2B = """
appServiceConnectInbound    object  always default
automaticUserConsentSettings object always default
b2bCollaborationInbound     object  always default
b2bCollaborationOutbound    object  always default
b2bDirectConnectInbound     object  always default
b2bDirectConnectOutbound    object  always default
inboundTrust                object  always default
m365CollaborationInbound    object  always default
m365CollaborationOutbound   object  always default
tenantRestrictions          object  always default
"""
_PARTNER = """
tenantId                    text    create default
isInMultiTenantOrganization boolean never  default
isServiceProvider           boolean always default
""" + _B2B.strip()
_SETTING = """
id          text    never  default
displayName text    never  default
templateId  text    create default
values      objects always default
"""
_SET = """
id                  text   create default
description         text   always default
maxAttributesPerSet number always default
"""
_ATTRIBUTE = """
id                      text    never  default
attributeSet            text    create default
description             text    always default
isCollection            boolean create default
isSearchable            boolean create default
name                    text    create default
status                  text    always default
type                    text    create default
usePreDefinedValuesOnly boolean always default
"""
_GRANT_POLICY = """
id              text    create default
deletedDateTime time    never  default
description     text    always default
displayName     text    always default
includes        objects never  default
excludes        objects never  default
"""
_LICENCE = """
id               text    never default
accountId        text    never default
accountName      text    never default
appliesTo        text    never default
capabilityStatus text    never default
consumedUnits    number  never default
prepaidUnits     object  never default
servicePlans     objects never default
skuId            text    never default
skuPartNumber    text    never default
subscriptionIds  texts   never default
"""
B2B_PROPERTIES = _B2B


def _open(name: str, place: str, table: str, serves: str = EVERYTHING, **more: Any) -> Schema:
    title = name[0].upper() + name[1:]
    return Schema(name, title, place, properties(table), is_open=True, serves=serves, area="policy", **more)


def policy_schemas() -> list[Schema]:
    """Return the schemas of all policies and settings of which there may be several."""
    contexts = "identity/conditionalAccess/authenticationContextClassReferences"
    made: JsonObject = {"policyType": "custom", "requirementsSatisfied": "mfa", "combinationConfigurations": []}
    attribute: JsonObject = {"status": "Available", "isCollection": False, "isSearchable": True}
    return [
        *(
            _open(name, f"policies/{name[:-1]}ies", _STS, required=("definition", "displayName"))
            for name in STS_POLICIES
        ),
        _open(
            STRENGTH,
            "policies/authenticationStrengthPolicies",
            _STRENGTH,
            required=("displayName", "allowedCombinations"),
            defaults=made,
            contained=("combinationConfigurations",),
        ),
        _open(CONTEXT, contexts, _CONTEXT, required=("id", "displayName")),
        _open(
            PARTNER,
            "policies/crossTenantAccessPolicy/partners",
            _PARTNER,
            key="tenantId",
            is_softly_deleted=True,
            bin="policies/deletedItems/crossTenantPartners",
            required=("tenantId",),
        ),
        _open(GROUP_SETTING, "groupSettings", _SETTING, required=("templateId", "values")),
        _open(ATTRIBUTE_SET, "directory/attributeSets", _SET, "list create read update"),
        _open(
            ATTRIBUTE,
            "directory/customSecurityAttributeDefinitions",
            _ATTRIBUTE,
            "list create read update",
            required=("attributeSet", "name", "type", "status"),
            defaults=attribute,
            contained=("allowedValues",),
            asked_for=("allowedValues",),
        ),
        _open(
            GRANT_POLICY,
            "policies/permissionGrantPolicies",
            _GRANT_POLICY,
            required=("id", "displayName"),
            defaults={"includes": [], "excludes": []},
            contained=("includes", "excludes"),
        ),
        _open(LICENCE, "subscribedSkus", _LICENCE, "list read", units=3),
    ]
