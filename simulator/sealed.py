"""Opaque tokens for next links and delta links: sealed, so that a client can neither read nor build one."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

_MAC_BYTES = 9


class Sealer:
    """Turns small JSON values into tokens and back; a token of another tenant or kind does not open.

    `page_life_seconds` is how long tokens of pages live, None for ever; who opens one counts those that were too old.
    """

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(secret.encode()).digest()
        self.page_life_seconds: float | None = None
        self.expired_pages = 0

    def seal(self, kind: str, value: Any) -> str:
        """Return the token that holds `value`."""
        content = msgspec.json.encode(value)
        return base64.urlsafe_b64encode(self._mac(kind, content) + content).decode().rstrip("=")

    def unseal(self, kind: str, token: str) -> Any:
        """Return what `seal` put in; ValueError for a token this sealer did not make for `kind`."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ValueError("not a token") from error
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(kind, content)):
            raise ValueError("not a token of this tenant and kind")
        return msgspec.json.decode(content)

    def _mac(self, kind: str, content: bytes) -> bytes:
        return hmac.digest(self._key, kind.encode() + b"\0" + content, "sha256")[:_MAC_BYTES]
