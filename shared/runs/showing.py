"""Read the rows of a report with their explanations: a page, a filtered and sorted page, or all of them in turn.

Reads only. A page without filter and order opens the files that hold it and no other; with them, every file is read,
one after the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from shared.compare.rows import Row, Test, ordered
from shared.domain.errors import InputError, IntegrityError
from shared.domain.explanations import Explanation
from shared.domain.jobs import Job, Kind, State, Step
from shared.formats.records import EXPLANATIONS, decode_records
from shared.ports import Blobs
from shared.runs.comparing import Comparing
from shared.runs.difference_files import difference_files
from shared.runs.explaining import EXPLANATIONS_PART, outputs_of
from shared.runs.ledger import Ledger

SORTED_ROWS_MAX = 100_000  # rows held at once to be sorted; what is filtered away does not count

Files = list[tuple[dict[str, Any], dict[str, Any] | None]]


class Showing:
    """The rows of one tenant's reports."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing) -> None:
        self._ledger, self._work, self._comparing = ledger, work, comparing

    async def report(self, tenant: str, job_id: str) -> Job:
        """Return a report that has succeeded; raise InputError for any other job."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.REPORT or job.state is not State.SUCCESSFUL:
            raise InputError(
                f"job {job_id} must be a report that has completed successfully; it is {job.state}", member="job"
            )
        return job

    async def rows(self, tenant: str, job_id: str, *, test: Test | None = None, skip: int = 0) -> AsyncIterator[Row]:
        """Yield the rows that pass `test`, in the report's own order, without the first `skip` of them."""
        await self.report(tenant, job_id)
        left = skip
        for file, explanations in await self._files(tenant, job_id):
            if test is None and left >= int(file["records"]):
                left -= int(file["records"])
                continue
            for row in await self._load(file, explanations):
                if test is not None and not test(row):
                    continue
                if left:
                    left -= 1
                    continue
                yield row

    async def page(
        self,
        tenant: str,
        job_id: str,
        *,
        skip: int,
        top: int,
        test: Test | None = None,
        order: tuple[str, bool] | None = None,
    ) -> tuple[list[Row], bool]:
        """Return a page of a report's rows and whether more follow; `order` is a name of ORDERS and its direction."""
        found: list[Row] = []
        if order is None:
            async for row in self.rows(tenant, job_id, test=test, skip=skip):
                if len(found) == top:
                    return found, True
                found.append(row)
            return found, False
        async for row in self.rows(tenant, job_id, test=test):
            if len(found) == SORTED_ROWS_MAX:
                raise InputError(f"more than {SORTED_ROWS_MAX} rows to sort; narrow the filter", member="$orderby")
            found.append(row)
        found = ordered(found, order[0], is_descending=order[1])
        return found[skip : skip + top], len(found) > skip + top

    async def _files(self, tenant: str, job_id: str) -> Files:
        batches = await self._ledger.batches(tenant, job_id)
        files = difference_files(batches)
        explained = outputs_of([batch for batch in batches if batch.step is Step.EXPLAIN], EXPLANATIONS_PART)
        if not explained:  # a report of a version that explained nothing
            return [(file, None) for file in files]
        return list(zip(files, explained, strict=True))

    async def _load(self, file: dict[str, Any], explanations: dict[str, Any] | None) -> list[Row]:
        rows = await self._comparing.load(file)
        if explanations is None:
            return [Row(difference=row) for row in rows]
        name, digest = explanations["name"], explanations["sha256"]
        content = await self._work.read(name)
        known = decode_records(content, Explanation, EXPLANATIONS, name=name, expected=digest)
        if [row.object_id for row in rows] != [one.object_id for one in known]:
            raise IntegrityError(name, "it explains other rows than it is listed for")
        return [Row(difference=row, explanation=one) for row, one in zip(rows, known, strict=True)]
