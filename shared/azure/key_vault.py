"""A signing key that stays in Key Vault: signatures over REST, and the public keys that prove them.

Key Vault's "Sign" takes the SHA-256 and answers r and s, 32 bytes each, which is what a signature's document holds, so
nothing in the format tells where a key lives. The key is named with its version: one version is one key. Its id is that
of its public half, as for a key in a file, so a snapshot can be proven without Key Vault by a file of trusted keys.

What comes back is checked before it is believed: a signature has to prove the digest under the key that was asked for.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import httpx
import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers

from shared.domain.errors import InputError, TransientError
from shared.formats.signatures import NUMBER_BYTES, Signature, key_id_of, public_der, refusal

API_VERSION = "7.4"
PATIENCE_SECONDS = 20.0
ANSWER_BYTES_MAX = 64 * 1024
SETTING = "TIDEMARK_SIGNING_KEY_VAULT_KEY"
# "About keys, secrets, and certificates", DNS suffixes by cloud: a token goes to no other host.
KEY = re.compile(
    r"https://[a-z0-9-]{3,24}\.(?P<domain>vault\.azure\.net|managedhsm\.azure\.net|vault\.azure\.cn|"
    r"vault\.usgovcloudapi\.net)/keys/[A-Za-z0-9-]{1,127}/[0-9a-f]{32}\Z"
)
Document = TypeVar("Document")
Number = Annotated[str, msgspec.Meta(max_length=64)]


class _Jwk(msgspec.Struct):
    """The public half of an EC key as "Get Key" answers it."""

    kid: str
    kty: str
    crv: str = ""
    x: Number = ""
    y: Number = ""


class _KeyBundle(msgspec.Struct):
    key: _Jwk


class _Signed(msgspec.Struct):
    """What "Sign" answers."""

    kid: str
    value: Annotated[str, msgspec.Meta(max_length=256)]


def checked_key(text: str) -> str:
    """Return the address of one version of a key; raise InputError naming the setting for anything else."""
    if not KEY.match(text):
        message = (
            f"{SETTING} must be the identifier of one version of a key: https://NAME.vault.azure.net/keys/KEY/VERSION"
        )
        raise InputError(message, member=SETTING)
    return text


def scope_of(key: str) -> str:
    """Return for what a token must be to use a key at this address."""
    found = KEY.match(key)
    assert found is not None, "a key that was not checked"
    return f"https://{found['domain']}/.default"


class KeyVault:
    """One key version at `key`, used with tokens of `identity` for `scope`; asks for its public half once."""

    def __init__(self, key: str, scope: str, identity: AsyncTokenCredential) -> None:
        self._key, self._scope, self._identity = key, scope, identity
        self._public: EllipticCurvePublicKey | None = None

    async def public_key(self) -> EllipticCurvePublicKey:
        """Return the key's public half. Raises TransientError when there is no answer that is a P-256 key."""
        if self._public is None:
            found = await self._ask("GET", self._key, _KeyBundle)
            self._public = _public(found.key)
        return self._public

    async def sign(self, digest: bytes) -> Signature:
        """Return the signature over a SHA-256; raise TransientError when none was given that proves it."""
        key = await self.public_key()
        body = {"alg": "ES256", "value": urlsafe_b64encode(digest).rstrip(b"=").decode()}
        answered = await self._ask("POST", f"{self._key}/sign", _Signed, body)
        der = public_der(key)
        made = Signature(key_id=key_id_of(der), public_key=der, signature=_decoded(answered.value))
        if reason := refusal(made, digest, {made.key_id: key}):
            raise TransientError(f"Key Vault: what it signed is not ours: {reason}")
        return made

    async def _ask(self, method: str, url: str, shape: type[Document], body: Any = None) -> Document:
        content = None if body is None else msgspec.json.encode(body)
        try:
            token = await self._identity.get_token(self._scope)
            headers = {"Authorization": f"Bearer {token.token}", "Content-Type": "application/json"}
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False) as client:
                params = {"api-version": API_VERSION}
                answer = await client.request(method, url, params=params, headers=headers, content=content)
        except (AzureError, httpx.HTTPError) as error:
            raise TransientError(f"Key Vault: no answer ({type(error).__name__})") from error
        if answer.status_code != 200 or len(answer.content) > ANSWER_BYTES_MAX:
            raise TransientError(f"Key Vault: {method} was answered {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise TransientError(f"Key Vault: the answer is no {shape.__name__.strip('_')}") from error


class KeyVaultVerifier:
    """ports.Verifier that trusts the key in Key Vault and `others`, which need no Key Vault to be proven by."""

    def __init__(self, vault: KeyVault, others: Sequence[EllipticCurvePublicKey] = ()) -> None:
        self._vault = vault
        self._trusted = {key_id_of(public_der(key)): key for key in others}

    async def refusal(self, signature: Signature, digest: bytes) -> str:
        """Return why the signature does not prove the digest, empty when it does."""
        if signature.key_id not in self._trusted:
            key = await self._vault.public_key()
            self._trusted[key_id_of(public_der(key))] = key
        return refusal(signature, digest, self._trusted)


def _public(jwk: _Jwk) -> EllipticCurvePublicKey:
    if jwk.kty not in {"EC", "EC-HSM"} or jwk.crv != "P-256":
        raise TransientError(f"Key Vault: the key is {jwk.kty[:20]} {jwk.crv[:20]}, not an EC key of the curve P-256")
    x, y = (_decoded(number) for number in (jwk.x, jwk.y))
    if len(x) > NUMBER_BYTES or len(y) > NUMBER_BYTES:
        raise TransientError("Key Vault: the public key's numbers are too long")
    numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
    try:
        return numbers.public_key()
    except ValueError as error:
        raise TransientError("Key Vault: the public key is no point of the curve P-256") from error


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise TransientError("Key Vault: the answer holds no base64url") from error
