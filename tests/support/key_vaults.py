"""A small pretend Key Vault: one EC key, "Get Key" and "Sign" over HTTP, and answers that are wrong on demand."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from shared.formats.signatures import sign_es256

PATH = "/keys/seal/0123456789abcdef0123456789abcdef"
TOKEN = "Bearer a-token"
Json = dict[str, Any]


def text_of(number: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(number).rstrip(b"=").decode()


class PretendVault:
    """The vault and its one key; `changes` go over the members of its answers, `status` is that of every answer."""

    def __init__(self) -> None:
        self.key = ec.derive_private_key(17, ec.SECP256R1())
        self.changes: Json = {}
        self.status = 200
        self.seen: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; hand over the key's address."""
        app = web.Application()
        app.router.add_get(PATH, self._get)
        app.router.add_post(f"{PATH}/sign", self._sign)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        try:
            yield f"http://{host}:{port}{PATH}"
        finally:
            await runner.cleanup()

    async def _get(self, request: web.Request) -> web.Response:
        numbers = self.key.public_key().public_numbers()
        x, y = (text_of(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        key = {"kid": f"https://v.vault.azure.net{PATH}", "kty": "EC-HSM", "crv": "P-256", "x": x, "y": y}
        return self._answer(request, {"key": {**key, **self.changes.get("key", {})}, "attributes": {"enabled": True}})

    async def _sign(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read())
        assert asked["alg"] == "ES256"
        digest = urlsafe_b64decode(asked["value"] + "=")
        assert len(digest) == 32
        value = text_of(sign_es256(self.key, digest).signature)
        return self._answer(request, {"kid": "k", "value": value} | self.changes.get("signed", {}))

    def _answer(self, request: web.Request, body: Json) -> web.Response:
        self.seen.append(f"{request.method} {request.path_qs}")
        assert request.headers["Authorization"] == TOKEN
        return web.Response(status=self.status, body=msgspec.json.encode(body), content_type="application/json")
