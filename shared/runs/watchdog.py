"""The one-minute watch: a job whose worker went silent, or that nobody took up, goes on.

A crash at any line costs nothing: the next run reads the same rows. Notes sent twice are dropped by the batch's row.
"""

from __future__ import annotations

import logging

from shared.runs.ledger import Ledger
from shared.runs.worker import Worker

log = logging.getLogger(__name__)


class Watchdog:
    """Revives silent jobs of one tenant."""

    def __init__(self, ledger: Ledger, worker: Worker) -> None:
        self._ledger, self._worker = ledger, worker

    async def look(self, tenant: str) -> str:
        """Look once; return what was done: `revived`, `taken up`, or nothing to do."""
        lease, is_silent = await self._ledger.holder(tenant)
        if is_silent:
            revived = await self._ledger.revive(tenant)
            if revived is None:
                return "nothing to do"
            log.warning("silent job revived", extra={"job_id": revived.job_id, "token": revived.fencing_token})
            await self._worker.dispatch(tenant, revived)
            return "revived"
        if not lease.is_held and await self._worker.take_up(tenant):
            return "taken up"
        return "nothing to do"
