"""Read the ledger of a recovery: every recorded outcome with its batch, its time and its standing, chosen and paged.

Reads only, one file of outcomes after the other. A page without a choice opens the files that hold it and no other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from shared.domain.changes import Outcome, Result
from shared.domain.confirmations import Overwriter, Standing, standing_of
from shared.domain.errors import InputError
from shared.domain.jobs import Batch, BatchState, Job, Kind, Step
from shared.domain.ledgers import Entry
from shared.domain.times import parse_time
from shared.formats.records import OUTCOMES, decode_records
from shared.ports import Blobs
from shared.runs.closing import Closing
from shared.runs.ledger import Ledger
from shared.runs.outcomes import confirmations_of, overwriters_of

Test = Callable[[Entry], bool]


class Entries:
    """The ledgers of one deployment's recoveries; `closing` has those that are sealed, None where nothing is."""

    def __init__(self, ledger: Ledger, work: Blobs, closing: Closing | None) -> None:
        self._ledger, self._work, self._closing = ledger, work, closing

    async def sealed(self, tenant: str, job_id: str) -> bytes:
        """Return the sealed ledger as it lies in the vault, proven; raise InputError for a job that has none (yet)."""
        job = await self._recovery(tenant, job_id)
        if job.ledger is None or self._closing is None:
            raise InputError(
                f"job {job_id} has no sealed ledger yet: it is sealed within minutes of its end", member="job"
            )
        return await self._closing.read(job)

    async def page(
        self, tenant: str, job_id: str, *, skip: int, top: int, test: Test | None = None
    ) -> tuple[list[Entry], bool]:
        """Return a page of the entries that pass `test`, in the order of the batches, and whether more follow."""
        found: list[Entry] = []
        async for entry in self.entries(tenant, job_id, skip=skip, test=test):
            if len(found) == top:
                return found, True
            found.append(entry)
        return found, False

    async def entries(
        self, tenant: str, job_id: str, *, skip: int = 0, test: Test | None = None
    ) -> AsyncIterator[Entry]:
        """Yield the entries that pass `test`, without the first `skip` of them."""
        await self._recovery(tenant, job_id)
        batches = await self._ledger.batches(tenant, job_id)
        standings, left = await self._standings(batches), skip
        overwriters = await overwriters_of(self._work, batches)
        for batch in batches:
            for output in batch.outputs if batch.step is Step.APPLY else []:
                if test is None and left >= int(output["records"]):
                    left -= int(output["records"])
                    continue
                at = parse_time(str(output["at"])) if "at" in output else None
                content = await self._work.read(output["name"])
                known = {"name": output["name"], "expected": output["sha256"]}
                for one in decode_records(content, Outcome, OUTCOMES, **known):
                    entry = _entry(one, batch, at, standings, overwriters.get(one.change_id))
                    if test is not None and not test(entry):
                        continue
                    if left:
                        left -= 1
                        continue
                    yield entry

    async def _recovery(self, tenant: str, job_id: str) -> Job:
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.RECOVERY:
            raise InputError(f"job {job_id} is a {job.kind}, not a recovery", member="job")
        return job

    async def _standings(self, batches: list[Batch]) -> dict[str, Standing] | None:
        """Return what the second look did not find as it was left, by change; None before it has ended."""
        looks = [batch for batch in batches if batch.step is Step.CONFIRM]
        if not looks or any(batch.state is not BatchState.DONE for batch in looks):
            return None
        return {one.change_id: one.standing for one in await confirmations_of(self._work, batches)}


def _entry(
    one: Outcome,
    batch: Batch,
    at: datetime | None,
    standings: dict[str, Standing] | None,
    overwriter: Overwriter | None,
) -> Entry:
    standing = None
    if standings is not None and one.result is not Result.FAILED:
        standing = standing_of(standings.get(one.change_id, Standing.CONFIRMED), overwriter)
    return Entry(outcome=one, batch=batch.number, at=at, standing=standing, overwriter=overwriter)
