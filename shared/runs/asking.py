"""Answer questions about jobs: where they stand, what they found, what they did.

Reads only. Figures of a running job are the sum over its batch rows, so they rise while it works.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.domain.changes import Difference, Outcome, Result, UnknownObject
from shared.domain.confirmations import Confirmation, Overwriter
from shared.domain.errors import InputError
from shared.domain.jobs import Batch, Job, Kind, State, Step
from shared.jobs.flow import totals, warnings
from shared.ports import Blobs
from shared.recover.refusals import warnings_of
from shared.runs.comparing import Comparing
from shared.runs.difference_files import difference_files, not_found, unknown_files
from shared.runs.ledger import Ledger
from shared.runs.outcomes import confirmations_of, overwriters_of, recorded
from shared.runs.telling import left_out, notes_of


class Asking:
    """The questions an operator asks."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing) -> None:
        self._ledger, self._work, self._comparing = ledger, work, comparing

    async def job(self, tenant: str, job_id: str) -> Job:
        """Return a job with its present figures; raise NotFoundError."""
        job = await self._ledger.job(tenant, job_id)
        return _counted(job, await self._ledger.batches(tenant, job_id))

    async def jobs(self, tenant: str) -> list[Job]:
        """Return every job of the tenant with its figures, newest first."""
        return [
            _counted(job, await self._ledger.batches(tenant, job.job_id)) for job in await self._ledger.jobs(tenant)
        ]

    async def batches(self, tenant: str, job_id: str) -> list[Batch]:
        """Return the batches of a job, for whoever wants to see where it is."""
        return await self._ledger.batches(tenant, job_id)

    async def differences(self, tenant: str, job_id: str, *, skip: int, top: int) -> tuple[list[Difference], bool]:
        """Return a page of a successful report's rows and whether more follow; raise InputError before it succeeded."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.REPORT or job.state is not State.SUCCESSFUL:
            raise InputError(
                f"job {job_id} must be a report that has completed successfully; it is {job.state}", member="job"
            )
        return await self._page(difference_files(await self._ledger.batches(tenant, job_id)), skip, top)

    async def disagreements(self, tenant: str, job_id: str, *, skip: int, top: int) -> tuple[list[Difference], bool]:
        """Return a page of what a whole reading found otherwise than delta had given it, and whether more follow."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.CAPTURE or job.state is not State.SUCCESSFUL:
            raise InputError(f"job {job_id} must be a capture that has succeeded; it is {job.state}", member="job")
        batches = await self._ledger.batches(tenant, job_id)
        files = [output for batch in batches if batch.step is Step.CHECK for output in batch.outputs]
        return await self._page(files, skip, top)

    async def _page(self, files: list[dict[str, Any]], skip: int, top: int) -> tuple[list[Difference], bool]:
        chosen, is_more = _window(files, skip, top)
        found: list[Difference] = []
        for output, first, count in chosen:
            found += (await self._comparing.load(output))[first : first + count]
        return found, is_more

    async def unknown(self, tenant: str, job_id: str, *, skip: int, top: int) -> tuple[list[UnknownObject], int, bool]:
        """Return a page of the objects that a report's scope names and neither side has, of how many, and if more do.

        Read file by file: a scope may name very many objects, and all of them may be unknown.
        """
        files = unknown_files(await self._ledger.batches(tenant, job_id))
        chosen, is_more = _window(files, skip, top)
        found: list[UnknownObject] = []
        for output, first, count in chosen:
            found += (await self._comparing.load_unknown(output))[first : first + count]
        return found, sum(int(file["records"]) for file in files), is_more

    async def failures(self, tenant: str, job_id: str, *, skip: int, top: int) -> tuple[list[Outcome], bool]:
        """Return a page of a recovery's failed changes and whether more follow."""
        failed = [one for one in await self.outcomes(tenant, job_id) if one.result is Result.FAILED]
        return failed[skip : skip + top], len(failed) > skip + top

    async def confirmations(self, tenant: str, job_id: str) -> list[Confirmation]:
        """Return what the second look of a recovery did not find as it was left; empty before that look ended."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.RECOVERY:
            raise InputError(f"job {job_id} is a {job.kind}, not a recovery", member="job")
        return await confirmations_of(self._work, await self._ledger.batches(tenant, job_id))

    async def overwriters(self, tenant: str, job_id: str) -> dict[str, Overwriter]:
        """Return who overwrote what a recovery had set, by change, as far as the audit log says."""
        return await overwriters_of(self._work, await self._ledger.batches(tenant, job_id))

    async def outcomes(self, tenant: str, job_id: str) -> list[Outcome]:
        """Return every recorded outcome of a recovery, in the order of its batches."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.RECOVERY:
            raise InputError(f"job {job_id} is a {job.kind}, not a recovery", member="job")
        return await recorded(self._work, await self._ledger.batches(tenant, job_id))


def _counted(job: Job, batches: Sequence[Batch]) -> Job:
    made = [str(batch.cursor["digest"]) for batch in batches if "digest" in batch.cursor]
    digest = made[0] if made else job.plan_digest
    counts, notes = totals(batches), notes_of(batches)
    told = (*warnings(batches), *left_out(job.kind, notes), *not_found(batches), *warnings_of(counts))
    return msgspec.structs.replace(job, counts=counts, warnings=told, notes=notes, plan_digest=digest)


def _window(files: list[dict[str, Any]], skip: int, top: int) -> tuple[list[tuple[dict[str, Any], int, int]], bool]:
    """Return which records of which files make the page, and whether any follow it."""
    chosen: list[tuple[dict[str, Any], int, int]] = []
    at, end = 0, skip + top
    for file in files:
        count = int(file["records"])
        first, last = max(skip, at), min(end, at + count)
        if first < last:
            chosen.append((file, first - at, last - first))
        at += count
    return chosen, at > end
