"""The signature of a manifest: ES256 over its SHA-256, stored beside it as its own blob (docs/formats/manifests.md).

Pure. The signature is what JSON Web Signature and Key Vault call ES256: r and s, 32 bytes each, one after the other.
The document has one spelling only, so that no bit of it can change unnoticed. Which keys are trusted is the reader's
affair: the public key in the document is for auditors and proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from shared.domain.errors import IntegrityError
from shared.formats.digests import sha256
from shared.formats.tags import check_tag

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

FORMAT = "manifest-signature/1"
SIGNATURE_NAME = "manifest.sig"
DOCUMENT_BYTES_MAX = 64 * 1024
NUMBER_BYTES = 32


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signed (`key_id`, and `public_key` as DER of SubjectPublicKeyInfo) and the 64 bytes of the signature."""

    format: str = FORMAT
    key_id: str
    public_key: bytes
    signature: bytes


def signature_name(manifest_name: str) -> str:
    """Return the name of the blob that holds the signature of the manifest, index or sealed ledger called so.

    A change index, a document alone in its folder as a manifest is, is signed under a manifest's name.
    """
    folder, _slash, last = manifest_name.rpartition("/")
    own = SIGNATURE_NAME if last.endswith(".json") else f"{last.partition('.')[0]}.sig"
    return f"{folder}/{own}"


def encode_signature(signature: Signature) -> bytes:
    """Return the document's bytes: members in order, no spaces, bytes as base64."""
    return msgspec.json.encode(signature, order="sorted")


def decode_signature(content: bytes, *, name: str) -> Signature:
    """Return the signature; raise IntegrityError unless the document is spelled as encode_signature does."""
    if len(content) > DOCUMENT_BYTES_MAX:
        raise IntegrityError(name, f"a signature of {len(content)} bytes is absurd")
    check_tag(content, FORMAT, name=name)
    try:
        signature = msgspec.json.decode(content, type=Signature)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a signature: {error}") from error
    if encode_signature(signature) != content:
        raise IntegrityError(name, "it is not spelled as it was written: it was altered")
    return signature


def key_id_of(public_key: bytes) -> str:
    """Return the id of a key kept in a file: the SHA-256 of its DER, in hexadecimal."""
    return sha256(public_key)


def public_der(key: EllipticCurvePublicKey) -> bytes:
    """Return a public key as DER of SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign_es256(key: EllipticCurvePrivateKey, digest: bytes) -> Signature:
    """Return the signature over a SHA-256; deterministic (RFC 6979), so signing again gives the same bytes."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    der = key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()), deterministic_signing=True))
    numbers = utils.decode_dss_signature(der)
    public_key = public_der(key.public_key())
    raw = b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in numbers)
    return Signature(key_id=key_id_of(public_key), public_key=public_key, signature=raw)


def refusal(signature: Signature, digest: bytes, trusted: Mapping[str, EllipticCurvePublicKey]) -> str:
    """Return why `signature` does not prove `digest`, empty when it does; `trusted` are public keys by key id."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    key = trusted.get(signature.key_id)
    if key is None or public_der(key) != signature.public_key:
        return f"key {signature.key_id[:80]!r} is not one that is trusted"
    if len(signature.signature) != 2 * NUMBER_BYTES:
        return f"{len(signature.signature)} bytes are no ES256 signature"
    r, s = (int.from_bytes(part, "big") for part in (signature.signature[:32], signature.signature[32:]))
    try:
        key.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(SHA256())))
    except InvalidSignature:
        return "the signature is not over this manifest"
    return ""
