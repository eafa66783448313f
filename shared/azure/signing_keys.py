"""The keys with which one tenant's identity provider signs tokens, and the issuer it signs them as.

Both come from the tenant's OpenID discovery document and are cached. A key id nobody has seen asks the provider again,
but at most once in five minutes, so that forged tokens cannot make us hammer it; after a day the keys are read anew,
so that a withdrawn key does not stay trusted for as long as the process lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import jwt
import msgspec

from shared.domain.errors import TransientError
from shared.ports import Clock

Fetch = Callable[[str], Awaitable[bytes]]

UNKNOWN_KEY_REFRESH = timedelta(minutes=5)
KEYS_AGE_MAX = timedelta(hours=24)
FETCH_SECONDS_MAX = 10.0

Document = TypeVar("Document")


class Discovery(msgspec.Struct, frozen=True):
    """What we read of the page "OpenID Connect on the Microsoft identity platform": the issuer and where keys are."""

    issuer: str
    jwks_uri: str


class Jwk(msgspec.Struct, frozen=True):
    """One published key; `issuer` is Entra's addition that says whose tokens the key may sign."""

    kty: str
    kid: str = ""
    use: str = "sig"
    n: str = ""
    e: str = ""
    issuer: str = ""


class JwkSet(msgspec.Struct, frozen=True):
    """The document at `jwks_uri`."""

    keys: list[Jwk]


async def http_fetch(url: str) -> bytes:
    """Return the body at `url`, following no redirect; raise TransientError when there is no plain answer."""
    try:
        async with httpx.AsyncClient(timeout=FETCH_SECONDS_MAX, follow_redirects=False) as client:
            response = await client.get(url)
    except httpx.HTTPError as error:
        raise TransientError(f"identity provider: {url} did not answer ({type(error).__name__})") from error
    if response.status_code != 200:
        raise TransientError(f"identity provider: {url} answered {response.status_code}")
    return response.content


class SigningKeys:
    """The present keys of one tenant, by key id. Raises TransientError when the provider cannot be asked."""

    def __init__(self, authority: str, tenant: str, clock: Clock, fetch: Fetch) -> None:
        self._authority = authority.rstrip("/")
        self._tenant = tenant
        self._clock = clock
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._issuer = ""
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._asked_at = self._read_at
        self._is_unreachable = False

    async def find(self, key_id: str) -> tuple[str, jwt.PyJWK | None]:
        """Return the issuer and the key `key_id`, which is None when the provider does not publish it."""
        if self._is_refresh_due(key_id):
            async with self._lock:
                if self._is_refresh_due(key_id):
                    await self._refresh()
        key = self._keys.get(key_id)
        if key is None and self._is_unreachable:
            raise TransientError("identity provider: unreachable, so an unknown key can be neither trusted nor refused")
        return self._issuer, key

    def _is_refresh_due(self, key_id: str) -> bool:
        now = self._clock.now()
        if not self._keys or now - self._read_at >= KEYS_AGE_MAX:
            return True
        return key_id not in self._keys and now - self._asked_at >= UNKNOWN_KEY_REFRESH

    async def _refresh(self) -> None:
        self._asked_at = self._clock.now()
        self._is_unreachable = True
        discovery = _decoded(
            await self._fetch(f"{self._authority}/{self._tenant}/v2.0/.well-known/openid-configuration"), Discovery
        )
        self._check(discovery)
        published = _decoded(await self._fetch(discovery.jwks_uri), JwkSet)
        self._keys = _usable(published, discovery.issuer, self._tenant)
        self._issuer = discovery.issuer
        self._read_at = self._asked_at
        self._is_unreachable = False

    def _check(self, discovery: Discovery) -> None:
        if self._tenant not in urlsplit(discovery.issuer).path.lower().split("/"):
            raise TransientError("identity provider: the discovery document is for another tenant")
        ours, theirs = urlsplit(self._authority), urlsplit(discovery.jwks_uri)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise TransientError("identity provider: the discovery document names keys on another host")


def _usable(published: JwkSet, issuer: str, tenant: str) -> dict[str, jwt.PyJWK]:
    """Return the RSA keys that may sign tokens of `issuer`; there is always at least one."""
    keys = {}
    for jwk in published.keys:
        is_for_us = jwk.issuer.replace("{tenantid}", tenant) in {"", issuer}
        if jwk.kty == "RSA" and jwk.use == "sig" and jwk.kid and is_for_us:
            try:
                keys[jwk.kid] = jwt.PyJWK({"kty": "RSA", "n": jwk.n, "e": jwk.e}, algorithm="RS256")
            except (jwt.PyJWTError, ValueError) as error:
                raise TransientError(f"identity provider: key {jwk.kid[:80]!r} is no RSA key") from error
    if not keys:
        raise TransientError("identity provider: published no key that may sign tokens")
    return keys


def _decoded(body: bytes, shape: type[Document]) -> Document:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TransientError(f"identity provider: the answer is no {shape.__name__} document") from error
