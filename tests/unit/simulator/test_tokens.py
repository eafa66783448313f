"""The token endpoint, and which tokens Graph takes."""

import base64
from urllib.parse import urlencode

import jwt
import msgspec
import pytest

from simulator.applications import (
    ALL,
    AUDITOR,
    BYSTANDER,
    CARELESS_SCRIPT,
    GRAPH,
    OPERATOR_ADMINISTRATOR,
    OPERATOR_READER,
    TIDEMARK,
    TIDEMARK_API,
    Application,
)
from simulator.http import Request, Response
from simulator.service import Simulator
from simulator.tenant import DEFAULT_TENANT_ID
from tests.unit.simulator.client import START, Client, Clock, a_client

HOST = "login.test:8443"


def asked(simulator: Simulator, app: Application, *, scope: str, **form: str) -> Response:
    """Return the answer to a client credentials request."""
    fields = {"grant_type": "client_credentials", "client_id": app.app_id, "client_secret": app.secret}
    body = urlencode(fields | {"scope": scope} | form).encode()
    place = f"/{simulator.tenant.tenant_id}/oauth2/v2.0/token"
    return simulator.handle(Request("POST", place, {"Host": HOST}, body, scheme="https"))


def document(simulator: Simulator, path: str) -> dict[str, object]:
    """Return a public document of the tenant."""
    response = simulator.handle(Request("GET", f"/{simulator.tenant.tenant_id}/{path}", {"host": HOST}, scheme="https"))
    assert response.status == 200
    found: dict[str, object] = msgspec.json.decode(response.body)
    return found


@pytest.mark.parametrize(
    ("app", "audience", "roles"),
    [
        (OPERATOR_ADMINISTRATOR, TIDEMARK_API, ["Backup.Administrator"]),
        (OPERATOR_READER, TIDEMARK_API, ["Backup.Reader"]),
        (BYSTANDER, TIDEMARK_API, None),
        (OPERATOR_READER, GRAPH, None),
    ],
)
def test_a_token_carries_the_claims_of_its_application(
    app: Application, audience: str, roles: list[str] | None
) -> None:
    simulator = a_client().simulator
    response = asked(simulator, app, scope=f"{audience}/.default")
    granted = msgspec.json.decode(response.body)
    assert (response.status, granted["token_type"]) == (200, "Bearer")
    keys = jwt.PyJWKSet.from_dict(document(simulator, "discovery/v2.0/keys"))
    header = jwt.get_unverified_header(granted["access_token"])
    claims = jwt.decode(
        granted["access_token"],
        keys[header["kid"]],
        algorithms=["RS256"],
        audience=audience,
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert claims["iss"] == f"https://{HOST}/{simulator.tenant.tenant_id}/v2.0"
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["nbf"] == claims["iat"] == START
    assert claims["tid"] == simulator.tenant.tenant_id
    assert claims["azp"] == claims["appid"] == app.app_id
    assert claims["oid"] == claims["sub"] == app.object_id
    assert (claims["idtyp"], claims["ver"]) == ("app", "2.0")
    assert claims.get("roles") == roles


def test_the_configuration_names_the_endpoints_the_client_can_reach() -> None:
    simulator = a_client().simulator
    found = document(simulator, "v2.0/.well-known/openid-configuration")
    place = f"https://{HOST}/{simulator.tenant.tenant_id}"
    assert found["issuer"] == f"{place}/v2.0"
    assert found["token_endpoint"] == f"{place}/oauth2/v2.0/token"
    assert found["jwks_uri"] == f"{place}/discovery/v2.0/keys"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "https://vault.azure.net/.default"}, 400, "invalid_scope"),
        ({"scope": GRAPH}, 400, "invalid_scope"),
    ],
)
def test_a_bad_request_gets_no_token(form: dict[str, str], status: int, error: str) -> None:
    scope = form.pop("scope", f"{GRAPH}/.default")
    response = asked(a_client().simulator, TIDEMARK, scope=scope, **form)
    assert response.status == status
    assert msgspec.json.decode(response.body)["error"] == error


def test_another_tenant_is_not_found() -> None:
    simulator = a_client().simulator
    assert simulator.handle(Request("POST", "/other/oauth2/v2.0/token", {}, b"")).status == 404


def test_no_two_applications_share_an_id_or_a_secret() -> None:
    assert len({app.app_id for app in ALL}) == len({app.secret for app in ALL}) == len(ALL)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic abc"])
def test_graph_refuses_callers_without_a_good_token(authorization: str) -> None:
    reply = a_client().ask("GET", "/users", Authorization=authorization)
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")
    assert "WWW-Authenticate" in reply.headers


def test_graph_refuses_tokens_for_others_forged_ones_and_those_of_another_tenant() -> None:
    client = a_client()
    mine = client.simulator.issue_token(TIDEMARK, GRAPH)
    foreign = Simulator(clock=Clock(), objects=0, tenant_id="11111111-1111-4111-8111-111111111111")
    claims = jwt.decode(mine, options={"verify_signature": False})
    for token in (
        client.simulator.issue_token(TIDEMARK, TIDEMARK_API),
        jwt.encode(claims, "not the key of the tenant, but thirty-two bytes long", algorithm="HS256"),
        mine[:-8] + "AAAAAAAA",
        foreign.issue_token(TIDEMARK, GRAPH),
    ):
        assert client.ask("GET", "/users", Authorization=f"Bearer {token}").status == 401
    slash = client.simulator.issue_token(TIDEMARK, GRAPH + "/")
    assert client.ask("GET", "/users", Authorization=f"Bearer {slash}").status == 200


def test_a_token_lives_an_hour_by_the_tenants_clock() -> None:
    client = a_client()
    assert client.get("/users").status == 200
    client.clock.seconds += 3_599
    assert client.get("/users").status == 200
    client.clock.seconds += 1
    assert client.get("/users").status == 401


@pytest.mark.parametrize(
    ("app", "read", "write"),
    [(TIDEMARK, 200, 404), (CARELESS_SCRIPT, 200, 404), (AUDITOR, 200, 403), (BYSTANDER, 403, 403)],
)
def test_an_application_may_do_what_it_was_granted(app: Application, read: int, write: int) -> None:
    client = a_client(app=app)
    assert client.get("/users").status == read
    assert client.get("/identity/conditionalAccess/policies").status == read
    assert client.patch("/groups/none", {"description": "x"}).status == write
    assert client.delete("/identity/conditionalAccess/policies/none").status == write
    assert client.post("/directory/deletedItems/none/restore").status == write


def test_the_same_token_serves_clients_side_by_side() -> None:
    client = a_client()
    other = Client(client.simulator, client.clock, AUDITOR)
    assert client.get("/users").status == other.get("/users").status == 200
    assert client.sim("GET", "/counters")["by_app"] == {TIDEMARK.app_id: 1, AUDITOR.app_id: 1}


def test_the_older_route_names_a_resource_and_its_token_opens_graph() -> None:
    client = a_client(objects=3)
    form = {"grant_type": "client_credentials", "client_id": TIDEMARK.app_id, "client_secret": TIDEMARK.secret}
    for resource in (GRAPH, f"{GRAPH}/", "00000003-0000-0000-c000-000000000000"):
        body = urlencode({**form, "resource": resource}).encode()
        reply = client.simulator.handle(Request("POST", f"/{DEFAULT_TENANT_ID}/oauth2/token", {}, body))
        granted = msgspec.json.decode(reply.body)
        assert (granted["resource"], granted["expires_in"]) == (resource, "3599")
        claims = jwt.decode(granted["access_token"], options={"verify_signature": False})
        assert (claims["ver"], claims["aud"]) == ("1.0", resource)
        asked = {"Host": "x", "Authorization": f"Bearer {granted['access_token']}"}
        for path in ("/v1.0/users", "/V1.0/MyOrganization/USERS", "/beta/myorganization/users/$count"):
            answer = client.simulator.handle(Request("GET", path, {**asked, "ConsistencyLevel": "eventual"}))
            assert answer.status == 200


def test_a_client_may_put_its_secret_into_the_header() -> None:
    simulator = a_client().simulator
    coded = base64.b64encode(f"{TIDEMARK.app_id}:{TIDEMARK.secret}".encode()).decode()
    body = urlencode({"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}).encode()
    path = f"/{DEFAULT_TENANT_ID}/oauth2/v2.0/token"
    assert simulator.handle(Request("POST", path, {"Authorization": f"Basic {coded}"}, body)).status == 200
    assert simulator.handle(Request("POST", path, {"Authorization": "Basic !"}, body)).status == 401


def test_both_versions_of_the_configuration_and_the_instances_are_there() -> None:
    simulator = a_client().simulator
    for path, endpoint in ((".well-known", "oauth2/token"), ("v2.0/.well-known", "oauth2/v2.0/token")):
        found = document(simulator, f"{path}/openid-configuration")
        assert str(found["token_endpoint"]).endswith(f"/{DEFAULT_TENANT_ID}/{endpoint}")
        assert "authorization_endpoint" in found
    instances = simulator.handle(Request("GET", "/common/discovery/instance?api-version=1.1", {"Host": HOST}))
    assert msgspec.json.decode(instances.body)["metadata"][0]["aliases"] == [HOST]


def test_a_client_whose_cloud_calls_this_address_graph_gets_a_token_for_graph() -> None:
    simulator = a_client().simulator
    response = asked(simulator, AUDITOR, scope=f"https://{HOST}//.default")
    token = msgspec.json.decode(response.body)["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == GRAPH


def test_a_sign_in_that_asks_for_azure_subscriptions_finds_none() -> None:
    simulator = a_client().simulator
    response = simulator.handle(Request("GET", "/subscriptions?api-version=2022-12-01", {"host": HOST}, scheme="https"))
    assert (response.status, msgspec.json.decode(response.body)) == (200, {"value": []})
