"""Rows that remember every version they ever held, so that a law about who recorded what can be checked afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.jobs import Batch
from shared.formats.rows import batch_of
from shared.jobs.lease import LEASE_KEY, LeaseRow, lease_row
from shared.memory.rows import MemoryRows
from shared.ports import Clock, Put


@dataclass(frozen=True)
class Recorded:
    """One transaction that was stored: the lease it carried, if any, and the batches."""

    lease: LeaseRow | None
    batches: tuple[Batch, ...]


class RememberedRows(MemoryRows):
    """MemoryRows with the list of everything stored, in order."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.history: list[Recorded] = []
        self.newest_token = 0

    async def write(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Store and remember."""
        etags = await super().write(partition, puts)
        leases = [lease_row(put.values) for put in puts if put.key == LEASE_KEY]
        batches = tuple(batch_of(put.values, key=put.key) for put in puts if put.key.startswith("batch-"))
        self.history.append(Recorded(leases[0] if leases else None, batches))
        self.newest_token = max([self.newest_token, *(lease.fencing_token for lease in leases)])
        return etags


def two_holders(history: Sequence[Recorded]) -> list[str]:
    """Return every breach of "two holders never both record": an older token or attempt stored after a newer one."""
    breaches: list[str] = []
    newest_token = 0
    newest_attempt: dict[tuple[str, int], tuple[int, str]] = {}
    for recorded in history:
        if recorded.lease is not None:
            if recorded.lease.fencing_token < newest_token:
                breaches.append(f"token {recorded.lease.fencing_token} was stored after {newest_token}")
            newest_token = max(newest_token, recorded.lease.fencing_token)
        for batch in recorded.batches:
            key = (batch.job_id, batch.number)
            attempt, owner = newest_attempt.get(key, (0, ""))
            if batch.attempt < attempt or (batch.attempt == attempt and batch.owner and owner not in {"", batch.owner}):
                breaches.append(f"batch {key}: attempt {batch.attempt} of {batch.owner} was stored after {attempt}")
            if batch.attempt >= attempt:
                newest_attempt[key] = (batch.attempt, batch.owner or owner)
    return breaches
