"""A pretend identity provider: keys made here, tokens signed with them, documents served from a dictionary."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from shared.domain.errors import TransientError
from tests.contract.storage.worlds import HandClock

AUTHORITY = "https://login.example.com"
TENANT = "0b5f8e1c-0000-4000-8000-000000000001"
OTHER_TENANT = "0b5f8e1c-0000-4000-8000-000000000002"
AUDIENCE = "api://tidemark"
ISSUER = f"{AUTHORITY}/{TENANT}/v2.0"
OBJECT_ID = "0b5f8e1c-0000-4000-8000-0000000000aa"

DISCOVERY_URL = f"{AUTHORITY}/{TENANT}/v2.0/.well-known/openid-configuration"
KEYS_URL = f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys"

JsonObject = dict[str, Any]


@cache
def private_key(name: str) -> RSAPrivateKey:
    """Return the key called `name`; made once a run, since making one takes a tenth of a second."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def jwk(name: str, **members: str) -> JsonObject:
    """Return the public part of a key as a provider publishes it, with `name` as its key id."""
    public: JsonObject = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**public, "kid": name, "use": "sig", **members}


class Provider:
    """Serves documents and counts how often each was asked for."""

    def __init__(self, clock: HandClock, *key_names: str) -> None:
        self.clock = clock
        self.discovery: JsonObject = {"issuer": ISSUER, "jwks_uri": KEYS_URL}
        self.keys: list[JsonObject] = [jwk(name) for name in key_names]
        self.asked: list[str] = []
        self.is_down = False

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.is_down:
            raise TransientError(f"{url} did not answer")
        documents: JsonObject = {DISCOVERY_URL: self.discovery, KEYS_URL: {"keys": self.keys}}
        return msgspec.json.encode(documents[url])

    def claims(self, **changes: object) -> JsonObject:
        """Return the claims of a good token; a change to None leaves the claim out."""
        now = self.clock.now()
        good: JsonObject = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
            "tid": TENANT,
            "oid": OBJECT_ID,
            "sub": OBJECT_ID,
            "roles": ["Backup.Reader"],
            "ver": "2.0",
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def bearer(self, key_name: str = "key-1", key_id: str | None = None, **changes: object) -> str:
        """Return the header of a caller whose token's claims have `changes`."""
        headers = {"kid": key_id or key_name}
        return f"Bearer {jwt.encode(self.claims(**changes), private_key(key_name), 'RS256', headers=headers)}"
