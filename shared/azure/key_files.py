"""The key that signs manifests, and the public keys that are trusted, from PEM files.

Stands in for a key in Key Vault: whoever moves the key there keeps the stored format, because both sign ES256. A key
that was replaced stays trusted for the snapshots it signed, by its public half in the file of trusted keys.
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from shared.domain.errors import InputError
from shared.formats.signatures import Signature, key_id_of, public_der, refusal, sign_es256

PUBLIC_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class KeyFileSigner:
    """ports.Signer with a private key held in memory."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key

    async def sign(self, digest: bytes) -> Signature:
        """Return the signature over a SHA-256, with the key's id and public half."""
        return sign_es256(self._key, digest)


class KeyFileVerifier:
    """ports.Verifier that trusts the given public keys and no other."""

    def __init__(self, keys: list[EllipticCurvePublicKey]) -> None:
        self._trusted = {key_id_of(public_der(key)): key for key in keys}

    async def refusal(self, signature: Signature, digest: bytes) -> str:
        """Return why the signature does not prove the digest, empty when it does."""
        return refusal(signature, digest, self._trusted)


def key_files(signing_key_file: str, trusted_keys_file: str) -> tuple[KeyFileSigner, KeyFileVerifier]:
    """Return signer and verifier from a private key (PKCS 8, P-256) and, if named, public keys trusted besides.

    Raises InputError naming the setting whose file is missing or holds no such key.
    """
    private = _private(_content(signing_key_file, "TIDEMARK_SIGNING_KEY_FILE"), "TIDEMARK_SIGNING_KEY_FILE")
    return KeyFileSigner(private), KeyFileVerifier([private.public_key(), *trusted_keys(trusted_keys_file)])


def trusted_keys(trusted_keys_file: str) -> list[EllipticCurvePublicKey]:
    """Return the public keys of a file, none where no file is named; raise InputError naming the setting."""
    if not trusted_keys_file:
        return []
    return _public(_content(trusted_keys_file, "TIDEMARK_TRUSTED_KEYS_FILE"), "TIDEMARK_TRUSTED_KEYS_FILE")


def _content(path: str, setting: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{setting}: the file cannot be read ({error.strerror})", member=setting) from error


def _private(content: bytes, setting: str) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{setting}: no unencrypted private key in PEM", member=setting) from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise InputError(f"{setting}: the key is not one of the curve P-256", member=setting)
    return key


def _public(content: bytes, setting: str) -> list[EllipticCurvePublicKey]:
    keys: list[EllipticCurvePublicKey] = []
    for block in PUBLIC_PEM.findall(content):
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InputError(f"{setting}: a block is no public key", member=setting) from error
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise InputError(f"{setting}: a key is not one of the curve P-256", member=setting)
        keys.append(key)
    if not keys:
        raise InputError(f"{setting}: it holds no public key in PEM", member=setting)
    return keys
