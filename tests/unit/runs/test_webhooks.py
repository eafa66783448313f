"""Alerts over HTTP: signed, to https only, never following a redirect."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable

import httpx
import pytest

from shared.azure.webhooks import Webhooks
from shared.domain.errors import InputError, TransientError
from tests.support.virtual_time import VirtualClock

SECRET = "a secret of enough characters"
SETTINGS = {
    "TIDEMARK_DRIFT_WEBHOOK_URL": "https://siem.contoso.com/hook",
    "TIDEMARK_DRIFT_WEBHOOK_SECRET": SECRET,
    "TIDEMARK_DRIFT_TEAMS_URL": "https://teams.contoso.com/workflow",
}


def sent(channel: str, answer: Callable[[httpx.Request], httpx.Response]) -> list[httpx.Request]:
    """Send one alert; return the requests that went out."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    webhooks = Webhooks(SETTINGS, VirtualClock(), httpx.MockTransport(handle))
    asyncio.run(webhooks.send(channel, "alert-1", b'{"a":1}'))
    return requests


def test_a_program_can_prove_sender_time_and_content() -> None:
    (request,) = sent("webhook", lambda _request: httpx.Response(204))
    timestamp = request.headers["Tidemark-Timestamp"]
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + request.content, hashlib.sha256).hexdigest()
    assert request.headers["Tidemark-Signature"] == f"sha256={expected}"
    assert request.headers["Tidemark-Alert-Id"] == "alert-1"


def test_teams_gets_no_signature_and_no_secret() -> None:
    (request,) = sent("teams", lambda _request: httpx.Response(202))
    assert str(request.url) == SETTINGS["TIDEMARK_DRIFT_TEAMS_URL"]
    assert not any("signature" in name for name in request.headers)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
def test_whatever_is_no_success_is_sent_again_later_and_no_redirect_is_followed(status: int) -> None:
    with pytest.raises(TransientError, match=str(status)):
        sent("webhook", lambda _request: httpx.Response(status, headers={"Location": "https://evil.example.com"}))


def test_a_receiver_that_cannot_be_reached_is_asked_later() -> None:
    def broken(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(TransientError):
        sent("webhook", broken)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TIDEMARK_DRIFT_WEBHOOK_URL": "http://siem.contoso.com"},
        {"TIDEMARK_DRIFT_TEAMS_URL": "ftp://teams.contoso.com"},
        {"TIDEMARK_DRIFT_TEAMS_URL": "https://"},
        {"TIDEMARK_DRIFT_TEAMS_URL": "https://[::1"},
        {"TIDEMARK_DRIFT_WEBHOOK_SECRET": "short"},
    ],
)
def test_an_address_or_secret_that_is_not_safe_is_refused_when_the_app_starts(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError):
        Webhooks({**SETTINGS, **wrong}, VirtualClock())


def test_only_channels_with_an_address_are_there() -> None:
    assert Webhooks({}, VirtualClock()).channels() == ()
    assert Webhooks(SETTINGS, VirtualClock()).channels() == ("webhook", "teams")
