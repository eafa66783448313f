"""The managed identity is asked as App Service offers it, over a real socket on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import DirectoryError
from shared.graph.credentials import ManagedIdentityTokens
from shared.graph.tokens import Token

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
EXPIRES_AT = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=24)


def ask(monkeypatch: pytest.MonkeyPatch, status: str, body: str) -> tuple[Token, list[str]]:
    """Return the token that an identity endpoint with this answer gives, and the request lines and headers it saw."""
    seen: list[str] = []

    async def endpoint(reader: Reader, writer: Writer) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def story(handler: Callable[[Reader, Writer], Awaitable[None]]) -> Token:
        async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}/msi/token")
            monkeypatch.setenv("IDENTITY_HEADER", "the-header")
            tokens = ManagedIdentityTokens("11111111-1111-4111-8111-111111111111")
            try:
                return await tokens()
            finally:
                await tokens.aclose()

    return asyncio.run(story(endpoint)), seen


def test_the_platform_gives_a_token_for_graph_to_the_named_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    body = f'{{"access_token":"t","expires_on":"{EXPIRES_AT.timestamp():.0f}","token_type":"Bearer","resource":"r"}}'
    token, [request] = ask(monkeypatch, "200 OK", body)
    assert token == Token("t", EXPIRES_AT)
    assert "resource=https%3A%2F%2Fgraph.microsoft.com" in request or "resource=https://graph.microsoft.com" in request
    assert "client_id=11111111-1111-4111-8111-111111111111" in request
    assert "the-header" in request


def test_an_identity_that_does_not_exist_is_an_error_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DirectoryError, match="managed identity got no token"):
        ask(monkeypatch, "400 Bad Request", '{"error":"invalid_request","error_description":"Identity not found"}')
