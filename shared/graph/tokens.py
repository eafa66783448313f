"""Tokens for Graph, and a cache so that one is asked for once an hour, not once a request.

A source is asked for a token with the claims of a challenge: a JSON text, usually empty.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shared.ports import Clock

REFRESH_BEFORE = timedelta(minutes=5)


class Token(msgspec.Struct, frozen=True):
    """A bearer token and when it stops being one (aware UTC)."""

    value: str
    expires_at: datetime


class _Claims(msgspec.Struct):
    """Who a token is for: version 1.0 tokens say appid, version 2.0 tokens azp ("Access token claims reference")."""

    appid: str = ""
    azp: str = ""


def application_of(token: str) -> str:
    """Return the lower-case id of the application that a token of ours is for, empty when it does not say.

    Nothing is validated: it is our own token, and Graph's to refuse.
    """
    parts = token.split(".")
    try:
        content = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(content, type=_Claims)
    except (IndexError, ValueError, msgspec.DecodeError):
        return ""
    return (claims.appid or claims.azp).lower()


class TokenSource(Protocol):
    """Whoever can get a token for Graph."""

    async def __call__(self, claims: str = "") -> Token:
        """Return a token; a new one when `claims` is not empty. Raises DirectoryError when refused, else Transient."""


class CachedTokens:
    """One token of `source`, renewed five minutes before it expires or when a challenge asks for claims."""

    def __init__(self, source: TokenSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._token: Token | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, claims: str = "") -> Token:
        """Return the token; however many ask at once, the source is asked once."""
        async with self._turn:
            known = self._token
            if known is None or claims or self._clock.now() >= known.expires_at - REFRESH_BEFORE:
                known = self._token = await self._source(claims)
            return known
