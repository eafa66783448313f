"""Write down what a plan leaves to people: the runbook of a recovery, an undo, a retry, or a dry run of one.

One file of steps for each file of differences that has any, so that no whole report is held at once. A crash costs one
file: it is written under the attempt's number and counts only once the batch row names it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from shared.domain.errors import InputError
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.domain.manual import ManualStep
from shared.formats.records import MANUAL_STEPS, decode_records, encode_records
from shared.ports import Blobs
from shared.recover.manual import manual_steps
from shared.recover.orphans import orphaned
from shared.recover.undo import permitted
from shared.runs.comparing import Comparing
from shared.runs.difference_files import difference_files
from shared.runs.ledger import Ledger
from shared.runs.tenure import Pause, Tenure


class Manual:
    """The step manual, and the questions about what it wrote."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing) -> None:
        self._ledger, self._work, self._comparing = ledger, work, comparing

    async def write(self, tenure: Tenure) -> Pause | None:
        """Write the steps of every file of differences; stop between two files when asked to."""
        job = tenure.job
        batches = await self._ledger.batches(job.tenant, job.job_id)
        files, spared, options = difference_files(batches), spared_of(batches), permitted(job.options)
        # An undo and a retry are planned from what was done, not from a report that says what is gone.
        is_again = bool(job.options.undoes or job.options.repeats)
        gone = frozenset[str]() if is_again else await self._comparing.staying_gone(batches, options)
        for number in range(int(tenure.batch.cursor.get("file", 0)), len(files)):
            rows = await self._comparing.load(files[number])
            reasons = [spared.get(row.object_id, "") or orphaned(row, options, gone) for row in rows]
            steps = [step for row, why in zip(rows, reasons, strict=True) for step in manual_steps(row, options, why)]
            outputs, counts = list(tenure.batch.outputs), dict(tenure.batch.counts)
            if steps:
                name = f"{job.tenant}/{job.job_id}/manual/{number:05d}-{tenure.batch.attempt}.ndz"
                content, digest = encode_records(MANUAL_STEPS, steps)
                await self._work.create(name, content)
                outputs.append({"name": name, "sha256": digest, "records": len(steps)})
                counts["manualSteps"] = counts.get("manualSteps", 0) + len(steps)
            cursor = {"file": number + 1}
            await tenure.record(msgspec.structs.replace(tenure.batch, cursor=cursor, outputs=outputs, counts=counts))
            if number + 1 < len(files) and (pause := await tenure.pause()):
                return pause
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE))
        return None

    async def planned(self, tenant: str, job_id: str) -> tuple[Job, int]:
        """Return a job and how many steps its runbook has; raise InputError for a job that made no plan (yet)."""
        job = await self._ledger.job(tenant, job_id)
        written = [batch for batch in await self._ledger.batches(tenant, job_id) if batch.step is Step.MANUAL]
        if not written or written[0].state is not BatchState.DONE:
            fact = f"job {job_id} has no runbook: it is no recovery or dry run that has planned"
            raise InputError(fact, member="job")
        return job, written[0].counts.get("manualSteps", 0)

    async def steps(self, tenant: str, job_id: str, *, skip: int = 0) -> AsyncIterator[ManualStep]:
        """Yield the steps of a job's runbook, without the first `skip` of them."""
        await self.planned(tenant, job_id)
        left = skip
        for batch in await self._ledger.batches(tenant, job_id):
            for output in batch.outputs if batch.step is Step.MANUAL else []:
                if left >= int(output["records"]):
                    left -= int(output["records"])
                    continue
                content = await self._work.read(output["name"])
                known = {"name": output["name"], "expected": output["sha256"]}
                for step in decode_records(content, ManualStep, MANUAL_STEPS, **known)[left:]:
                    yield step
                left = 0

    async def page(self, tenant: str, job_id: str, *, skip: int, top: int) -> tuple[list[ManualStep], bool]:
        """Return a page of the steps, and whether more follow."""
        found: list[ManualStep] = []
        async for step in self.steps(tenant, job_id, skip=skip):
            if len(found) == top:
                return found, True
            found.append(step)
        return found, False


def spared_of(batches: list[Batch]) -> dict[str, str]:
    """Return why the guard had the plan leave objects alone, by id."""
    found: dict[str, str] = {}
    for batch in batches:
        if batch.step in {Step.PLAN, Step.REPLAN}:
            found |= batch.cursor.get("spared", {})
    return found
