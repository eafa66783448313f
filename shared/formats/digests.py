"""Digests: what proves that bytes read are the bytes written.

Pure. Files are proven by whole SHA-256; an object's body by its first 16 bytes, because a non-cryptographic hash would
let a chosen value hide a change.
"""

from __future__ import annotations

import hashlib

from shared.domain.errors import IntegrityError

BODY_DIGEST_BYTES = 16


def sha256(content: bytes | bytearray) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def body_digest(body: bytes) -> bytes:
    """Return the 16 bytes by which an index row proves an object's body."""
    return hashlib.sha256(body).digest()[:BODY_DIGEST_BYTES]


def checked(content: bytes, *, name: str, length: int, expected: str) -> bytes:
    """Return `content` when it is what the description says; raise IntegrityError naming the file otherwise."""
    if len(content) != length:
        raise IntegrityError(name, f"{len(content)} bytes instead of {length}: it is cut or padded")
    if sha256(content) != expected:
        raise IntegrityError(name, "its SHA-256 is not the recorded one: it was altered")
    return content
