"""What clients ask around Graph before they ask Graph: tokens and their documents, and a little of Azure itself.

Every document names the address it was asked at, so a client that was led here stays here. Azure is as small as a
tenant without subscriptions is: enough for Azure CLI to register a cloud, sign in and find nothing more to do.
"""

from collections.abc import Callable
from typing import Any

from simulator.asked import Asked, TokenError
from simulator.encoding import plain
from simulator.http import Request, Response
from simulator.tenant import Tenant
from simulator.tokens import Tokens

_TOKEN_ROUTES = {("POST", "oauth2/v2.0/token"): "2.0", ("POST", "oauth2/token"): "1.0"}
_INSTANCES = frozenset({("common", "discovery/instance"), ("organizations", "discovery/instance")})
_OF_ANYBODY = frozenset({"common", "organizations"})
_DOCUMENTS_OF_ANYBODY = ("openid-configuration", "discovery/v2.0/keys", "discovery/keys")


class Surroundings:
    """Answers what is neither Graph nor control."""

    def __init__(self, tenant: Tenant, tokens: Tokens) -> None:
        self._tenant, self._tokens = tenant, tokens

    def answer(self, request: Request, path: str, base_url: str, now: float) -> Response:
        """Answer one request for `path`, which begins with a slash."""
        method = request.method.upper()
        azure = self._azure(base_url).get((method, path.strip("/").lower()))
        if azure is not None:
            return plain(200, azure(), now=now)
        first, _, rest = path.lstrip("/").partition("/")
        return self._identity(request, first, rest, base_url, now)

    def _azure(self, base_url: str) -> dict[tuple[str, str], Callable[[], Any]]:
        tenant = self._tenant
        named = {"id": f"/tenants/{tenant.tenant_id}", "tenantId": tenant.tenant_id, "defaultDomain": tenant.domain}
        return {
            ("GET", "subscriptions"): lambda: {"value": []},
            ("GET", "tenants"): lambda: {"value": [{**named, "displayName": "Contoso"}]},
            ("GET", "metadata/endpoints"): lambda: cloud(base_url),
        }

    def _identity(self, request: Request, tenant: str, path: str, base_url: str, now: float) -> Response:
        tokens = self._tokens
        if (tenant.lower(), path.lower()) in _INSTANCES:
            return plain(200, tokens.instances(base_url), now=now)
        is_for_anybody = tenant.lower() in _OF_ANYBODY and path.lower().endswith(_DOCUMENTS_OF_ANYBODY)
        if not tokens.is_ours(tenant) and not is_for_anybody:
            return plain(404, {"error": "not_found", "error_description": f"no such path: /{tenant}/{path}"}, now=now)
        authorization = request.lowered_headers().get("authorization", "")
        place = (request.method.upper(), path.lower())
        try:
            if place in _TOKEN_ROUTES:
                granted = tokens.grant(
                    Asked(request.body, authorization, _TOKEN_ROUTES[place]), now=now, base_url=base_url
                )
                return plain(200, granted, now=now, headers={"Cache-Control": "no-store"})
        except TokenError as error:
            return plain(error.status, error.body, now=now)
        documents: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "v2.0/.well-known/openid-configuration"): lambda: tokens.discovery(base_url),
            ("GET", ".well-known/openid-configuration"): lambda: tokens.discovery(base_url, "1.0"),
            ("GET", "discovery/v2.0/keys"): lambda: tokens.keys(base_url),
            ("GET", "discovery/keys"): lambda: tokens.keys(base_url),
        }
        if place in documents:
            return plain(200, documents[place](), now=now)
        missing = f"the simulated tenant does not answer {request.method} /{tenant}/{path}: not an endpoint it has"
        return plain(501, {"error": {"code": "NotImplemented", "message": missing}}, now=now)


def cloud(base_url: str) -> dict[str, Any]:
    """Return the document by which Azure Resource Manager tells clients where the parts of a cloud are: all here.

    Its members are those of api-version 2022-09-01, as Azure CLI reads them.
    """
    authentication = {
        "loginEndpoint": base_url,
        "audiences": [base_url],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    return {
        "name": "SimulatedCloud",
        "authentication": authentication,
        "resourceManager": base_url,
        "microsoftGraphResourceId": base_url,
        "graphAudience": base_url,
        "graph": base_url,
        "portal": base_url,
        "gallery": base_url,
        "suffixes": {},
    }
