"""What the creation of each type says, and the promises A1 to A3 of shared/recover/recreating.py."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import BY_NAME, TYPES, type_named
from shared.compare.judge import HARD_DELETED, ON_PREMISES
from shared.domain.changes import Action, Json
from shared.domain.jobs import Options
from shared.recover import recreating
from shared.recover.recreating import (
    creation_target,
    impossible,
    in_order,
    is_created_anew,
    not_created,
    own_ids,
    said_now,
    update_target,
    with_password,
)
from tests.support.builders import a_change, a_difference, a_group_body, a_policy_body, a_user_body, an_id

ASKED = Options(recreate_deleted=True)
MADE_ANEW = [entry for entry in TYPES if entry.creation is not None]
APPLICATION: Json = {
    "id": an_id("app"),
    "appId": an_id("appId"),
    "displayName": "CRM",
    "identifierUris": [f"api://{an_id('appId')}"],
    "requiredResourceAccess": [{"resourceAppId": an_id("another appId")}],
    "passwordCredentials": [{"keyId": "k"}],
    "tokenEncryptionKeyId": an_id("key"),
    "info": {"logoUrl": "https://example.org/logo", "termsOfServiceUrl": "https://example.org"},
}


def test_the_types_that_are_created_anew_are_those_graph_can_create() -> None:
    assert {entry.name for entry in MADE_ANEW} == {
        *("user", "group", "application", "servicePrincipal", "administrativeUnit"),
        *("conditionalAccessPolicy", "namedLocation", "unifiedRoleDefinition", "authenticationStrengthPolicy"),
        *("claimsMappingPolicy", "tokenLifetimePolicy", "tokenIssuancePolicy", "homeRealmDiscoveryPolicy"),
        "activityBasedTimeoutPolicy",
    }


@pytest.mark.parametrize("entry", MADE_ANEW, ids=lambda entry: entry.name)
def test_a_creation_says_what_can_be_written_and_what_only_a_creation_takes(entry: ObjectType) -> None:
    body: Json = {known.name: f"a {known.name}" for known in entry.properties}
    said = said_now(entry, creation_target(entry, body), ())
    assert "id" not in said
    assert "deletedDateTime" not in said
    computed = {known.name for known in entry.properties if known.rule == "computed"}
    assert said.keys() & computed <= ({"appId"} if entry.name == "servicePrincipal" else set())
    assert entry.creation is not None
    assert not {*entry.creation.lost} & {*said, *update_target(entry, body)}


@pytest.mark.parametrize("entry", MADE_ANEW, ids=lambda entry: entry.name)
def test_what_is_set_back_of_a_type_is_in_the_creation_or_in_the_update_after_it(entry: ObjectType) -> None:
    body: Json = {known.name: f"a {known.name}" for known in entry.properties}
    assert entry.creation is not None
    writable = {known.name for known in entry.properties if known.rule == "writable"} - {*entry.creation.lost}
    made = said_now(entry, creation_target(entry, body), ())
    assert writable <= {*made, *update_target(entry, body)}


def test_a_null_is_not_said() -> None:
    assert "city" not in creation_target(type_named("user"), a_user_body(city=None))


def test_a3_an_account_comes_back_as_it_was_under_a_password_that_has_to_be_changed() -> None:
    for is_enabled in (True, False):
        body = creation_target(type_named("user"), a_user_body(accountEnabled=is_enabled))
        made = with_password(body, "s3cret")
        assert made["accountEnabled"] is is_enabled
        assert made["passwordProfile"] == {"forceChangePasswordNextSignIn": True, "password": "s3cret"}
        assert "passwordProfile" not in body


def test_an_application_is_created_without_what_names_itself_and_without_its_keys() -> None:
    change = a_change(
        "app",
        type="application",
        action=Action.RECREATE,
        target=creation_target(type_named("application"), APPLICATION),
    )
    assert own_ids(change) == {an_id("app"), an_id("appId")}
    said = said_now(type_named("application"), change.target, own_ids(change))
    assert said == {
        "displayName": "CRM",
        "requiredResourceAccess": [{"resourceAppId": an_id("another appId")}],
        "info": {"termsOfServiceUrl": "https://example.org"},
    }
    assert update_target(type_named("application"), APPLICATION)["identifierUris"] == APPLICATION["identifierUris"]


def test_a_service_principal_says_which_application_it_is_of() -> None:
    target = creation_target(type_named("servicePrincipal"), {"appId": an_id("appId"), "displayName": "CRM"})
    assert said_now(type_named("servicePrincipal"), target, ()) == {"appId": an_id("appId")}
    assert "appId" not in said_now(type_named("servicePrincipal"), target, {an_id("appId")})


def test_a1_a_group_whose_rule_names_a_group_still_to_come_is_created_without_its_rule() -> None:
    rule = f"user.memberof -any (group.objectId -in ['{an_id('other').upper()}'])"
    body = a_group_body(
        groupTypes=["DynamicMembership", "Unified"], membershipRule=rule, membershipRuleProcessingState="On"
    )
    target = creation_target(type_named("group"), body)
    assert said_now(type_named("group"), target, {an_id("other")}) == {
        "displayName": "group-1",
        "groupTypes": ["Unified"],
        "securityEnabled": True,
    }
    assert said_now(type_named("group"), target, {an_id("somebody")}) == target
    assert update_target(type_named("group"), body)["membershipRule"] == rule


def test_a_role_whose_template_is_itself_gets_a_template_of_its_own() -> None:
    role = {"displayName": "Helpers", "templateId": an_id("role"), "rolePermissions": [], "isBuiltIn": False}
    target = creation_target(type_named("unifiedRoleDefinition"), role)
    assert "templateId" not in said_now(type_named("unifiedRoleDefinition"), target, {an_id("role")})
    assert said_now(type_named("unifiedRoleDefinition"), target, ())["templateId"] == an_id("role")


def test_an_authentication_strength_is_created_with_its_combinations() -> None:
    body = {"displayName": "Keys", "allowedCombinations": ["fido2"], "policyType": "custom"}
    assert creation_target(type_named("authenticationStrengthPolicy"), body) == {
        "displayName": "Keys",
        "allowedCombinations": ["fido2"],
    }


def test_a_policy_created_anew_is_never_enforced_at_once() -> None:
    assert creation_target(type_named("conditionalAccessPolicy"), a_policy_body())["state"] == (
        "enabledForReportingButNotEnforced"
    )
    disabled = creation_target(type_named("conditionalAccessPolicy"), a_policy_body(state="disabled"))
    assert disabled["state"] == "disabled"


REFUSED: list[tuple[str, Json, str]] = [
    ("user", {"onPremisesSyncEnabled": True}, recreating.SYNCED),
    ("user", {"userPrincipalName": "ann_fabrikam.com#EXT#@contoso.com"}, recreating.INVITED),
    ("user", {"userPrincipalName": "ann@contoso.com"}, ""),
    ("group", {"mailEnabled": True, "groupTypes": []}, recreating.IN_EXCHANGE),
    ("group", {"mailEnabled": True, "groupTypes": ["Unified"]}, ""),
    ("group", {"mailEnabled": False}, ""),
    ("servicePrincipal", {"@odata.type": "#microsoft.graph.agentIdentity"}, recreating.BY_BLUEPRINT),
    ("servicePrincipal", {"@odata.type": "#microsoft.graph.agentIdentity", "agentIdentityBlueprintId": "b"}, ""),
    ("servicePrincipal", {"servicePrincipalType": "ManagedIdentity"}, recreating.BY_AZURE),
    ("servicePrincipal", {"servicePrincipalType": "Application"}, ""),
    ("namedLocation", {"@odata.type": "#microsoft.graph.compliantNetworkNamedLocation"}, recreating.NETWORK),
    ("namedLocation", {"@odata.type": "#microsoft.graph.ipNamedLocation"}, ""),
]


@pytest.mark.parametrize(("type_name", "body", "reason"), REFUSED)
def test_a2_what_graph_cannot_create_is_refused_with_what_to_do(type_name: str, body: Json, reason: str) -> None:
    assert impossible(type_named(type_name), body) == reason
    row = a_difference(type=type_name, action=Action.RECREATE, target=body, refusal=HARD_DELETED)
    assert not_created(row, ASKED) == reason


def test_what_was_refused_for_another_reason_stays_refused() -> None:
    row = a_difference(action=Action.RECREATE, refusal=ON_PREMISES)
    assert not_created(row, ASKED) == ON_PREMISES


def test_a_grant_is_made_again_without_asking_and_is_not_created_anew() -> None:
    row = a_difference(type="oAuth2PermissionGrant", action=Action.RECREATE, target={})
    assert not_created(row, Options()) == ""
    assert not is_created_anew(row)
    assert is_created_anew(a_difference(action=Action.RECREATE))
    assert not is_created_anew(a_difference())


def test_applications_are_created_before_their_principals_and_agents_users_last() -> None:
    made: list[tuple[str, str, dict[str, Any]]] = [
        ("agent", "user", {"identityParentId": an_id("identity")}),
        ("sp", "servicePrincipal", {}),
        ("ann", "user", {}),
        ("app", "application", {}),
    ]
    changes = [a_change(label, type=kind, action=Action.RECREATE, target=target) for label, kind, target in made]
    assert [change.display_name for change in in_order(changes)] == ["app", "ann", "sp", "agent"]
    assert BY_NAME["servicePrincipal"].creation is not None
