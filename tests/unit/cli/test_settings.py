"""Where the command line goes and how it signs in."""

from __future__ import annotations

from urllib.parse import parse_qs

import httpx
import pytest

from cli.errors import CliError, Exit
from cli.settings import read_settings
from cli.tokens import Token, Tokens, fetch_for
from tests.unit.cli.worlds import Answers

URL = "https://tidemark.example.com"
CLIENT = {
    "TIDEMARK_URL": URL,
    "TIDEMARK_TOKEN_URL": "https://login.example.com/t/oauth2/v2.0/token",
    "TIDEMARK_CLIENT_ID": "c-1",
    "TIDEMARK_CLIENT_SECRET": "a secret",
}


@pytest.mark.parametrize("url", [URL, f"{URL}/", "http://127.0.0.1:7071", "http://localhost:1", "http://[::1]:7071"])
def test_an_address_that_keeps_a_token_safe_is_taken(url: str) -> None:
    assert read_settings({"TIDEMARK_URL": url}).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tidemark.example.com",
        "http://tidemark.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://localhost",
        "https://",
        "https://user@tidemark.example.com",
        "https://tidemark.example.com?x=1",
        "https://tidemark.example.com:port",
        "https://[::1",
    ],
)
def test_any_other_address_is_refused_by_name_for_the_api_and_for_tokens(url: str) -> None:
    for environment in ({"TIDEMARK_URL": url}, CLIENT | {"TIDEMARK_TOKEN_URL": url or "x"}):
        with pytest.raises(CliError) as caught:
            read_settings(environment)
        assert caught.value.exit_status is Exit.USAGE
        assert str(caught.value).startswith(("TIDEMARK_URL", "TIDEMARK_TOKEN_URL"))


def test_half_an_application_is_refused_with_what_is_missing() -> None:
    with pytest.raises(CliError, match="TIDEMARK_TOKEN_URL, TIDEMARK_CLIENT_SECRET"):
        read_settings({"TIDEMARK_URL": URL, "TIDEMARK_CLIENT_ID": "c-1"})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(read_settings(CLIENT | {"TIDEMARK_TOKEN": "a token"}))
    assert "a secret" not in shown
    assert "a token" not in shown


def test_an_application_signs_in_with_its_secret_for_the_audience() -> None:
    seen: list[dict[str, list[str]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == CLIENT["TIDEMARK_TOKEN_URL"]
        seen.append(parse_qs(request.content.decode()))
        return httpx.Response(200, json={"access_token": "t-1", "expires_in": 3600})

    settings = read_settings(CLIENT | {"TIDEMARK_AUDIENCE": "api://other"})
    assert fetch_for(settings, Answers(answer))() == Token("t-1", 3600.0)
    assert seen == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["c-1"],
            "client_secret": ["a secret"],
            "scope": ["api://other/.default"],
        }
    ]


@pytest.mark.parametrize(
    ("status", "body", "exit_status"),
    [
        (401, b'{"error": "invalid_client", "error_description": "wrong secret\\r\\nTrace: x"}', Exit.NOT_ALLOWED),
        (400, b"<html>", Exit.NOT_ALLOWED),
        (200, b"{}", Exit.NOT_ALLOWED),
        (200, b"[]", Exit.NOT_ALLOWED),
        (503, b"", Exit.TROUBLE),
    ],
)
def test_a_sign_in_that_fails_is_one_line_without_the_secret(status: int, body: bytes, exit_status: Exit) -> None:
    fetch = fetch_for(read_settings(CLIENT), Answers(lambda _request: httpx.Response(status, content=body)))
    with pytest.raises(CliError) as caught:
        fetch()
    assert caught.value.exit_status is exit_status
    assert "\n" not in str(caught.value)
    assert "a secret" not in str(caught.value)


def test_a_token_is_used_until_shortly_before_its_end_and_then_replaced() -> None:
    seconds, fetched = [0.0], iter(["t-1", "t-2"])
    tokens = Tokens(lambda: Token(next(fetched), 3600.0), lambda: seconds[0])
    used = []
    for now in (0.0, 3479.0, 3481.0):
        seconds[0] = now
        used.append(tokens.bearer())
    assert used == ["Bearer t-1", "Bearer t-1", "Bearer t-2"]
