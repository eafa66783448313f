"""Bearer tokens: one that was given, one for an application's secret, or one of whoever is signed in to Azure's tools.

A token is asked for when it is first needed and again before it ends, because a job may be watched for hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from cli.errors import CliError, Exit
from cli.settings import Settings

EARLY_SECONDS = 120.0  # a token this close to its end is not used for another request
REQUEST_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Token:
    """A token and how many seconds it lasts."""

    text: str
    seconds: float


Fetch = Callable[[], Token]


class Tokens:
    """The token of one session; `fetch` gets a new one, `monotonic` tells the seconds."""

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._monotonic = fetch, monotonic
        self._text, self._until = "", 0.0

    def bearer(self) -> str:
        """Return the value of the Authorization header; raise CliError when nobody can be signed in."""
        if not self._text or self._monotonic() >= self._until:
            token = self._fetch()
            self._text, self._until = token.text, self._monotonic() + token.seconds - EARLY_SECONDS
        return f"Bearer {self._text}"


def fetch_for(settings: Settings, transport: httpx.BaseTransport | None = None) -> Fetch:
    """Return how `settings` say to get a token."""
    if settings.token:
        return lambda: Token(settings.token, float("inf"))
    if settings.token_url:
        return lambda: _as_application(settings, transport)
    return lambda: _as_signed_in(settings.audience)


def _as_application(settings: Settings, transport: httpx.BaseTransport | None) -> Token:
    """Return a token by the client credentials flow ("Microsoft identity platform and the OAuth 2.0 …")."""
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "scope": f"{settings.audience}/.default",
    }
    try:
        with httpx.Client(transport=transport, timeout=REQUEST_SECONDS_MAX) as client:
            answer = client.post(settings.token_url, data=form)
    except httpx.HTTPError as error:
        raise CliError(Exit.TROUBLE, f"the token endpoint cannot be reached: {error}") from error
    body = _json(answer)
    if answer.status_code >= 500:
        raise CliError(Exit.TROUBLE, f"the token endpoint answered {answer.status_code}")
    token = body.get("access_token")
    if answer.status_code != 200 or not isinstance(token, str):
        reason = str(body.get("error_description") or body.get("error") or answer.status_code)
        raise CliError(Exit.NOT_ALLOWED, f"the token endpoint refused: {reason.splitlines()[0]}")
    seconds = body.get("expires_in")
    return Token(token, float(seconds) if isinstance(seconds, int | float) else 0.0)


def _as_signed_in(audience: str) -> Token:
    """Return a token of the account signed in to Azure CLI, Azure PowerShell or the Developer CLI, in that order."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import (
        AzureCliCredential,
        AzureDeveloperCliCredential,
        AzurePowerShellCredential,
        ChainedTokenCredential,
    )

    chain = ChainedTokenCredential(AzureCliCredential(), AzurePowerShellCredential(), AzureDeveloperCliCredential())
    try:
        found = chain.get_token(f"{audience}/.default")
    except ClientAuthenticationError as error:
        hint = "sign in with `az login`, or set TIDEMARK_TOKEN or TIDEMARK_TOKEN_URL"
        raise CliError(Exit.NOT_ALLOWED, f"nobody is signed in to Azure's tools: {hint}") from error
    return Token(found.token, found.expires_on - time.time())


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body: Any = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}
