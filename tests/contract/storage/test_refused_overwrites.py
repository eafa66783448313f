"""What a vault answers that Azurite cannot: a name that is taken, in the words of a policy or of a narrow role.

A small server plays the blob service for one blob; the adapter and the SDK are the real ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from shared.azure import connections
from shared.azure.blobs import AzureBlobs
from shared.azure.connections import StorageConnection
from shared.domain.errors import IntegrityError, TransientError

STORED = b"what the vault has"

# As the pages "Blob service error codes" and "Overview of immutable storage" give them.
TAKEN = [(409, "BlobAlreadyExists"), (409, "BlobImmutableDueToPolicy"), (403, "UnauthorizedBlobOverwrite")]


@asynccontextmanager
async def vault(status: int, code: str) -> AsyncIterator[tuple[AzureBlobs, list[web.Request]]]:
    """Open a vault that refuses every creation with `code`, and the requests it got."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        if request.method == "PUT":
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>refused</Message></Error>"
            headers = {"x-ms-error-code": code, "Content-Type": "application/xml"}
            return web.Response(status=status, text=text, headers=headers)
        size = len(STORED)
        headers = {"x-ms-blob-type": "BlockBlob", "ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 22:00:00 GMT"}
        if request.method == "GET":
            headers["Content-Range"] = f"bytes 0-{size - 1}/{size}"
        return web.Response(status=206 if request.method == "GET" else 200, body=STORED, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{name:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    text = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=QQ==;BlobEndpoint=http://{host}:{port}/a"
    try:
        connection = StorageConnection(connection_string=text)
        async with connections.container_client(connection, "snapshots", None) as container:
            yield AzureBlobs(container), requests
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("status", "code"), TAKEN)
def test_a_taken_name_with_our_bytes_is_a_lost_reply_however_the_vault_words_it(status: int, code: str) -> None:
    async def story() -> None:
        async with vault(status, code) as (blobs, requests):
            await blobs.create("manifest", STORED)
            assert [request.method for request in requests] == ["PUT", "HEAD", "GET"]

    asyncio.run(story())


@pytest.mark.parametrize(("status", "code"), TAKEN)
def test_a_taken_name_with_other_bytes_is_an_integrity_error(status: int, code: str) -> None:
    async def story() -> None:
        async with vault(status, code) as (blobs, requests):
            with pytest.raises(IntegrityError):
                await blobs.create("manifest", STORED.upper())
            with pytest.raises(IntegrityError):
                await blobs.create("manifest", STORED + b"!")
            assert [request.method for request in requests] == ["PUT", "HEAD", "GET", "PUT", "HEAD"]

    asyncio.run(story())


@pytest.mark.parametrize(("status", "code"), [(403, "AuthorizationPermissionMismatch"), (409, "ContainerBeingDeleted")])
def test_any_other_refusal_lets_the_message_come_again_and_names_the_blob(status: int, code: str) -> None:
    async def story() -> None:
        async with vault(status, code) as (blobs, requests):
            with pytest.raises(TransientError, match="manifest"):
                await blobs.create("manifest", STORED)
            assert [request.method for request in requests] == ["PUT"]

    asyncio.run(story())


def test_a_creation_is_one_conditional_request_that_carries_metadata_and_digest() -> None:
    async def story() -> None:
        async with vault(409, "BlobAlreadyExists") as (blobs, requests):
            await blobs.create("tenant/manifest", STORED, {"format": "manifest1"})
            put = requests[0]
            assert put.path == "/a/snapshots/tenant/manifest"
            assert put.query_string == ""
            assert put.headers["If-None-Match"] == "*"
            assert put.headers["x-ms-blob-type"] == "BlockBlob"
            assert put.headers["x-ms-meta-format"] == "manifest1"
            assert put.headers["Content-MD5"] == "g1oX7stEyXIsfxB3C/b3aw=="

    asyncio.run(story())
