"""Alerts over HTTPS: a signed webhook for programs and a workflow address of Microsoft Teams for people.

Implements ports.Alerts. Addresses and secret are settings of the deployment, never anything that a caller of the API
may set. Redirects are not followed, and nothing of an answer but its status is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from shared.compare.drift.alerts import signature
from shared.domain.errors import InputError, TransientError
from shared.ports import Clock

WEBHOOK, TEAMS = "webhook", "teams"
SETTINGS = {WEBHOOK: "TIDEMARK_DRIFT_WEBHOOK_URL", TEAMS: "TIDEMARK_DRIFT_TEAMS_URL"}
SECRET = "TIDEMARK_DRIFT_WEBHOOK_SECRET"  # noqa: S105  the name of a setting
SECRET_CHARS_MIN = 16
TIMEOUT_SECONDS = 20.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Webhooks:
    """The channels that `settings` name; raises InputError for an address that is not https or a secret too short."""

    def __init__(
        self, settings: Mapping[str, str], clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._clock, self._transport = clock, transport
        self._urls = {channel: settings.get(name) or "" for channel, name in SETTINGS.items()}
        self._secret = (settings.get(SECRET) or "").encode()
        for channel, url in self._urls.items():
            _check(SETTINGS[channel], url)
        if self._urls[WEBHOOK] and len(self._secret) < SECRET_CHARS_MIN:
            raise InputError(f"{SECRET} needs at least {SECRET_CHARS_MIN} characters", member=SECRET)

    def channels(self) -> tuple[str, ...]:
        """Return the channels that have an address."""
        return tuple(channel for channel, url in self._urls.items() if url)

    async def send(self, channel: str, alert_id: str, content: bytes) -> None:
        """Send one alert; raise TransientError unless the receiver answered 2xx."""
        url = self._urls.get(channel)
        if not url:
            return  # the channel was switched off since
        headers = {"Content-Type": "application/json", "Tidemark-Alert-Id": alert_id}
        if channel == WEBHOOK:
            timestamp = str(int(self._clock.now().timestamp()))
            signed = signature(self._secret, timestamp, content)
            headers |= {"Tidemark-Timestamp": timestamp, "Tidemark-Signature": f"sha256={signed}"}
        try:
            async with httpx.AsyncClient(
                transport=self._transport, timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
            ) as client:
                answer = await client.post(url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise TransientError(f"{channel}: {type(error).__name__}") from error
        if not answer.is_success:
            raise TransientError(f"{channel}: answered {answer.status_code}")


def _check(name: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InputError(f"{name} is no address", member=name) from None
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK)):
        raise InputError(f"{name} must be an https address", member=name)
