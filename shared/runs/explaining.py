"""Explain a report: who changed what, what it puts at risk, and the names of the objects that links lead to.

The audit log of the window between the two sides is read once, and only records that name an object of the report are
kept. A log that Graph refuses (no permission, no licence) or cuts is said, never fatal: a report without causes is
still a report. One that cannot be reached for a while is asked again.

A crash at any line costs one page of the log or one file of explanations; both count only once the batch row names
them. Names are looked up anew by every worker that takes the batch.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.compare.causes import by_object, cause_for, cause_of, names_of
from shared.compare.risk import ASSIGNABLE, risks
from shared.domain.changes import Difference
from shared.domain.errors import DirectoryError
from shared.domain.explanations import Cause, Explanation, Log
from shared.domain.ids import key_guid, object_key
from shared.domain.jobs import Batch, BatchState, Job
from shared.formats.objects import IndexRow
from shared.formats.records import CAUSES, EXPLANATIONS, decode_records, encode_records
from shared.formats.segments import shard_of
from shared.ports import Blobs, Clock, Directory
from shared.runs.comparing import Comparing
from shared.runs.difference_files import difference_files
from shared.runs.layers import Readable
from shared.runs.ledger import Ledger
from shared.runs.tenure import Pause, Tenure

log = logging.getLogger(__name__)

CAUSES_PART, EXPLANATIONS_PART = "causes", "explanations"
NAMES_MAX = 200_000  # other ends that are looked up; a report with more shows the ids of the rest
NAME_CHARS_MAX = 256
AUDIT_PAGES_MAX = 20_000  # at 999 records a page: more than a large tenant writes in 30 days


class _Facts(msgspec.Struct, rename={"name": "displayName", "is_assignable": ASSIGNABLE}):
    name: str | None = None
    is_assignable: bool | None = None


class Explaining:
    """The step explain."""

    def __init__(self, ledger: Ledger, directory: Directory, work: Blobs, comparing: Comparing, clock: Clock) -> None:
        self._ledger, self._directory, self._work = ledger, directory, work
        self._comparing, self._clock = comparing, clock

    async def explain(self, tenure: Tenure) -> Pause | None:
        """Read the audit log, then write one file of explanations for each file of differences."""
        files = difference_files(await self._ledger.batches(tenure.job.tenant, tenure.job.job_id))
        if (pause := await self._read_log(tenure, files)) is not None:
            return pause
        known = await self._causes(tenure.batch)
        facts = await self._facts(tenure.job, files)
        for number in range(int(tenure.batch.cursor.get("file", 0)), len(files)):
            rows = await self._comparing.load(files[number])
            is_refused = bool(tenure.batch.cursor.get("refused"))
            found = [explained(row, known, facts, is_refused=is_refused) for row in rows]
            name = f"{tenure.job.job_id}/explanations/{number:05d}-{tenure.batch.attempt}.ndz"
            output = await self._store(tenure, name, EXPLANATIONS, EXPLANATIONS_PART, found)
            await self._record(tenure, [output], _risk_counts(found), file=number + 1)
            if number + 1 < len(files) and (pause := await tenure.pause()):
                return pause
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE))
        return None

    async def _read_log(self, tenure: Tenure, files: list[dict[str, Any]]) -> Pause | None:
        """Read the window's records page by page until its end, its refusal, or a pause."""
        if tenure.batch.cursor.get("isLogRead"):
            return None
        concerned = {
            name for file in files for row in await self._comparing.load(file) for name in names_of(row.object_id)
        }
        if not concerned:
            await self._record(tenure, [], {}, isLogRead=True)
            return None
        since, until = await self._window(tenure.job)
        for page_number in range(int(tenure.batch.cursor.get("page", 0)), AUDIT_PAGES_MAX):
            try:
                page = await self._directory.audits(since, until, str(tenure.batch.cursor.get("next") or ""))
            except DirectoryError as error:
                log.warning("audit log refused", extra={"job_id": tenure.job.job_id, "reason": str(error)})
                await self._record(tenure, [], {"auditLogRefused": 1}, isLogRead=True, refused=True)
                return None
            found = [cause for record in page.records if (cause := cause_of(record, concerned)) is not None]
            name = f"{tenure.job.job_id}/causes/{page_number:05d}-{tenure.batch.attempt}.ndz"
            outputs = [await self._store(tenure, name, CAUSES, CAUSES_PART, found)] if found else []
            is_last = page.cursor is None
            counts = {"auditRecords": len(page.records)}
            await self._record(tenure, outputs, counts, page=page_number + 1, next=page.cursor, isLogRead=is_last)
            if is_last:
                return None
            if pause := await tenure.pause():
                return pause
        await self._record(tenure, [], {"auditLogCut": 1}, isLogRead=True)
        return None

    async def _window(self, job: Job) -> tuple[datetime, datetime]:
        """Return between which times the two sides parted; what this job has read itself is now."""
        facing = await self._comparing.facing(job)
        target = facing.target.manifest.created_at
        read = facing.current.manifest
        current = self._clock.now() if read.job_id == job.job_id else read.rolled_forward_at
        earlier, later = sorted((target, current))
        return earlier, later

    async def _causes(self, batch: Batch) -> dict[str, list[Cause]]:
        causes: list[Cause] = []
        for output in outputs_of([batch], CAUSES_PART):
            causes += await self._load(output, Cause, CAUSES)
        return by_object(causes, {target for cause in causes for target in cause.targets})

    async def _facts(self, job: Job, files: list[dict[str, Any]]) -> dict[str, _Facts]:
        """Return name and assignability of every object that a link of the report begins or ends at."""
        wanted: set[bytes] = set()
        for file in files:
            for row in await self._comparing.load(file):
                if row.links and len(wanted) < NAMES_MAX:
                    wanted.add(object_key(row.object_id))
                    wanted.update(object_key(link.other_id) for link in row.links)
        if not wanted:
            return {}
        facing = await self._comparing.facing(job)
        found = await _looked_up(facing.current, wanted)
        return found | await _looked_up(facing.target, wanted - {object_key(known) for known in found})

    async def _load(self, output: dict[str, Any], kind: type[Any], tag: str) -> list[Any]:
        content = await self._work.read(output["name"])
        return decode_records(content, kind, tag, name=output["name"], expected=output["sha256"])

    async def _store(self, tenure: Tenure, place: str, tag: str, part: str, records: Sequence[Any]) -> dict[str, Any]:
        name = f"{tenure.job.tenant}/{place}"
        content, digest = encode_records(tag, records)
        await self._work.create(name, content)
        return {"name": name, "sha256": digest, "records": len(records), "part": part}

    @staticmethod
    async def _record(tenure: Tenure, outputs: list[dict[str, Any]], counts: dict[str, int], **cursor: object) -> None:
        batch = tenure.batch
        sums = {name: batch.counts.get(name, 0) + counts.get(name, 0) for name in {*batch.counts, *counts}}
        await tenure.record(
            msgspec.structs.replace(
                batch, outputs=[*batch.outputs, *outputs], counts=sums, cursor={**batch.cursor, **cursor}
            )
        )


def explained(
    row: Difference, known: dict[str, list[Cause]], facts: dict[str, _Facts], *, is_refused: bool = False
) -> Explanation:
    """Return what is known of one row."""
    cause, own = cause_for(row, known), facts.get(row.object_id)
    names = {
        link.other_id: (facts[link.other_id].name or "")[:NAME_CHARS_MAX]
        for link in row.links
        if link.other_id in facts
    }
    said = Log.FOUND if cause else Log.NOT_READABLE if is_refused else Log.NOT_IN_LOG
    judged = risks(row, {ASSIGNABLE: own.is_assignable} if own else {})
    return Explanation(type=row.type, object_id=row.object_id, log=said, cause=cause, risks=judged, names=names)


def outputs_of(batches: Sequence[Batch], part: str) -> list[dict[str, Any]]:
    """Return the stored files of that part, in order."""
    return [output for batch in batches for output in batch.outputs if output.get("part") == part]


async def _looked_up(reader: Readable, wanted: Collection[bytes]) -> dict[str, _Facts]:
    """Return what a side knows of the objects with these keys; one read of the index of each shard that has one."""
    count = reader.manifest.shard_count
    found: dict[str, _Facts] = {}
    for shard in sorted({shard_of(key, count) for key in wanted}):
        rows: list[IndexRow] = [row for row in await reader.index(shard, count) if row.key in wanted]
        for (key, _code), body in (await reader.bodies(rows)).items():
            found[key_guid(key)] = msgspec.json.decode(body, type=_Facts)
    return found


def _risk_counts(found: list[Explanation]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in found:
        for risk in one.risks:
            counts[f"risk.{risk}"] = counts.get(f"risk.{risk}", 0) + 1
        if one.cause is not None:
            counts["explained"] = counts.get("explained", 0) + 1
    return counts
