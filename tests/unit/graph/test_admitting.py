"""What of an object may be kept: everything but secrets."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.application import APPLICATION
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType
from shared.catalogue.federated_identity_credential import FEDERATED_IDENTITY_CREDENTIAL
from shared.catalogue.identity import PARENT, object_id
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.types import LISTINGS
from shared.catalogue.user import USER
from shared.domain.errors import IncompleteListingError
from shared.domain.secrets import WITHHELD
from shared.graph.answers.admitting import admitted
from shared.graph.exchange import Reply
from shared.graph.reading import whole_page
from tests.support.builders import an_id

REPLY = Reply(status=200, headers={"request-id": "r-1"}, body=b"")
PASSWORD = {"keyId": "k", "displayName": "ci", "startDateTime": "s", "endDateTime": "e"}
SECRET = {"secretText": "hush", "hint": "hus", "customKeyIdentifier": "aHVzaA==", "newInGraph": "hush"}
KEY = {**PASSWORD, "type": "AsymmetricX509Cert", "usage": "Verify", "customKeyIdentifier": "dGh1bWI="}


@pytest.mark.parametrize("entry", [APPLICATION, SERVICE_PRINCIPAL], ids=lambda entry: entry.name)
def test_of_a_credential_only_what_is_known_to_be_harmless_is_kept(entry: ObjectType) -> None:
    body = {
        "id": an_id("app"),
        "newInGraph": {"kept": True},
        "passwordCredentials": [{**PASSWORD, **SECRET}],
        "keyCredentials": [{**KEY, "key": "hush", "newInGraph": "hush"}],
    }
    kept = admitted(entry, msgspec.json.encode(body), REPLY)
    assert msgspec.json.decode(kept) == {**body, "passwordCredentials": [PASSWORD], "keyCredentials": [KEY]}
    assert b"hush" not in kept


def test_of_what_comes_unasked_whatever_is_called_like_a_secret_is_withheld_and_the_rest_kept() -> None:
    body = b'{"id":"p","newInGraph":{"n":1,"clientSecret":"hush"},"displayName":"password: \\"x\\""}'
    kept = msgspec.json.decode(admitted(CONDITIONAL_ACCESS_POLICY, body, REPLY))
    assert kept == {"id": "p", "newInGraph": {"n": 1, "clientSecret": WITHHELD}, "displayName": 'password: "x"'}
    harmless = b'{"id":"p", "allowedCombinations":["password","fido2"], "n":1.50}'
    assert admitted(CONDITIONAL_ACCESS_POLICY, harmless, REPLY) is harmless


def test_a_body_too_deep_to_be_looked_through_for_a_secret_fails_by_name() -> None:
    body = b'{"id":"p","secretText":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    with pytest.raises(IncompleteListingError, match=r"^conditionalAccessPolicy: .*request-id r-1"):
        admitted(CONDITIONAL_ACCESS_POLICY, body, REPLY)


@pytest.mark.parametrize("credentials", ["[]", "null"])
def test_a_body_without_credentials_stays_byte_for_byte(credentials: str) -> None:
    body = f'{{"id":"a", "n":1.50, "passwordCredentials":{credentials}}}'.encode()
    assert admitted(APPLICATION, body, REPLY) is body
    assert admitted(USER, b'{"id":"u","passwordCredentials":[1]}', REPLY) == b'{"id":"u","passwordCredentials":[1]}'


@pytest.mark.parametrize("held", ['"hush"', '["hush"]', '{"secretText":"hush"}', "[[]]"])
def test_credentials_that_are_no_list_of_credentials_fail_the_listing_by_name(held: str) -> None:
    body = f'{{"id":"a","keyCredentials":{held}}}'.encode()
    with pytest.raises(IncompleteListingError, match=r"^application keyCredentials: .*r-1") as caught:
        admitted(APPLICATION, body, REPLY)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b'{"id":"g"}', b'{"id":"g","clientId":7}', b'{"id":"g","clientId":"c","resourceId":[]}']
)
def test_a_grant_that_does_not_say_what_it_is_known_by_fails_its_listing_by_name_and_request_id(body: bytes) -> None:
    whole = Reply(
        status=200, headers={"request-id": "r-1", "content-type": "application/json"}, body=b'{"value":[%s]}' % body
    )
    with pytest.raises(IncompleteListingError, match=r"^oAuth2PermissionGrant: .*known by.*request-id r-1"):
        whole_page(LISTINGS["oAuth2PermissionGrant"], whole)


@pytest.mark.parametrize("body", [b'{"id":"f","name":"ci"}', b'{ "id":"f", "name":"ci"}'])
def test_a_credential_says_whose_it_is_when_graph_does_not(body: bytes) -> None:
    kept = admitted(FEDERATED_IDENTITY_CREDENTIAL, body, REPLY, parent=an_id("app"))
    assert msgspec.json.decode(kept) == {PARENT: an_id("app"), "id": "f", "name": "ci"}
    assert object_id(FEDERATED_IDENTITY_CREDENTIAL, kept) == f"{an_id('app')}/ci"
