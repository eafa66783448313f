"""Plan a recovery from what another one did: to undo it, or to repeat what failed in it.

The tenant has been read anew by then, so the lock-out guard judges this plan with the same knowledge as any other. What
it comes to is stored as differences, from which the runbook is written and references are read again. A crash repeats
the step: files are written under the attempt's number, and nothing starts before it is recorded as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shared.catalogue.entry import Wave
from shared.domain.changes import Action, Change, Difference
from shared.domain.jobs import Batch, BatchState, Job
from shared.domain.renewals import IdMap
from shared.formats.records import DIFFERENCES, encode_records
from shared.ports import Blobs
from shared.recover.dealing import dealt
from shared.recover.lockout.stand_ins import standing_in
from shared.recover.plan import link_changes, object_changes
from shared.recover.undo import EVERYTHING_ALLOWED, Reversal, brings_back, repeating, undoing
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding
from shared.runs.layers import Readable
from shared.runs.laying import Laying, confirmations, estimator, foretold, relinking, replacing
from shared.runs.ledger import Ledger
from shared.runs.outcomes import perhaps_applied, recorded
from shared.runs.pairing import through
from shared.runs.removing import Removals
from shared.runs.renaming import with_naming
from shared.runs.tenure import Pause, Tenure
from shared.runs.watching import Plan, at_once

CHAIN_MAX = 100  # retries of retries, looked through for what the first of them was
ROWS_MAX = 20_000  # of one file of differences


class Replanning:
    """The step replan."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing, guarding: Guarding, writers: int = 1) -> None:
        self._ledger, self._work, self._writers = ledger, work, writers
        self._comparing, self._guarding = comparing, guarding

    async def replan(self, tenure: Tenure) -> Pause | None:
        """Lay out every batch that undoes, or repeats the failures of, the job that the options name.

        Raises LockOutError before any batch exists when that could lock administrators out (decision D15).
        """
        job = tenure.job
        reversal, warnings = await self._reversal(job)
        waves = object_changes(reversal.differences, EVERYTHING_ALLOWED)
        spared = await self._guard(job, reversal, waves)
        allowed = {
            wave: [reversal.guarded(change, wave) for change in changes if change.object_id not in spared]
            for wave, changes in waves.items()
        }
        links = _links(row for row in reversal.differences if row.object_id not in spared)
        adding = estimator(job, self._writers)
        for changes in allowed.values():
            for change in changes:
                adding.add_object(change)
        adding.add_links(links)
        estimate = foretold(job, adding)
        laid = [] if job.options.makes_plan else await self._laid(tenure, reversal, allowed, links)
        laid += confirmations(job, estimate.objects + estimate.links) if laid else []
        counts = {"plannedObjects": estimate.objects, "plannedLinks": estimate.links}
        counts |= {"estimatedWrites": estimate.writes, "estimatedSeconds": estimate.seconds}
        if spared:
            counts |= {f"leftAlone.{reason}": list(spared.values()).count(reason) for reason in set(spared.values())}
        removals = Removals()
        for row in reversal.differences:
            if row.object_id not in spared and not row.refusal:
                removals.add(row)
        warnings = [*warnings, *removals.warnings()]
        outputs = await self._stored(tenure, reversal.differences)
        outputs += [{"warnings": warnings}] if warnings else []
        cursor = {"digest": estimate.digest, "spared": spared}
        done = msgspec.structs.replace(
            tenure.batch, state=BatchState.DONE, counts=counts, cursor=cursor, outputs=outputs
        )
        rows = await self._ledger.batches(job.tenant, job.job_id)
        later = [batch for batch in rows if batch.wave > tenure.batch.wave]
        await tenure.record(done, added=replacing(later, laid))
        return None

    async def _laid(
        self, tenure: Tenure, reversal: Reversal, allowed: dict[Wave, list[Change]], links: list[Change]
    ) -> list[Batch]:
        """Return the batches, links among them; what a repetition brings back is linked once it is there."""
        laying = Laying(self._work, tenure)
        for wave, changes in sorted(allowed.items()):
            await laying.add(wave, changes)
        if reversal.is_relinked:
            return [*await laying.end(), *relinking(tenure.job)]
        await laying.add_dealt(Wave.LINKS, dealt(links))
        return await laying.end()

    async def _guard(self, job: Job, reversal: Reversal, waves: dict[Wave, list[Change]]) -> dict[str, str]:
        """Return why objects are to be left alone, by id."""
        stand_ins = standing_in(change for changes in waves.values() for change in changes)
        plan = Plan(EVERYTHING_ALLOWED, at_once(reversal.differences), stand_ins)

        async def sides() -> tuple[Readable, Readable]:
            return await self._sides(job, stand_ins)

        spared = await self._guarding.judge(job, plan, sides)
        return spared | {old: spared[new] for old, new in stand_ins.ids.items() if new in spared}

    async def _sides(self, job: Job, stand_ins: IdMap) -> tuple[Readable, Readable]:
        return through(await self._comparing.target(job), stand_ins), await self._comparing.live(job)

    async def _reversal(self, job: Job) -> tuple[Reversal, Sequence[str]]:
        """Return what is to be done, and what the operator must be told of it.

        What a repetition brings back is linked as the snapshot has it, unless it repeats an undo: that goes back to
        what a recovery found, which no snapshot has. Whatever names an object that is created anew joins the plan.
        """
        batches = await self._ledger.batches(job.tenant, job.options.undoes or job.options.repeats)
        outcomes = await recorded(self._work, batches)
        if job.options.undoes:
            return undoing([*outcomes, *await perhaps_applied(self._work, batches)]), ()
        found = repeating(outcomes)
        if not brings_back(found.differences) or await self._repeats_undo(job):
            return found, ()
        sides = (await self._comparing.target(job), await self._comparing.live(job))
        named = await with_naming(job, list(found.differences), found.differences, sides)
        rows = tuple(named.rows)
        return msgspec.structs.replace(found, differences=rows, is_relinked=True), named.warnings

    async def _repeats_undo(self, job: Job) -> bool:
        for _retry in range(CHAIN_MAX):
            if not job.options.repeats:
                return bool(job.options.undoes)
            job = await self._ledger.job(job.tenant, job.options.repeats)
        return True  # what nobody can tell is not linked by the snapshot

    async def _stored(self, tenure: Tenure, rows: Sequence[Difference]) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = []
        for start in range(0, len(rows), ROWS_MAX):
            some = rows[start : start + ROWS_MAX]
            content, digest = encode_records(DIFFERENCES, some)
            job = tenure.job
            name = f"{job.tenant}/{job.job_id}/differences/{len(outputs):05d}-{tenure.batch.attempt}.ndz"
            await self._work.create(name, content)
            outputs.append({"name": name, "sha256": digest, "records": len(some)})
        return outputs


def _links(differences: Iterable[Difference]) -> list[Change]:
    return [
        change
        for row in differences
        if row.action is Action.UPDATE
        for change in link_changes(row.type, row.object_id, row.display_name, row.links)
    ]
