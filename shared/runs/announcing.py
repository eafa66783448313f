"""Tell whoever listens of new drift items: store what each channel is to be sent, and send it when it is due.

An alert waits in the tenant's row until its channel has taken it: it may be sent twice, with the same id, and is never
lost while the row is. Whoever calls stores that row; a crash before it does costs sending again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from shared.compare.drift.alerts import alert_id, teams_body, webhook_body
from shared.domain.drift import DriftItem, PendingAlert, Watch
from shared.domain.errors import TransientError
from shared.formats.digests import sha256
from shared.ports import Alerts, Blobs, Clock

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 24  # with the waits below: a receiver may be away for about a day
WAIT_MINUTES_MAX = 60
WEBHOOK, TEAMS = "webhook", "teams"


class Announcing:
    """Announces drift on the channels of one deployment."""

    def __init__(self, work: Blobs, alerts: Alerts, clock: Clock) -> None:
        self._work, self._alerts, self._clock = work, alerts, clock

    async def announced(self, tenant: str, watch: Watch, fresh: list[DriftItem]) -> list[PendingAlert]:
        """Store what each channel is to be sent; return the alerts that wait for it."""
        identity = alert_id(tenant, watch.compared, fresh)
        sides = (tenant, watch.compared_with, watch.compared)
        contents = {WEBHOOK: webhook_body(identity, *sides, fresh), TEAMS: teams_body(*sides, fresh)}
        waiting = []
        for channel in self._alerts.channels():
            content = contents[channel]
            name = f"{tenant}/drift/{identity}-{channel}-{sha256(content)[:8]}.json"
            await self._work.create(name, content)
            waiting.append(PendingAlert(alert_id=identity, channel=channel, name=name, not_before=self._clock.now()))
        return waiting

    async def sent(self, pending: Sequence[PendingAlert]) -> tuple[PendingAlert, ...]:
        """Send the alerts that are due; return those that wait on: what was not taken waits longer each time."""
        left: list[PendingAlert] = []
        for alert in pending:
            if alert.not_before > self._clock.now():
                left.append(alert)
                continue
            try:
                await self._alerts.send(alert.channel, alert.alert_id, await self._work.read(alert.name))
            except TransientError as error:
                facts = {"alert_id": alert.alert_id, "channel": alert.channel, "reason": str(error)}
                if alert.attempts + 1 >= ATTEMPTS_MAX:
                    log.error("alert given up", extra=facts)
                    continue
                log.warning("alert not taken", extra=facts)
                left.append(_later(alert, self._clock.now()))
        return tuple(left)


def _later(alert: PendingAlert, now: datetime) -> PendingAlert:
    wait = timedelta(minutes=min(2**alert.attempts, WAIT_MINUTES_MAX))
    return msgspec.structs.replace(alert, attempts=alert.attempts + 1, not_before=now + wait)
