"""Who calls the API, proven by a bearer token of the tenant and by nothing else.

The token's signature and every claim are checked here, whatever a platform in front of the app has checked. Whoever
sends a bad token learns only that it is bad: all refusals carry one message, and the cause goes to the log. Which role
a request needs is decided where requests are handled.
"""

from __future__ import annotations

import logging
from typing import Annotated

import jwt
import msgspec

from shared.azure.signing_keys import Fetch, SigningKeys, http_fetch
from shared.domain.errors import CallerError
from shared.domain.ids import guid
from shared.ports import Caller, Clock

log = logging.getLogger(__name__)

LEEWAY_SECONDS = 60
# Tokens of Entra ID stay well below this; a larger one is not worth parsing.
AUTHORIZATION_CHARACTERS_MAX = 16_384
REFUSAL = "a valid bearer token is required"

Text = Annotated[str, msgspec.Meta(min_length=1)]


class Claims(msgspec.Struct, frozen=True):
    """The claims that must be there, with their types; names as on the page "Access token claims reference"."""

    iss: Text
    aud: Text
    exp: float
    nbf: float
    tid: Text
    oid: Text
    sub: Text
    roles: frozenset[str] = frozenset()


class _DefectError(Exception):
    """Why a token is not accepted; for the log only."""


class TokenCallers:
    """Callers of one tenant, by access tokens of version 2.0 issued for one audience."""

    def __init__(self, authority: str, tenant: str, audience: str, clock: Clock, fetch: Fetch = http_fetch) -> None:
        """Trust `authority` (such as `https://login.microsoftonline.com`) for tokens of `tenant`, a GUID."""
        self._tenant = guid(tenant, member="tenant")
        self._audience = audience
        self._clock = clock
        self._keys = SigningKeys(authority, self._tenant, clock, fetch)

    async def identify(self, authorization: str | None) -> Caller:
        """Return who the Authorization header proves the caller to be, with the app roles of the token, maybe none.

        Raises CallerError (unknown) for every defect and TransientError when the identity provider cannot be asked.
        """
        try:
            token = _bearer(authorization)
            issuer, key = await self._keys.find(_key_id(token))
            if key is None:
                raise _DefectError("signed with an unknown key")
            claims = _claims(token, key)
            self._check(claims, issuer)
        except _DefectError as defect:
            log.warning("caller refused", extra={"cause": str(defect)})
            raise CallerError(REFUSAL, is_known=False) from None
        return Caller(object_id=claims.oid, roles=claims.roles)

    def _check(self, claims: Claims, issuer: str) -> None:
        now = self._clock.now().timestamp()
        if claims.iss != issuer:
            raise _DefectError("wrong issuer")
        if claims.aud != self._audience:
            raise _DefectError("wrong audience")
        if claims.tid != self._tenant:
            raise _DefectError("wrong tenant")
        if now >= claims.exp + LEEWAY_SECONDS:
            raise _DefectError("expired")
        if now < claims.nbf - LEEWAY_SECONDS:
            raise _DefectError("not yet valid")


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise _DefectError("no Authorization header")
    if len(authorization) > AUTHORIZATION_CHARACTERS_MAX:
        raise _DefectError("Authorization header too long")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _DefectError("no bearer token")
    return token


def _key_id(token: str) -> str:
    """Return the key id the token names, once its header asks for the one algorithm we accept."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise _DefectError("no token") from error
    if header.get("alg") != "RS256":
        raise _DefectError("wrong algorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise _DefectError("no key id")
    return key_id


def _claims(token: str, key: jwt.PyJWK) -> Claims:
    """Return the claims once the signature holds. Times are checked by our caller, against the injected clock."""
    try:
        payload = jwt.PyJWS().decode(token, key, algorithms=["RS256"])
    except (jwt.PyJWTError, ValueError) as error:
        raise _DefectError("bad signature") from error
    try:
        return msgspec.json.decode(payload, type=Claims)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _DefectError(f"claims: {error}") from error
