"""One exchange: the token goes to Graph only, nothing is followed or repeated, and no answer outgrows its cap."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import importlib
import subprocess
import sys
import zlib
from typing import Any

import httpx
import pytest

from shared.domain.errors import DirectoryError
from shared.graph.client import GraphClient
from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.figures import Figures
from shared.graph.settings import GraphSettings
from tests.support.virtual_time import VirtualClock, run
from tests.unit.graph.gateways import BASE, Handler, Tokens, a_client, a_page

USERS = Request(tail="/users?$select=id,displayName&$top=999", priority="low")


def exchange(handler: Handler, request: Request = USERS, *, answer_bytes_max: int = 1_000_000) -> Reply:
    """Return the reply to one request over `handler`."""

    async def story() -> Reply:
        client = a_client(handler, answer_bytes_max=answer_bytes_max)
        try:
            return await client.exchange(request)
        finally:
            await client.aclose()

    return run(story())


def test_a_request_carries_the_token_the_priority_and_the_url_to_the_letter() -> None:
    seen: list[httpx.Request] = []

    def graph(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return a_page("a")

    reply = exchange(graph)
    [request] = seen
    assert str(request.url) == "https://graph.microsoft.com/v1.0/users?$select=id,displayName&$top=999"
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.headers["x-ms-throttle-priority"] == "low"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["client-request-id"]
    assert (reply.status, reply.request_id) == (200, "r-1")


def test_no_span_is_begun_for_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_given: object, **_named: object) -> None:
        raise AssertionError("a span was begun")

    exchange(lambda _request: a_page("a"))  # the SDK is imported by now
    monkeypatch.setattr("kiota_http.httpx_request_adapter.tracer.start_span", begun)
    with pytest.raises(AssertionError):
        importlib.import_module("kiota_http.httpx_request_adapter").tracer.start_span("planted")
    assert exchange(lambda _request: a_page("a")).status == 200


def test_a_body_goes_out_byte_for_byte() -> None:
    bodies: list[tuple[str, bytes]] = []

    def graph(request: httpx.Request) -> httpx.Response:
        bodies.append((request.headers["content-type"], request.content))
        return httpx.Response(204)

    write = Request(method="PATCH", tail="/users/a", body=b'{"n": 1.10}', headers={"content-type": "application/json"})
    assert exchange(graph, write).status == 204
    assert bodies == [("application/json", b'{"n": 1.10}')]


def test_an_answer_that_nobody_holds_is_gone_at_once() -> None:
    async def story() -> list[httpx.Response]:
        client = a_client(lambda _request: a_page("a"))
        await client.exchange(USERS)  # the SDK is imported by the first
        gc.collect()
        gc.disable()
        try:
            await client.exchange(USERS)
            return [known for known in gc.get_objects() if isinstance(known, httpx.Response)]
        finally:
            gc.enable()
            await client.aclose()

    assert run(story()) == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("place", ["https://attacker.example/v1.0/users", "https://graph.microsoft.com/v1.0/groups"])
def test_no_redirect_is_followed(status: int, place: str) -> None:
    seen: list[str] = []

    def graph(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(status, headers={"location": place})

    assert exchange(graph).status == status
    assert seen == ["graph.microsoft.com"]


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_the_sdk_repeats_nothing(status: int) -> None:
    count = 0

    def graph(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        return httpx.Response(status, headers={"retry-after": "1"})

    assert exchange(graph).status == status
    assert count == 1


def test_a_claims_challenge_is_answered_once_with_a_new_token() -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    seen: list[str] = []

    def graph(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401, headers={"www-authenticate": challenge})

    async def story() -> tuple[Reply, list[str]]:
        tokens = Tokens(VirtualClock())
        client = a_client(graph, tokens=tokens)
        reply = await client.exchange(USERS)
        await client.aclose()
        return reply, tokens.asked

    reply, asked = run(story())
    assert reply.status == 401
    assert asked == ["", claims]
    assert seen == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    "error", [httpx.ReadError("reset"), httpx.ConnectTimeout("slow"), httpx.RemoteProtocolError("x")]
)
def test_a_broken_connection_is_a_reply_that_says_nothing_is_known(error: httpx.TransportError) -> None:
    def graph(request: httpx.Request) -> httpx.Response:
        raise error

    reply = exchange(graph)
    assert reply.status == NO_ANSWER
    assert type(error).__name__ in reply.cut


def gzipped(content: bytes, **headers: str) -> Handler:
    """Return a handler that answers `content` and says it is gzip."""

    def graph(request: httpx.Request) -> httpx.Response:
        said = {"content-encoding": "gzip", "content-type": "application/json", **headers}
        return httpx.Response(200, headers=said, stream=httpx.ByteStream(content))

    return graph


def test_a_compressed_answer_is_unpacked_whole() -> None:
    body = b'{"value":[]}' + b" " * 200_000
    reply = exchange(gzipped(gzip.compress(body)))
    assert (reply.body, reply.cut) == (body, "")


def test_a_small_body_that_unpacks_to_more_than_the_cap_is_refused_before_it_is_held() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(DirectoryError, match=r"GET /v1\.0/users: the answer is larger than 1000000 bytes"):
        exchange(gzipped(bomb), answer_bytes_max=1_000_000)


def test_an_uncompressed_answer_beyond_the_cap_is_refused() -> None:
    with pytest.raises(DirectoryError, match="larger than 1000 bytes"):
        exchange(lambda _: httpx.Response(200, content=b"0" * 1001), answer_bytes_max=1000)


@pytest.mark.parametrize("missing", [1, 4, 8, 30])
def test_a_compressed_answer_that_ends_too_early_is_marked_as_cut(missing: int) -> None:
    reply = exchange(gzipped(gzip.compress(b'{"value":[{"id":"a","displayName":"Ada Lovelace"}]}')[:-missing]))
    assert reply.cut == "the gzip body ends too early"


def test_a_damaged_compressed_answer_is_marked_as_cut() -> None:
    packed = bytearray(gzip.compress(b'{"value":[{"id":"a","displayName":"Ada Lovelace"}]}'))
    packed[-6] ^= 0xFF
    assert "damaged" in exchange(gzipped(bytes(packed))).cut


def test_an_encoding_that_was_not_asked_for_is_marked_as_cut() -> None:
    reply = exchange(gzipped(zlib.compress(b"{}"), **{"content-encoding": "br"}))
    assert "br" in reply.cut


def test_a_client_that_was_closed_opens_new_connections() -> None:
    async def story(client: GraphClient) -> list[int]:
        first = await client.exchange(USERS)
        await client.aclose()
        second = await client.exchange(USERS)
        await client.aclose()
        return [first.status, second.status]

    assert run(story(a_client(lambda _: a_page("a")))) == [200, 200]


def test_closing_the_client_closes_its_connections() -> None:
    class Network(httpx.MockTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    async def story() -> int:
        network = Network(lambda _: a_page("a"))
        clock = VirtualClock()
        client = GraphClient(GraphSettings(base_url=BASE), Tokens(clock), Figures(), network)
        await client.aclose()
        await client.exchange(USERS)
        await client.aclose()
        return network.closed

    assert run(story()) == 1


def test_importing_the_gateway_imports_neither_the_sdk_nor_its_models() -> None:
    program = "import sys, shared.graph.directory; print(*[name for name in sys.modules if 'msgraph' in name])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_sending_never_imports_the_typed_models() -> None:
    # In a process of its own: a suite that tries Microsoft's own client in this one has imported them.
    code = (
        "import sys; from tests.unit.graph.test_client import exchange; from tests.unit.graph.gateways import a_page; "
        "assert exchange(lambda _: a_page('a')).status == 200; "
        "print(*[name for name in sys.modules if name.startswith('msgraph.generated.models')])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""


def test_everything_that_is_sent_at_once_shares_one_http2_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def pool(**given: Any) -> httpx.MockTransport:
        made.append(given)
        return httpx.MockTransport(lambda _: a_page("a"))

    monkeypatch.setattr(httpx, "AsyncHTTPTransport", pool)

    async def story() -> list[int]:
        client = GraphClient(GraphSettings(base_url=BASE), Tokens(VirtualClock()), Figures(), None)
        replies = await asyncio.gather(*(client.exchange(USERS) for _number in range(20)))
        await client.aclose()
        return [reply.status for reply in replies]

    assert run(story()) == [200] * 20
    assert [(given["http2"], given["trust_env"]) for given in made] == [(True, False)]
