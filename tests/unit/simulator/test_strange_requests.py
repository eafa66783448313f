"""Whatever a client sends, it gets an answer: no route breaks on a body or a query that makes no sense."""

from random import Random
from typing import Any

import pytest

from simulator.routes import ROUTES, Route
from tests.unit.simulator.client import Client, a_client

NOBODY = "00000000-0000-4000-8000-00000000dead"
BODIES: tuple[Any, ...] = (
    None,
    [],
    "x",
    {},
    {"id": 5, "displayName": 5},
    {"displayName": None, "@odata.type": 5},
    {"@odata.id": 5},
    {"@odata.id": "x/y", "members@odata.bind": [5]},
    {"members@odata.bind": 5},
    {"principalId": [], "roleDefinitionId": {}, "directoryScopeId": 5, "resourceId": [], "appRoleId": {}},
    {"clientId": 5, "resourceId": [], "consentType": [], "principalId": 5},
    {"action": "adminAssign", "principalId": NOBODY, "roleDefinitionId": [], "scheduleInfo": 5},
    {"passwordCredential": 5, "passwordCredentials": [5]},
    {"keyCredentials": [5], "keyId": 5},
    {"appRoles": [{}]},
    {"api": {"oauth2PermissionScopes": [5]}},
    {"api": {"oauth2PermissionScopes": None}, "web": {"redirectUris": 5}},
    {"spa": {"redirectUris": None}, "web": {"redirectUris": None}, "displayName": "x"},
    {"addLicenses": [5], "removeLicenses": 5},
    {"addLicenses": [{"skuId": 5}], "removeLicenses": []},
    {"ids": ["x"], "types": 5},
    {"ids": ["x"], "types": [5]},
    {"conditions": {"users": 5}, "displayName": "x", "state": "enabled", "grantControls": 5},
    {"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "x", "ipRanges": 5},
    {"onPremisesExtensionAttributes": 5, "identities": [5], "groupTypes": [5]},
    {"allowedCombinations": [5], "displayName": "x", "templateId": 5, "values": [5]},
    {"roleId": 5, "roleMemberInfo": 5},
    {"newUserPrincipalName": 5, "autoReconcileProxyConflict": 5, "userPrincipalName": 5, "mail": 5},
    {"filteringCriteria": {"@odata.type": 5}},
    {"name": 5, "issuer": 5, "audiences": 5, "rolePermissions": [5]},
)
BODIES_PER_ROUTE = 12  # Of the bodies above, another choice for every route: all of them take ten seconds.
QUERIES = (
    "$select=",
    "$select=,",
    "$filter=",
    "$filter=id eq 5",
    "$orderby=,",
    "$top=x",
    "$expand=",
    "$skiptoken=x",
    "$deltatoken=x",
)


def path_of(client: Client, route: Route) -> str:
    """Return a path of this route that names objects there are."""
    stores = client.directory.stores

    def some(kind: str) -> str:
        return next(iter(stores[kind].live), NOBODY) if kind in stores else NOBODY

    held = {"{id}": some(route.object_type), "{parent}": some(route.parent_type), "{target}": some("user")}
    return "/" + "/".join(held.get(each, NOBODY if each.startswith("{") else each) for each in route.pattern)


@pytest.mark.unjudged("nonsense on purpose, some of which the service would take too")
def test_every_route_answers_whatever_is_sent() -> None:
    client = a_client(objects=60, is_mixed=True)
    draw, routes = Random(1), list(ROUTES)
    draw.shuffle(routes)
    statuses = set()
    for route in routes:
        if route.method == "GET":
            wished = [(f"?{query}", None) for query in draw.sample(QUERIES, 4)]
        else:
            # Deletions would soon leave nothing to be strange about; each is tried once.
            wished = [("", body) for body in draw.sample(BODIES, BODIES_PER_ROUTE if route.method != "DELETE" else 1)]
        for query, body in wished:
            reply = client.ask(route.method, path_of(client, route) + query, body)
            statuses.add(reply.status)
            assert reply.status < 500 or reply.status == 501
            assert reply.status < 400 or reply.code
    assert {200, 201, 204, 400, 404} <= statuses
