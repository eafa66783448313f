"""Alerts kept in memory: for tests, and for a deployment that has no channel.

Implements ports.Alerts.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.errors import TransientError


class MemoryAlerts:
    """Keeps what was sent as (channel, alert id, content); refuses the next `refusals` of them."""

    def __init__(self, channels: Sequence[str] = ()) -> None:
        self._channels = tuple(channels)
        self.sent: list[tuple[str, str, bytes]] = []
        self.refusals = 0

    def channels(self) -> tuple[str, ...]:
        """Return the channels there are."""
        return self._channels

    async def send(self, channel: str, alert_id: str, content: bytes) -> None:
        """Keep one alert, or refuse it."""
        if self.refusals:
            self.refusals -= 1
            raise TransientError(f"{channel}: nobody answered")
        self.sent.append((channel, alert_id, content))
