"""Habits of public clients that stopped them once: Azure CLI, CLI for Microsoft 365, the JavaScript Graph client."""

from __future__ import annotations

from typing import Any

import jwt
import msgspec
import pytest

from simulator import tunnel
from simulator.applications import GRAPH, TIDEMARK
from simulator.http import Request, Response
from simulator.server import origin_form
from simulator.tenant import DEFAULT_TENANT_ID
from tests.unit.simulator.client import Client, a_client, part

HOST = "localhost:8443"


def asked(client: Client, method: str, path: str, **headers: str) -> Response:
    """Return the answer to a request without a token, over HTTPS."""
    sent = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return client.simulator.handle(Request(method, path, sent, scheme="https"))


def read(response: Response) -> Any:
    """Return the JSON of a response."""
    assert response.status == 200, response.body
    return msgspec.json.decode(response.body)


def test_azure_cli_registers_this_address_as_a_cloud_whose_every_part_is_here() -> None:
    found = read(asked(a_client(), "GET", "/metadata/endpoints?api-version=2022-09-01"))
    here = f"https://{HOST}"
    assert found["authentication"] == {
        "loginEndpoint": here,
        "audiences": [here],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    assert (found["microsoftGraphResourceId"], found["resourceManager"], found["suffixes"]) == (here, here, {})


def test_azure_cli_finds_the_tenant_it_signed_in_to() -> None:
    found = read(asked(a_client(), "GET", "/tenants?api-version=2022-12-01"))["value"]
    assert [each["tenantId"] for each in found] == [DEFAULT_TENANT_ID]


def test_documents_of_anybody_are_those_of_this_tenant_but_tokens_are_not() -> None:
    client = a_client()
    found = read(asked(client, "GET", "/common/v2.0/.well-known/openid-configuration"))
    assert found["token_endpoint"] == f"https://{HOST}/{DEFAULT_TENANT_ID}/oauth2/v2.0/token"
    assert read(asked(client, "GET", "/organizations/discovery/v2.0/keys"))["keys"]
    assert asked(client, "POST", "/common/oauth2/v2.0/token").status == 404


def test_a_token_names_its_application_as_the_clients_show_it() -> None:
    token = a_client().simulator.issue_token(TIDEMARK, GRAPH)
    assert jwt.decode(token, options={"verify_signature": False})["app_displayname"] == TIDEMARK.name


@pytest.mark.unjudged("a spelling that no client of ours uses")
def test_names_of_directory_properties_are_taken_in_any_case_but_not_those_of_policies() -> None:
    client = a_client()
    body = {"displayName": "By another spelling", "mailEnabled": False, "mailNickName": "spelled"}
    made = client.post("/groups", body | {"securityEnabled": True})
    assert (made.status, made.body["mailNickname"]) == (201, "spelled")
    assert client.patch(f"/groups/{made.body['id']}", {"DESCRIPTION": "Changed"}).status == 204
    assert client.get(f"/groups/{made.body['id']}").body["description"] == "Changed"
    assert client.patch(f"/groups/{made.body['id']}", {"descriptions": "Changed"}).status == 400
    assert client.post("/identity/conditionalAccess/policies", {"DisplayName": "x"}).status == 400


def test_parts_of_a_batch_may_be_numbered_and_are_answered_as_text() -> None:
    client = a_client()
    numbered = part("", "GET", "/users?$top=1") | {"id": 7}
    waiting = part("", "GET", "/groups?$top=1") | {"id": "8", "dependsOn": ["7"]}
    assert client.batch(numbered, waiting).keys() == {"7", "8"}
    assert client.post("/$batch", {"requests": [part("", "GET", "/users") | {"id": None}]}).status == 400


def test_memberships_are_found_at_any_depth_and_checked() -> None:
    client = a_client()
    user = client.a_user()
    inner = client.a_group([user])
    outer = client.a_group([inner], securityEnabled=True)
    other = client.a_group()
    for place in (f"/users/{user}", f"/directoryObjects/{user}"):
        assert client.post(f"{place}/getMemberGroups", {"securityEnabledOnly": False}).body["value"] == [inner, outer]
        assert client.post(f"{place}/getMemberObjects", {"securityEnabledOnly": True}).body["value"] == [inner, outer]
        checked = client.post(f"{place}/microsoft.graph.checkMemberGroups", {"groupIds": [other, outer.upper()]})
        assert checked.body["value"] == [outer]
        assert client.post(f"{place}/checkMemberObjects", {"ids": [other]}).body["value"] == []
    assert client.delete(f"/groups/{outer}").status == 204
    assert client.post(f"/users/{user}/getMemberGroups", {}).body["value"] == [inner]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/directoryObjects/{user}/checkMemberGroups", {"groupIds": ["x"] * 21}, 400),
        ("/directoryObjects/{user}/checkMemberGroups", {"groupIds": [1]}, 400),
        ("/users/{user}/checkMemberObjects", {}, 400),
        ("/users/{user}/getMemberGroups", {"securityEnabledOnly": "yes"}, 400),
        ("/directoryObjects/nobody/getMemberGroups", {}, 404),
    ],
)
def test_a_wrong_question_about_memberships_is_refused(path: str, body: dict[str, Any], status: int) -> None:
    client = a_client()
    assert client.post(path.replace("{user}", client.a_user()), body).status == status


def test_a_page_of_another_origin_may_call_graph_but_never_control() -> None:
    client = a_client()
    origin = {"origin": "https://app.example"}
    wish = {"access_control_request_method": "PATCH", "access_control_request_headers": "authorization,prefer"}
    allowed = asked(client, "OPTIONS", "/v1.0/users/x", **origin, **wish)
    assert allowed.status == 200
    assert allowed.headers["Access-Control-Allow-Headers"] == "authorization,prefer"
    assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
    reply = client.get("/users?$top=1", origin="https://app.example")
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Access-Control-Allow-Origin" not in client.get("/users?$top=1").headers
    assert asked(client, "POST", "/_sim/clock", **origin).status == 403
    assert asked(client, "OPTIONS", "/_sim/clock", **origin, **wish).status == 403


def test_a_whole_address_as_target_is_read_as_its_path() -> None:
    assert origin_form("http://graph.microsoft.com/v1.0/users?$top=1") == "/v1.0/users?$top=1"
    assert origin_form("HTTP://LOCALHOST:1") == "/"
    assert origin_form("/v1.0/users?$filter=x eq 'http://y'") == "/v1.0/users?$filter=x eq 'http://y'"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT graph.microsoft.com:80 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT graph.microsoft.com.attacker.example:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"GET http://graph.microsoft.com/v1.0/users HTTP/1.1\r\n\r\n", b"405"),
        (b"nonsense\r\n\r\n", b"405"),
    ],
)
def test_the_proxy_leads_nowhere_but_here(head: bytes, status: bytes) -> None:
    assert tunnel.refused(head).split()[1] == status


@pytest.mark.parametrize("host", tunnel.HOSTS)
def test_the_proxy_stands_for_microsofts_addresses(host: str) -> None:
    assert tunnel.refused(f"CONNECT {host.upper()}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) == b""
