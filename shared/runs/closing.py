"""Close the books of every ended recovery: seal its ledger into the vault, sign it, and name it in the job's row.

A job may end in many ways, a worker's last breath among them, so this is no step of it: whoever ends a job tries at
once, and the watchdog closes what is still open. All of it is made from rows and files that no longer change, under one
name, so a crash at any line costs doing it again with the same bytes: the file is created once, the signature beside
it once, and the row names them last.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from shared.domain.errors import IntegrityError, TidemarkError
from shared.domain.jobs import Batch, BatchState, Job, Kind, Step
from shared.domain.ledgers import SealedLedger
from shared.domain.times import parse_time
from shared.formats.digests import sha256
from shared.formats.ledgers import LedgerHead, LedgerPart, decode_ledger, encode_ledger, ledger_name
from shared.jobs.flow import totals
from shared.jobs.states import ENDS
from shared.ports import Blobs, Clock
from shared.recover.refusals import NOT_AS_PLANNED_COUNT, SWITCHED_ON_COUNT
from shared.runs.explaining import outputs_of
from shared.runs.ledger import Ledger
from shared.runs.outcomes import in_flight
from shared.runs.scopes import Scopes
from shared.runs.signing import Signing
from shared.runs.tracing import OVERWRITTEN_PART

CLOSED_AT_ONCE_MAX = 10  # of one look of the watchdog; the next takes the rest
CONFIRMED = ("confirmed", "pending", "overwritten", SWITCHED_ON_COUNT, NOT_AS_PLANNED_COUNT)
Named = tuple[LedgerPart, dict[str, Any]]

log = logging.getLogger(__name__)


class Closing:
    """Seals the ledgers of one deployment's recoveries into `audit`."""

    def __init__(
        self, ledger: Ledger, work: Blobs, audit: Blobs, signing: Signing, clock: Clock, scopes: Scopes
    ) -> None:
        self._ledger, self._work, self._audit, self._scopes = ledger, work, audit, scopes
        self._signing, self._clock = signing, clock

    async def look(self, tenant: str) -> int:
        """Close the books of ended recoveries that are still open; return how many that were."""
        open_ones = [job for job in await self._ledger.jobs(tenant) if _is_open(job)]
        return sum([await self.try_to_close(job) for job in open_ones[-CLOSED_AT_ONCE_MAX:]])

    async def try_to_close(self, job: Job) -> bool:
        """Close one job's books if they are open; what goes wrong is logged, and tried again by the watchdog."""
        if not _is_open(job):
            return False
        try:
            sealed = await self._close(job)
        except TidemarkError as error:
            log.error("ledger not sealed", extra={"job_id": job.job_id, "reason": str(error)})
            return False
        log.info("ledger sealed", extra={"job_id": job.job_id, "sha256": sealed.sha256, "records": sealed.records})
        return True

    async def read(self, job: Job) -> bytes:
        """Return the sealed ledger of a job, proven by its digest and its signature; raise IntegrityError otherwise."""
        assert job.ledger is not None, "asked for by jobs that have one"
        content = await self._audit.read(job.ledger.name)
        decode_ledger(content, name=job.ledger.name, expected=job.ledger.sha256)
        if job.ledger.is_signed:
            await self._signing.check(self._audit, job.ledger.name, job.ledger.sha256)
        return content

    async def _close(self, job: Job) -> SealedLedger:
        batches = await self._ledger.batches(job.tenant, job.job_id)
        parts = parts_of(batches)
        files = [await self._work.read(output["name"]) for _part, output in parts]
        listed = tuple(
            msgspec.structs.replace(part, length=len(file)) for (part, _output), file in zip(parts, files, strict=True)
        )
        head = _head(await self._scopes.whole(job), totals(batches), listed)
        content, digest = encode_ledger(head, files)
        name = ledger_name(job.tenant, job.job_id)
        decode_ledger(content, name=name, expected=digest)  # nothing is sealed that its reader would refuse
        try:
            await self._audit.create(name, content, {"sha256": digest})
        except IntegrityError:
            digest = await self._same(name, head)
        await self._signing.sign(self._audit, name, digest)
        sealed = SealedLedger(
            name=name,
            sha256=digest,
            sealed_at=self._clock.now(),
            records=sum(part.records for part in listed if part.kind == "outcomes"),
            is_signed=self._signing.is_signing,
        )
        await self._ledger.add_sealed(job.tenant, job.job_id, sealed)
        return sealed

    async def _same(self, name: str, head: LedgerHead) -> str:
        """Return the digest of the ledger that is there already, which another build of zstd packed otherwise.

        Raises IntegrityError when it says anything else than ours does.
        """
        content = await self._audit.read(name)
        found, _parts = decode_ledger(content, name=name, expected=None)
        if found != head:
            raise IntegrityError(name, "a ledger of another course of this job is there already")
        return sha256(content)


def parts_of(batches: list[Batch]) -> list[Named]:
    """Return the files of a recovery's ledger in the order of its batches, each with the output that names it."""
    found: list[Named] = []
    for batch in batches:
        if batch.step is Step.APPLY:
            found += [_part("outcomes", batch, output) for output in batch.outputs]
            found += [_part("inFlight", batch, one) for one in in_flight(batch)]
        elif batch.step is Step.MANUAL:
            found += [_part("manualSteps", batch, output) for output in batch.outputs]
        elif batch.step is Step.CONFIRM and batch.state is BatchState.DONE:
            found += [_part("confirmations", batch, output) for output in batch.outputs if not output.get("part")]
        elif batch.step is Step.TRACE:
            found += [_part("overwritten", batch, output) for output in outputs_of([batch], OVERWRITTEN_PART)]
    return found


def _part(kind: Any, batch: Batch, output: dict[str, Any]) -> Named:
    at = parse_time(str(output["at"])) if "at" in output else None
    records = int(output.get("records", 0))
    return LedgerPart(kind=kind, batch=batch.number, records=records, length=0, sha256=output["sha256"], at=at), output


def _is_open(job: Job) -> bool:
    return job.kind is Kind.RECOVERY and job.state in ENDS and job.ledger is None


def _head(job: Job, counts: dict[str, int], parts: tuple[LedgerPart, ...]) -> LedgerHead:
    began, ended = job.started_at or job.created_at, job.completed_at
    seconds = (ended - began).total_seconds() if ended else None
    changed = counts.get("objects.applied", 0) + counts.get("links.applied", 0)
    return LedgerHead(
        tenant=job.tenant,
        job_id=job.job_id,
        snapshot_id=job.snapshot_id,
        state=job.state,
        requested_by=job.requested_by,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=ended,
        error_code=job.error_code,
        error=job.error,
        plan_digest=job.plan_digest,
        scope=job.scope,
        options=job.options,
        counts=dict(sorted(counts.items())),
        confirmation={name: counts[name] for name in CONFIRMED if name in counts},
        seconds=seconds,
        changes_per_second=round(changed / seconds, 1) if seconds else None,
        parts=parts,
    )
