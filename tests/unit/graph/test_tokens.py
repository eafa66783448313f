"""Tokens: one request for many askers, a new one in time, and secrets sent to the token endpoint only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from shared.domain.errors import DirectoryError, InputError, TransientError
from shared.graph.credentials import ClientSecretTokens
from shared.graph.tokens import CachedTokens, Token
from tests.support.virtual_time import VirtualClock, run
from tests.unit.graph.gateways import Handler, Tokens


def test_however_many_ask_at_once_the_source_is_asked_once() -> None:
    async def story() -> list[str]:
        tokens = Tokens(VirtualClock())
        cache = CachedTokens(tokens, VirtualClock())
        found = await asyncio.gather(*(cache() for _ in range(50)))
        assert {token.value for token in found} == {"token-1"}
        return tokens.asked

    assert run(story()) == [""]


def test_a_token_is_renewed_five_minutes_before_it_expires() -> None:
    async def story() -> list[str]:
        clock = VirtualClock()
        cache = CachedTokens(Tokens(clock), clock)
        values = []
        for seconds in (0, 54 * 60, 2 * 60):
            await clock.sleep(seconds)
            values.append((await cache()).value)
        return values

    assert run(story()) == ["token-1", "token-1", "token-2"]


def test_claims_bring_a_new_token_that_later_askers_get_too() -> None:
    async def story() -> list[str]:
        clock = VirtualClock()
        cache = CachedTokens(Tokens(clock), clock)
        return [(await cache()).value, (await cache("{}")).value, (await cache()).value]

    assert run(story()) == ["token-1", "token-2", "token-2"]


def ask(handler: Handler, authority: str = "https://login.microsoftonline.com", claims: str = "") -> Token:
    """Return the token that a client secret gets from `handler`."""
    source = ClientSecretTokens(
        authority=authority,
        tenant="contoso",
        client_id="app",
        client_secret="s3cret&=",
        clock=VirtualClock(),
        transport=httpx.MockTransport(handler),
    )
    return run(source(claims))


def test_a_client_secret_is_posted_as_a_form_and_buys_a_token() -> None:
    seen: list[httpx.Request] = []

    def endpoint(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3599, "token_type": "Bearer"})

    token = ask(endpoint, claims='{"x":1}')
    assert (token.value, token.expires_at - VirtualClock().now()) == ("t", timedelta(seconds=3599))
    [request] = seen
    assert str(request.url) == "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["app"],
        "client_secret": ["s3cret&="],
        "scope": ["https://graph.microsoft.com/.default"],
        "claims": ['{"x":1}'],
    }


def test_a_secret_is_never_sent_over_plain_http_to_another_machine() -> None:
    with pytest.raises(InputError, match="loopback"):
        ask(lambda _: httpx.Response(200), authority="http://login.example")


def test_a_redirect_of_the_token_endpoint_is_not_followed() -> None:
    hosts: list[str] = []

    def endpoint(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://attacker.example/"})

    with pytest.raises(DirectoryError, match="refused"):
        ask(endpoint)
    assert hosts == ["login.microsoftonline.com"]


@pytest.mark.parametrize(
    ("status", "error"), [(401, DirectoryError), (400, DirectoryError), (429, TransientError), (503, TransientError)]
)
def test_a_refusal_says_whether_asking_again_may_help(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(lambda _: httpx.Response(status, json={"error": "invalid_client"}))


def test_an_endpoint_that_cannot_be_reached_is_transient() -> None:
    def endpoint(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(TransientError, match="could not be reached"):
        ask(endpoint)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"access_token":1,"expires_in":1}', b'{"access_token":"t"}'])
def test_an_answer_that_is_no_token_is_refused(body: bytes) -> None:
    with pytest.raises(DirectoryError, match="no token"):
        ask(lambda _: httpx.Response(200, content=body))
