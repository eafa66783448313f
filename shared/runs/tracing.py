"""Find out who overwrote what a recovery had set, from the directory audit log: the last step of such a recovery.

What the second look called pending, because it is as it was before, is overwritten too where the log names somebody who
put it back.

The window from the recovery's start until now is read once. A log that Graph refuses is said, never fatal. A crash
costs one page of the log, or the file at the end; both count only once the batch row names them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.compare.causes import by_object, cause_of, names_of
from shared.domain.confirmations import Confirmation, Overwriter, Standing
from shared.domain.errors import DirectoryError
from shared.domain.explanations import Cause
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.domain.times import parse_time
from shared.formats.records import CAUSES, OVERWRITTEN, decode_records, encode_records
from shared.ports import Blobs, Clock, Directory
from shared.recover.overwriting import overwriter, reverter
from shared.runs.explaining import AUDIT_PAGES_MAX, CAUSES_PART, outputs_of
from shared.runs.ledger import Ledger
from shared.runs.outcomes import confirmations_of, recorded
from shared.runs.tenure import Pause, Tenure

TRACE_NUMBER = 9_999  # no other wave's: those before the catalogue's count from 1, those from it on from 10,000
OVERWRITTEN_PART = "overwritten"

log = logging.getLogger(__name__)


def tracing(closing: Batch, found: Sequence[Confirmation]) -> list[Batch]:
    """Return the batch that follows the last look when that found something overwritten or pending, none otherwise."""
    if not found:
        return []
    return [Batch(job_id=closing.job_id, number=TRACE_NUMBER, wave=closing.wave + 1, step=Step.TRACE)]


class Tracing:
    """The step trace."""

    def __init__(self, ledger: Ledger, directory: Directory, work: Blobs, clock: Clock) -> None:
        self._ledger, self._directory, self._work, self._clock = ledger, directory, work, clock

    async def trace(self, tenure: Tenure) -> Pause | None:
        """Read the log, then write who overwrote each change."""
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        found = await confirmations_of(self._work, batches)
        if pause := await self._read_log(tenure, found):
            return pause
        await self._write(tenure, batches, found)
        return None

    async def _read_log(self, tenure: Tenure, found: Sequence[Confirmation]) -> Pause | None:
        if tenure.batch.cursor.get("isLogRead"):
            return None
        concerned = {name for one in found for name in names_of(one.object_id)}
        since, until = _began(tenure.job), self._clock.now()
        for number in range(int(tenure.batch.cursor.get("page", 0)), AUDIT_PAGES_MAX):
            try:
                page = await self._directory.audits(since, until, str(tenure.batch.cursor.get("next") or ""))
            except DirectoryError as error:
                log.warning("audit log refused", extra={"job_id": tenure.job.job_id, "reason": str(error)})
                await self._record(tenure, [], isLogRead=True, refused=True)
                return None
            causes = [cause for record in page.records if (cause := cause_of(record, concerned)) is not None]
            outputs = [await self._store(tenure, f"{number:05d}", CAUSES, CAUSES_PART, causes)] if causes else []
            is_last = page.cursor is None
            await self._record(tenure, outputs, page=number + 1, next=page.cursor, isLogRead=is_last)
            if is_last:
                return None
            if pause := await tenure.pause():
                return pause
        await self._record(tenure, [], isLogRead=True)
        return None

    async def _write(self, tenure: Tenure, batches: list[Batch], found: Sequence[Confirmation]) -> None:
        causes: list[Cause] = []
        for output in outputs_of([tenure.batch], CAUSES_PART):
            content = await self._work.read(output["name"])
            causes += decode_records(content, Cause, CAUSES, name=output["name"], expected=output["sha256"])
        known = by_object(causes, {target for cause in causes for target in cause.targets})
        ours, times = await self._directory.own_applications(), await self._times(batches, found)
        began, is_refused = _began(tenure.job), bool(tenure.batch.cursor.get("refused"))
        told: list[Overwriter] = []
        back = 0
        for one in found:
            written_at = times.get(one.change_id, began)
            if one.standing is Standing.OVERWRITTEN:
                told.append(overwriter(one, known, ours=ours, written_at=written_at, is_refused=is_refused))
            elif by := reverter(one, known, ours=ours, written_at=written_at):
                told.append(by)
                back += 1
        output = await self._store(tenure, "report", OVERWRITTEN, OVERWRITTEN_PART, told)
        counts = {"overwriters": sum(one.cause is not None for one in told)}
        counts |= {"pending": -back, "overwritten": back} if back else {}  # they are added to those of the second look
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, counts=counts)
        await tenure.record(msgspec.structs.replace(done, outputs=[*tenure.batch.outputs, output]))

    async def _times(self, batches: list[Batch], looked: Sequence[Confirmation]) -> dict[str, datetime]:
        """Return when these changes had been recorded, by change; files are opened until all are found."""
        wanted = {one.change_id for one in looked}
        found: dict[str, datetime] = {}
        for batch in batches:
            for output in batch.outputs if batch.step is Step.APPLY else []:
                if len(found) == len(wanted):
                    return found
                if "at" in output:
                    file = msgspec.structs.replace(batch, outputs=[output])
                    ids = {one.change_id for one in await recorded(self._work, [file])}
                    found |= dict.fromkeys(ids & wanted, parse_time(str(output["at"])))
        return found

    async def _store(
        self, tenure: Tenure, place: str, tag: str, part: str, records: Sequence[Cause] | Sequence[Overwriter]
    ) -> dict[str, object]:
        job = tenure.job
        name = f"{job.tenant}/{job.job_id}/trace/{place}-{tenure.batch.attempt}.ndz"
        content, digest = encode_records(tag, records)
        await self._work.create(name, content)
        return {"name": name, "sha256": digest, "records": len(records), "part": part}

    @staticmethod
    async def _record(tenure: Tenure, outputs: list[dict[str, object]], **cursor: object) -> None:
        batch = tenure.batch
        moved = {**batch.cursor, **cursor}
        await tenure.record(msgspec.structs.replace(batch, outputs=[*batch.outputs, *outputs], cursor=moved))


def _began(job: Job) -> datetime:
    return job.started_at or job.created_at
