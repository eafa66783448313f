"""Builders for gateway tests without a simulator: a client over scripted responses, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import httpx

from shared.graph.client import GraphClient
from shared.graph.figures import Figures
from shared.graph.pacing import Pacing
from shared.graph.sending import Sender
from shared.graph.settings import GraphSettings, QuotaSettings
from shared.graph.tokens import Token, TokenSource
from tests.support.virtual_time import VirtualClock

BASE = "https://graph.microsoft.com/v1.0"
Handler = Callable[[httpx.Request], httpx.Response]


class Tokens:
    """A token source that counts, and shows the claims it was asked for."""

    def __init__(self, clock: VirtualClock, lifetime: timedelta = timedelta(hours=1)) -> None:
        self._clock, self._lifetime = clock, lifetime
        self.asked: list[str] = []

    async def __call__(self, claims: str = "") -> Token:
        """Return a new token whose value tells its number."""
        self.asked.append(claims)
        return Token(f"token-{len(self.asked)}", self._clock.now() + self._lifetime)


def a_page(*ids: str, **more: str) -> httpx.Response:
    """Return a page of objects with these ids; `more` are members such as nextLink."""
    body = {"value": [{"id": name} for name in ids], **{f"@odata.{name}": text for name, text in more.items()}}
    return httpx.Response(200, json=body, headers={"request-id": "r-1"})


def a_client(handler: Handler, *, tokens: TokenSource | None = None, answer_bytes_max: int = 1_000_000) -> GraphClient:
    """Return a client of graph.microsoft.com whose network is `handler`."""
    settings = GraphSettings(base_url=BASE, answer_bytes_max=answer_bytes_max)
    return GraphClient(settings, tokens or Tokens(VirtualClock()), Figures(), httpx.MockTransport(handler))


def a_sender(handler: Handler, quota: QuotaSettings | None = None, tokens: TokenSource | None = None) -> Sender:
    """Return a sender over such a client."""
    figures = Figures()
    pacing = Pacing(quota or QuotaSettings(), VirtualClock(), figures)
    return Sender(a_client(handler, tokens=tokens), pacing, figures, random.Random(1), batches_in_flight_max=4)
