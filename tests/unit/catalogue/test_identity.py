"""By which id an object is known, and where Graph has it: the promises of shared/catalogue/identity.py."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.cross_tenant import CROSS_TENANT_ACCESS, CROSS_TENANT_PARTNER
from shared.catalogue.entry import ObjectType
from shared.catalogue.federated_identity_credential import FEDERATED_IDENTITY_CREDENTIAL
from shared.catalogue.grants import APP_ROLE_ASSIGNMENT, OAUTH2_PERMISSION_GRANT
from shared.catalogue.identity import PARENT, address, collection, object_id, object_id_of
from shared.catalogue.roles import ROLE_ASSIGNMENT
from shared.catalogue.user import USER
from shared.domain.changes import Json
from tests.support.builders import a_user_body, an_id

ASSIGNMENT = {"id": "one", "resourceId": an_id("sp"), "principalId": an_id("user"), "appRoleId": an_id("role")}


def known_as(entry: ObjectType, body: Json) -> str:
    """Return the id from the bytes, which must be the id from the decoded body."""
    raw = object_id(entry, msgspec.json.encode(body))
    assert raw == object_id_of(entry, body)
    return raw


def test_i1_an_assignment_made_again_under_another_id_is_the_same_assignment() -> None:
    wanted = f"{an_id('sp')}/{an_id('user')}/{an_id('role')}"
    assert known_as(APP_ROLE_ASSIGNMENT, ASSIGNMENT) == wanted
    assert known_as(APP_ROLE_ASSIGNMENT, {**ASSIGNMENT, "id": "another"}) == wanted
    assert known_as(APP_ROLE_ASSIGNMENT, {**ASSIGNMENT, "principalId": an_id("user-2")}) != wanted


@pytest.mark.parametrize("principal", [{"principalId": None}, {}])
def test_i1_a_grant_for_everybody_has_a_star_where_one_for_somebody_names_the_user(principal: Json) -> None:
    grant = {"id": "g", "clientId": "c", "resourceId": "r", **principal}
    assert known_as(OAUTH2_PERMISSION_GRANT, grant) == "c/r/*"
    assert known_as(OAUTH2_PERMISSION_GRANT, {**grant, "principalId": "p"}) == "c/r/p"


def test_i1_a_role_over_a_unit_is_another_assignment_than_the_role_over_everything() -> None:
    role = {"id": "a", "principalId": "p", "roleDefinitionId": "r", "directoryScopeId": "/"}
    scoped = {**role, "directoryScopeId": "/administrativeUnits/u"}
    assert known_as(ROLE_ASSIGNMENT, role) != known_as(ROLE_ASSIGNMENT, scoped)


def test_most_objects_are_known_by_graphs_id_partners_by_their_tenant_and_what_there_is_once_by_its_type() -> None:
    assert known_as(USER, a_user_body("user-1")) == an_id("user-1")
    assert known_as(CROSS_TENANT_PARTNER, {"tenantId": an_id("t")}) == an_id("t")
    assert known_as(CROSS_TENANT_ACCESS, {"displayName": "x"}) == "crossTenantAccessPolicy"


def test_a_body_without_what_it_is_known_by_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="resourceId"):
        object_id(APP_ROLE_ASSIGNMENT, b'{"id":"a","principalId":"p"}')


def test_an_object_is_addressed_below_its_parent_by_the_id_it_has_now() -> None:
    credential = {"id": "f1", "name": "ci", PARENT: an_id("app")}
    known = known_as(FEDERATED_IDENTITY_CREDENTIAL, credential)
    place = f"/applications/{an_id('app')}/federatedIdentityCredentials"
    assert collection(FEDERATED_IDENTITY_CREDENTIAL, known) == place
    assert address(FEDERATED_IDENTITY_CREDENTIAL, known, credential) == f"{place}/f1"
    assert address(CROSS_TENANT_ACCESS, "crossTenantAccessPolicy", None) == "/policies/crossTenantAccessPolicy"


@pytest.mark.parametrize("hostile", ["../users", "a/b", "x?$y", "#z", "%2e%2e"])
def test_i2_an_id_cannot_leave_its_path_segment(hostile: str) -> None:
    at = address(CROSS_TENANT_PARTNER, hostile, None)
    assert at.startswith(CROSS_TENANT_PARTNER.path + "/")
    assert not set("/?#") & set(at.removeprefix(CROSS_TENANT_PARTNER.path + "/"))
    below = address(FEDERATED_IDENTITY_CREDENTIAL, f"app/{hostile}", {"id": hostile})
    assert below.count("/") == FEDERATED_IDENTITY_CREDENTIAL.path.count("/") + 1
