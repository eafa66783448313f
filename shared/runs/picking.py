"""Check the rows that a recovery was told to bring back against the report they are taken from.

Reads only, one file of the report after the other; a crash costs asking again.
"""

from __future__ import annotations

import msgspec

from shared.domain.changes import Difference
from shared.domain.errors import InputError
from shared.domain.jobs import Job, Kind, Options, State
from shared.recover.chosen import MEMBER, check
from shared.runs.comparing import Comparing
from shared.runs.difference_files import difference_files
from shared.runs.ledger import Ledger


class Picking:
    """The rows of one deployment's reports, as a recovery may choose among them."""

    def __init__(self, ledger: Ledger, comparing: Comparing) -> None:
        self._ledger, self._comparing = ledger, comparing

    async def checked(self, tenant: str, snapshot_id: str, options: Options) -> Options:
        """Return the options with the rows they choose proven to be rows of the report that they name.

        Raises NotFoundError, or InputError for a report of another snapshot, an unfinished one, or an unknown row.
        """
        chosen = options.chosen
        if chosen is None:
            return options
        job = await self._ledger.job(tenant, chosen.report)
        _check_report(job, snapshot_id)
        found, others = list[Difference](), 0
        for file in difference_files(await self._ledger.batches(tenant, job.job_id)):
            rows = await self._comparing.load(file)
            ours = [row for row in rows if chosen.names_of(row.type, row.object_id) is not None]
            found, others = [*found, *ours], others + len(rows) - len(ours)
        check(chosen, found)
        return msgspec.structs.replace(options, chosen=msgspec.structs.replace(chosen, others=others))


def _check_report(job: Job, snapshot_id: str) -> None:
    if job.kind is not Kind.REPORT or job.state is not State.SUCCESSFUL:
        fact = f"job {job.job_id} must be a report that has completed successfully; it is {job.state}"
        raise InputError(fact, member=f"{MEMBER}.report")
    if job.snapshot_id != snapshot_id:
        raise InputError(f"report {job.job_id} is of another snapshot", member=f"{MEMBER}.report")
