"""The tenant's token endpoint: client credentials for registered applications, and who a bearer token stands for.

Claims follow the Microsoft identity platform page "Access token claims reference" (version 2.0, application tokens).
"""

import functools
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.applications import AUDIENCES, BY_APP_ID, GRAPH, Application
from simulator.asked import GRAPH_APP_ID, Asked, TokenError, canonical
from simulator.errors import GraphError

LIFE_SECONDS = 3_600
KEY_ID = "simulated-tenant-key"
CACHED_TOKENS_MAX = 10_000
DEFAULT_BASE_URL = "http://127.0.0.1"


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the RSA key of this process; made once, because making one takes longer than serving a tenant."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a verified Graph token stands for. `scopes` are there only when a user stands behind the application."""

    app_id: str
    roles: tuple[str, ...]
    expires_at: float
    scopes: tuple[str, ...] = ()
    user_id: str = ""

    @property
    def is_delegated(self) -> bool:
        """Tell whether a user is signed in to the application."""
        return bool(self.scopes)


@dataclass(slots=True)
class Tokens:
    """Issues and verifies the tokens of one tenant."""

    tenant_id: str
    domain: str
    _verified: dict[str, Caller] = field(default_factory=dict)

    def issue(
        self, app: Application, audience: str, *, now: float, base_url: str = DEFAULT_BASE_URL, version: str = "2.0"
    ) -> str:
        """Return a signed token for `app` that lives 3,600 s."""
        claims = self._claims(app, audience, now, base_url) | {"idtyp": "app", "ver": version}
        if version == "1.0":
            claims |= {"iss": self.issuer_of_version_1(base_url), "appidacr": "1"}
        # Entra leaves the claim out for an application without roles; an empty list would be easier on us than it is.
        if roles := app.roles.get(canonical(audience)):
            claims["roles"] = list(roles)
        return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID})

    def issue_delegated(self, app: Application, scopes: tuple[str, ...], *, user_id: str, now: float) -> str:
        """Return a Graph token for a user signed in to `app`, for what only a signed-in user may do."""
        claims = self._claims(app, GRAPH, now, DEFAULT_BASE_URL) | {"idtyp": "user", "ver": "2.0"}
        claims |= {"oid": user_id, "sub": user_id, "scp": " ".join(scopes)}
        return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID})

    def _claims(self, app: Application, audience: str, now: float, base_url: str) -> dict[str, Any]:
        return {
            "aud": audience,
            "iss": self.issuer(base_url),
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + LIFE_SECONDS,
            "azp": app.app_id,
            "appid": app.app_id,
            "app_displayname": app.name,
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": self.tenant_id,
        }

    def issuer(self, base_url: str) -> str:
        """Return the issuer as the client reaches it."""
        return f"{base_url}/{self.tenant_id}/v2.0"

    def issuer_of_version_1(self, base_url: str) -> str:
        """Return the issuer of tokens of the older route, as the client reaches it."""
        return f"{base_url}/{self.tenant_id}/"

    def is_ours(self, tenant: str) -> bool:
        """Tell whether a path names this tenant, by id or by domain."""
        return tenant.lower() in (self.tenant_id.lower(), self.domain)

    def grant(self, asked: Asked, *, now: float, base_url: str) -> dict[str, Any]:
        """Answer a client credentials request; TokenError for anything else."""
        form = asked.form
        if form.get("grant_type") != "client_credentials":
            raise TokenError(400, "unsupported_grant_type", "AADSTS70003: only client_credentials is simulated.")
        client_id, secret = asked.client()
        app = BY_APP_ID.get(client_id.lower())
        if app is None:
            raise TokenError(400, "unauthorized_client", "AADSTS700016: the application is not registered here.")
        if secret != app.secret:
            raise TokenError(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        audience = asked.audience()
        if audience.rstrip("/") == base_url:
            audience = GRAPH  # a client whose cloud names this address as Graph asks for a token by the address
        if canonical(audience) not in AUDIENCES:
            raise TokenError(400, "invalid_scope", "AADSTS70011: the scope must be a known audience and /.default.")
        token = self.issue(app, audience, now=now, base_url=base_url, version=asked.version)
        if asked.version == "1.0":
            times = {"expires_on": str(int(now) + LIFE_SECONDS), "not_before": str(int(now))}
            life = str(LIFE_SECONDS - 1)
            return {"token_type": "Bearer", "expires_in": life, **times, "resource": audience, "access_token": token}
        return {"token_type": "Bearer", "expires_in": LIFE_SECONDS - 1, "access_token": token}

    def discovery(self, base_url: str, version: str = "2.0") -> dict[str, Any]:
        """Return the OpenID configuration document of one version of the endpoints."""
        place = f"{base_url}/{self.tenant_id}"
        middle = "oauth2" if version == "1.0" else "oauth2/v2.0"
        return {
            "issuer": self.issuer_of_version_1(base_url) if version == "1.0" else self.issuer(base_url),
            "authorization_endpoint": f"{place}/{middle}/authorize",
            "token_endpoint": f"{place}/{middle}/token",
            "jwks_uri": f"{place}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def instances(self, base_url: str) -> dict[str, Any]:
        """Return the instance discovery document: which hosts are this one, and where the tenant's endpoints are."""
        host = base_url.partition("://")[2]
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        place = f"{base_url}/{self.tenant_id}/v2.0/.well-known/openid-configuration"
        return {"tenant_discovery_endpoint": place, "api-version": "1.1", "metadata": [names]}

    def keys(self, base_url: str) -> dict[str, Any]:
        """Return the public key set."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
        public.pop("key_ops", None)
        return {"keys": [{**public, "use": "sig", "alg": "RS256", "kid": KEY_ID, "issuer": self.issuer(base_url)}]}

    def caller(self, authorization: str, *, now: float) -> Caller:
        """Return whom a Graph request's Authorization header stands for; GraphError 401 when nobody."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token, now)
            if len(self._verified) >= CACHED_TOKENS_MAX:
                self._verified.clear()
            self._verified[token] = known
        if known.expires_at <= now:
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        return known

    def _verify(self, token: str, now: float) -> Caller:
        try:
            # Times are checked against the tenant's own clock, which may be far from the machine's.
            claims = jwt.decode(
                token,
                signing_key().public_key(),
                algorithms=["RS256"],
                audience=[GRAPH, GRAPH + "/", GRAPH_APP_ID],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError as error:
            raise _unauthorized("Access token validation failure. Invalid audience.") from error
        except jwt.InvalidTokenError as error:
            raise _unauthorized("CompactToken parsing failed or the signature is invalid.") from error
        if claims.get("tid") != self.tenant_id:
            raise _unauthorized("Access token validation failure. Invalid tenant.")
        if claims["nbf"] > now:
            raise _unauthorized("The token is not yet valid.")
        scopes = tuple(claims.get("scp", "").split())
        user_id = str(claims["oid"]).lower() if scopes else ""
        return Caller(claims["appid"], tuple(claims.get("roles", ())), float(claims["exp"]), scopes, user_id)


def _unauthorized(message: str) -> GraphError:
    headers = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)
