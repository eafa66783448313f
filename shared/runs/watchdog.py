"""The one-minute watch: a job whose worker went silent, or that nobody took up, goes on.

A crash at any line costs nothing: the next run reads the same rows. Notes sent twice are dropped by the batch's row.
"""

from __future__ import annotations

import logging

from shared.jobs.lease import LEASE_KEY, lease_key
from shared.jobs.states import ENDS
from shared.runs.closing import Closing
from shared.runs.ledger import Ledger
from shared.runs.worker import Worker

log = logging.getLogger(__name__)


class Watchdog:
    """Revives silent jobs of one tenant."""

    def __init__(self, ledger: Ledger, worker: Worker, closing: Closing | None = None) -> None:
        self._ledger, self._worker, self._closing = ledger, worker, closing

    async def look(self, tenant: str) -> str:
        """Look once; return what was done: `revived`, `taken up`, or nothing to do.

        Ended recoveries whose ledger nobody has sealed are seen to after that.
        """
        done = await self._looked(tenant)
        if self._closing is not None:
            await self._closing.look(tenant)
        return done

    async def _looked(self, tenant: str) -> str:
        lease, is_silent = await self._ledger.holder(tenant)
        revived = [await self._revived(tenant, LEASE_KEY)] if is_silent else []
        for job in await self._ledger.jobs(tenant):
            if job.state not in ENDS and not job.asks_tenant:
                revived.append(await self._revived(tenant, lease_key(job)))
        if any(revived):
            return "revived"
        if not lease.is_held and await self._worker.take_up(tenant):
            return "taken up"
        return "nothing to do"

    async def _revived(self, tenant: str, key: str) -> bool:
        """Give the silent holder of a lease a new token and send its notes again; tell whether it was silent."""
        revived = await self._ledger.revive(tenant, key)
        if revived is None:
            return False
        log.warning("silent job revived", extra={"job_id": revived.job_id, "token": revived.fencing_token})
        await self._worker.dispatch(tenant, revived)
        return True
