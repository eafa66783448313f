"""Holds on snapshots, and how their last verification ended: what an operator knows of each beside its manifest.

Each is one row, written under its ETag or whole. A crash before a write leaves the old row, after it the new one.
"""

from __future__ import annotations

import logging

from shared.domain.errors import RowConflictError, TransientError
from shared.domain.holds import Hold, HoldEntry
from shared.domain.verification import Verification
from shared.formats.rows import hold_key, hold_of, hold_values, verification_key, verification_of
from shared.ports import CREATE, Clock, Put
from shared.runs.snapshots import Snapshots

RACES_MAX = 20

log = logging.getLogger(__name__)


class Holding:
    """Holds and verifications of the snapshots of one deployment."""

    def __init__(self, snapshots: Snapshots, clock: Clock) -> None:
        self._snapshots, self._clock = snapshots, clock

    async def holds(self, tenant: str) -> dict[str, Hold]:
        """Return what is known of every hold, by snapshot id."""
        rows = await self._snapshots.rows.scan(tenant, hold_key(""))
        holds = [hold_of(row.values, key=row.key) for row in rows]
        return {hold.snapshot_id: hold for hold in holds}

    async def verifications(self, tenant: str) -> dict[str, Verification]:
        """Return how the last verification of each snapshot ended, by snapshot id."""
        rows = await self._snapshots.rows.scan(tenant, verification_key(""))
        found = [verification_of(row.values, key=row.key) for row in rows]
        return {one.snapshot_id: one for one in found}

    async def hold(self, tenant: str, snapshot_id: str, *, is_held: bool, by: str, reason: str) -> Hold:
        """Set or lift the hold of a listed snapshot and return it. Raises NotFoundError for one that is not listed."""
        await self._snapshots.named(tenant, snapshot_id)
        key = hold_key(snapshot_id)
        for _race in range(RACES_MAX):
            row = await self._snapshots.rows.read(tenant, key)
            before = hold_of(row.values, key=key) if row else Hold(snapshot_id=snapshot_id)
            after = before.with_entry(HoldEntry(is_held=is_held, at=self._clock.now(), by=by, reason=reason))
            if after == before:
                return before
            try:
                await self._snapshots.rows.write(tenant, [Put(key, hold_values(after), row.etag if row else CREATE)])
            except RowConflictError:
                continue
            facts = {"snapshot_id": snapshot_id, "is_held": is_held, "by": by}
            log.warning("snapshot hold changed", extra={**facts, "reason": reason})
            return after
        raise TransientError(f"hold of {snapshot_id}: {RACES_MAX} others changed it first")
