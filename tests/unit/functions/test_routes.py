"""The route table and how paths are read."""

from __future__ import annotations

import azure.functions as func
import pytest

from functions import routes
from functions.calls import Call, received
from functions.recovery_api import HANDLERS
from functions.routes import ADMINISTER, READ, ROUTES, Found, Nothing, find
from shared.domain.errors import CallerError

NAMESPACE = "microsoft.graph.entraRecoveryServices"


def call(url: str, method: str = "GET", **headers: str) -> Call:
    request = func.HttpRequest(method, url, headers=headers, body=b"")
    return received(request, version="v1.0", request_id="r-1")


def handler(method: str, path: str) -> str:
    found = find(method, tuple(path.split("/")))
    assert isinstance(found, Found)
    return found.route.handler


def test_every_route_has_a_handler_and_every_handler_a_route() -> None:
    assert {route.handler for route in ROUTES} == set(HANDLERS)


def test_no_two_routes_answer_the_same_method_and_address() -> None:
    assert len({(route.method, route.pattern) for route in ROUTES}) == len(ROUTES)


def test_whatever_starts_or_stops_anything_needs_the_administrator() -> None:
    for route in ROUTES:
        assert route.roles == (READ if route.method == "GET" else ADMINISTER)


def test_a_count_is_no_id() -> None:
    assert handler("GET", "directory/recovery/jobs/$count") == "count_jobs"
    assert handler("GET", "directory/recovery/snapshots/$count") == "count_snapshots"
    assert find("POST", ("directory", "recovery", "jobs", "$count")) == Nothing(frozenset({"GET"}))


@pytest.mark.parametrize("name", ["cancel", "cancel()", f"{NAMESPACE}.cancel", f"{NAMESPACE}.cancel()", "CANCEL"])
def test_functions_are_known_by_every_spelling(name: str) -> None:
    assert handler("POST", f"directory/recovery/jobs/j/{name}") == "cancel"


@pytest.mark.parametrize(
    "name", ["cancels", f"{NAMESPACE}.", "other.cancel", "cancel(1)", f"{NAMESPACE}.{NAMESPACE}.cancel"]
)
def test_nothing_else_is_taken_for_a_function(name: str) -> None:
    assert find("POST", ("directory", "recovery", "jobs", "j", name)) == Nothing()


def test_the_namespace_does_not_stand_before_collections() -> None:
    assert find("GET", ("directory", "recovery", f"{NAMESPACE}.jobs")) == Nothing()


def test_a_role_that_is_missing_is_named() -> None:
    route = next(route for route in ROUTES if route.handler == "cancel")
    with pytest.raises(CallerError, match=r"Backup\.Administrator"):
        routes.allow(route, frozenset({"Backup.Reader", "Backup.Approver"}))


@pytest.mark.parametrize("spelled", ["MTc==", "MTc%3D%3D", "MTc%3d="])
def test_a_segment_is_decoded_once(spelled: str) -> None:
    assert call(f"https://h/v1.0/directory/{spelled}").segments == ("directory", "MTc==")
    assert call("https://h/v1.0/a%252Fb").segments == ("a%2Fb",)


def test_an_encoded_slash_does_not_part_segments() -> None:
    assert call("https://h/v1.0/jobs/a%2Fcancel").segments == ("jobs", "a/cancel")


def test_the_first_of_several_gateways_names_the_address() -> None:
    found = call(
        "http://10.0.0.1:8080/v1.0/x",
        **{"X-Forwarded-Host": "backup.contoso.com:8443, inner", "X-Forwarded-Proto": "https,http"},
    )
    assert found.address("a b", "MTc==") == "https://backup.contoso.com:8443/v1.0/a%20b/MTc=="


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a?b", "a\\b", "user@a", "a:port", "[::1"])
def test_what_is_no_host_is_not_repeated(host: str) -> None:
    assert call("http://direct/v1.0/x", **{"X-Forwarded-Host": host}).root == "http://direct/v1.0"


def test_the_address_of_the_next_page_keeps_the_rest_of_the_query() -> None:
    found = call("https://h/v1.0/a?$select=id,status&$skip=5&$top=9&%24orderby=createdDateTime%20desc")
    link = found.next_link(skip=14, top=9)
    assert link == "https://h/v1.0/a?$select=id,status&$orderby=createdDateTime+desc&$top=9&$skip=14"
