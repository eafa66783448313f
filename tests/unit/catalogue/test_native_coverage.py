"""Everything that Microsoft's own feature recovers is captured: the list beside this file is what Microsoft names.

Source: "Supported objects and recoverable properties in Microsoft Entra Backup and Recovery", by Graph's names.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from shared.catalogue.left_out import NATIVE_ALONE
from shared.catalogue.types import BY_NAME, TYPES, type_named

NATIVE = msgspec.json.decode(Path(__file__).with_name("native_properties.json").read_bytes(), type=dict[str, list[str]])
# What no listing of Graph shows. docs/object-types.md says the same to whoever asks.
OUT_OF_REACH = {
    "user": {"authentication/requirements.perUserMfaState"},
    "servicePrincipal": {"publisherName"},
    "organization": set(NATIVE["organization"]),
}
LIST = Path(__file__).parents[4] / "shared" / "reference" / "recoverable-properties.json"
OUR_NAMES = {
    "namedLocationPolicy": "namedLocation",
    "authenticationMethodPolicy": "authenticationMethodConfiguration",
}
# What Tidemark has and the native feature has not: by what people call it, the types, properties and references.
BEYOND = {
    "group owners": ["group.owners"],
    "user manager and sponsors": ["user.manager", "user.sponsors"],
    "application and service-principal owners": ["application.owners", "servicePrincipal.owners"],
    "dynamic membership rules": ["group.membershipRule", "group.membershipRuleProcessingState"],
    "licence assignments": ["user.assignedLicenses", "group.assignedLicenses"],
    "administrative units with members": ["administrativeUnit.members", "administrativeUnit.membershipRule"],
    "scoped roles": ["unifiedRoleAssignment.directoryScopeId"],
    "directory role assignments": ["unifiedRoleAssignment.principalId"],
    "custom role definitions": ["unifiedRoleDefinition.rolePermissions"],
    "PIM eligibility": ["unifiedRoleEligibilitySchedule.scheduleInfo"],
    "PIM role policies": ["unifiedRoleManagementPolicy.rules"],
    "authentication strengths": ["authenticationStrengthPolicy.allowedCombinations"],
    "authentication contexts": ["authenticationContextClassReference.isAvailable"],
    "cross-tenant access settings": ["crossTenantAccessPolicyConfigurationDefault.b2bCollaborationInbound"],
    "cross-tenant partners": ["crossTenantAccessPolicyConfigurationPartner.b2bCollaborationInbound"],
    "federated identity credentials": ["federatedIdentityCredential.subject"],
    "app roles and scopes": ["application.appRoles", "application.api"],
    "redirect URIs": ["application.web", "application.spa", "application.publicClient"],
    "claims-mapping policies": ["claimsMappingPolicy.definition"],
    "token policies": ["tokenLifetimePolicy.definition", "tokenIssuancePolicy.definition"],
    "group settings": ["groupSetting.values"],
    "custom security attribute definitions": ["customSecurityAttributeDefinition.status", "attributeSet.description"],
    "identity security defaults": ["identitySecurityDefaultsEnforcementPolicy.isEnabled"],
    "permission-grant policies": ["permissionGrantPolicy.description"],
    "admin consent policy": ["adminConsentRequestPolicy.reviewers"],
    "agents and their blueprints": ["servicePrincipal.agentIdentityBlueprintId", "user.identityParentId"],
    "sponsors of agents": ["servicePrincipal.sponsors", "application.sponsors"],
}
each_type = pytest.mark.parametrize("name", NATIVE)


@each_type
def test_every_native_property_is_captured(name: str) -> None:
    entry = type_named(name)
    wanted = {known.partition("[")[0] for known in NATIVE[name]} - OUT_OF_REACH.get(name, set())
    if name == "authenticationMethodConfiguration":
        return  # the list names methods there, and each is an object of that type
    assert wanted - set(entry.select) == set()


@each_type
def test_the_catalogue_says_which_properties_are_native(name: str) -> None:
    entry = type_named(name)
    said = set(entry.select) if entry.native == ("*",) else set(entry.native)
    wanted = {known.partition("[")[0] for known in NATIVE[name]} - OUT_OF_REACH.get(name, set())
    if name != "authenticationMethodConfiguration" and entry.native != ("*",):
        assert said == wanted


def test_every_other_type_and_reference_says_that_it_is_beyond_the_native_feature() -> None:
    assert {entry.name for entry in TYPES if entry.native} <= set(NATIVE)
    references = {f"{entry.name}.{one.name}" for entry in TYPES for one in entry.references if one.is_native}
    assert references == {"group.members"}
    assert set(NATIVE) <= set(BY_NAME)


def test_what_only_the_native_feature_recovers_is_said() -> None:
    assert OUT_OF_REACH.keys() == NATIVE_ALONE.keys()
    for name, known in OUT_OF_REACH.items():
        assert all(one in NATIVE_ALONE[name] or one.partition(".")[0] in NATIVE_ALONE[name] for one in known)


@pytest.mark.parametrize("name", BEYOND)
def test_what_goes_beyond_the_native_feature_is_captured(name: str) -> None:
    for type_name, _dot, member in (place.partition(".") for place in BEYOND[name]):
        entry = type_named(type_name)
        has = {*(known.name for known in entry.properties), *(known.name for known in entry.references)}
        assert member in has
        assert member not in entry.native
        assert entry.native != ("*",)


@pytest.mark.skipif(not LIST.exists(), reason="the list of recoverable properties is not beside the tree")
def test_the_list_beside_this_file_has_all_that_microsoft_names() -> None:
    named: dict[str, list[str]] = {}
    for row in msgspec.json.decode(LIST.read_bytes())["object_types"]:
        name = OUR_NAMES.get(row["entityTypeName"], row["entityTypeName"])
        spelled = [one["graph"] or one["native"] for one in row["properties"]]
        named[name] = [one.rpartition("/")[2] if one.startswith("/") else one for one in spelled]
    assert named == NATIVE
