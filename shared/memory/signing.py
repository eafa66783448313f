"""A signing key in memory, made from a number: the same number always gives the same key and signatures.

For tests, simulations and measurements; a key that anybody can make proves nothing.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from shared.formats.signatures import Signature, key_id_of, public_der, refusal, sign_es256


class MemorySigning:
    """ports.Signer and ports.Verifier in one, with one key."""

    def __init__(self, number: int = 1) -> None:
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        public_key = self._key.public_key()
        self._trusted = {key_id_of(public_der(public_key)): public_key}

    async def sign(self, digest: bytes) -> Signature:
        """Return the signature over a SHA-256, with the key's id and public half."""
        return sign_es256(self._key, digest)

    async def refusal(self, signature: Signature, digest: bytes) -> str:
        """Return why the signature does not prove the digest, empty when it does."""
        return refusal(signature, digest, self._trusted)
