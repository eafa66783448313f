"""Plan a recovery from what another one did: to undo it, or to repeat what failed in it.

The tenant has been read anew by then, so the lock-out guard judges this plan with the same knowledge as any other. The
outcomes are turned some objects at a time (runs/reversing.py), so memory does not grow with them. What the plan comes
to is stored as differences, from which the runbook is written and references are read again. A crash repeats the step:
files are written under the attempt's number, and nothing starts before it is recorded as done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Difference
from shared.domain.exposures import Exposure
from shared.domain.jobs import Batch, BatchState, Job
from shared.domain.renewals import IdMap
from shared.formats.records import DIFFERENCES, encode_records
from shared.ports import Blobs
from shared.recover.dealing import Lane, dealt_lanes, lanes
from shared.recover.estimate import Estimator
from shared.recover.lockout.stand_ins import StandIns
from shared.recover.plan import link_changes, object_changes
from shared.recover.undo import EVERYTHING_ALLOWED, Reversal, brings_back
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding
from shared.runs.layers import Readable
from shared.runs.laying import Laying, confirmations, estimator, foretold, relinking, replacing
from shared.runs.ledger import Ledger
from shared.runs.pairing import through
from shared.runs.removing import Removals
from shared.runs.renaming import add_made, old_ids, with_naming
from shared.runs.returning import kept
from shared.runs.reversing import Reversing
from shared.runs.tenure import Pause, Tenure
from shared.runs.watching import Plan

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
        reversing = Reversing(self._work, tenure)
        await reversing.deal(await self._ledger.batches(job.tenant, job.options.undoes or job.options.repeats))
        stand_ins, is_relinked, told = await self._renamed(job, reversing)
        spared, exposure = await self._guard(job, reversing, stand_ins)
        taking = _Taking(self._work, tenure, spared, estimator(job, self._writers), is_relinked=is_relinked)
        async for reversal in reversing.reversals():
            await taking.take(reversal)
        estimate = foretold(job, taking.adding)
        laid = [] if job.options.makes_plan else await taking.end()
        laid += confirmations(job, estimate.objects + estimate.links) if laid else []
        counts = {"plannedObjects": estimate.objects, "plannedLinks": estimate.links}
        counts |= {"estimatedWrites": estimate.writes, "estimatedSeconds": estimate.seconds}
        counts |= {f"leftAlone.{reason}": count for reason, count in Counter(spared.values()).items()}
        warnings = [*told, *taking.removals.warnings()]
        outputs = [*taking.outputs, *([{"warnings": warnings}] if warnings else [])]
        cursor = {"digest": estimate.digest, "spared": spared, **await kept(self._work, tenure, exposure)}
        done = msgspec.structs.replace(
            tenure.batch, state=BatchState.DONE, counts=counts, cursor=cursor, outputs=outputs
        )
        rows = await self._ledger.batches(job.tenant, job.job_id)
        later = [batch for batch in rows if batch.wave > tenure.batch.wave]
        await tenure.record(done, added=replacing(later, laid))
        return None

    async def _renamed(self, job: Job, reversing: Reversing) -> tuple[IdMap, bool, Sequence[str]]:
        """Return ids that stand for those to come, whether references are read again, and what must be told.

        What a repetition brings back is linked as the snapshot has it, unless it repeats an undo: that goes back to
        what a recovery found, which no snapshot has. Whatever names an object that is created anew joins the plan.
        """
        made, old, is_relinked = StandIns(), set[str](), False
        async for some in reversing.differences():
            add_made(made, some, EVERYTHING_ALLOWED)
            old |= {name for row in some for name in old_ids(row)}
            is_relinked = is_relinked or brings_back(some)
        if job.options.undoes or not is_relinked or await self._repeats_undo(job):
            return made.map(), False, ()
        if not old:
            return made.map(), True, ()
        sides = (await self._comparing.target(job), await self._comparing.live(job))
        named = await with_naming(job, reversing.differences, frozenset(old), sides)
        reversing.rename(named)
        add_made(made, named.made, EVERYTHING_ALLOWED)
        return made.map(), True, named.warnings

    async def _guard(self, job: Job, reversing: Reversing, stand_ins: IdMap) -> tuple[dict[str, str], Exposure | None]:
        """Return why objects are to be left alone, by id, and what groups that come back could be to policies."""
        plan = Plan(EVERYTHING_ALLOWED, reversing.differences, stand_ins)

        async def sides() -> tuple[Readable, Readable]:
            return through(await self._comparing.target(job), stand_ins), await self._comparing.live(job)

        found = await self._guarding.judge(job, plan, sides)
        old = {old: found.left[new] for old, new in stand_ins.ids.items() if new in found.left}
        return {**found.left, **old}, found.exposure

    async def _repeats_undo(self, job: Job) -> bool:
        for _retry in range(CHAIN_MAX):
            if not job.options.repeats:
                return bool(job.options.undoes)
            job = await self._ledger.job(job.tenant, job.options.repeats)
        return True  # what nobody can tell is not linked by the snapshot


class _Taking:
    """A plan that is laid out, added up and stored part by part; of references only lanes are held."""

    def __init__(
        self, work: Blobs, tenure: Tenure, spared: dict[str, str], adding: Estimator, *, is_relinked: bool
    ) -> None:
        self.adding, self.removals = adding, Removals()
        self.outputs: list[dict[str, Any]] = []
        self._work, self._tenure, self._spared, self._is_relinked = work, tenure, spared, is_relinked
        self._laying, self._lanes = Laying(work, tenure), list[Lane]()

    async def take(self, reversal: Reversal) -> None:
        """Take one part: its changes to objects are laid out, those to references wait for the end."""
        for wave, changes in sorted(object_changes(reversal.differences, EVERYTHING_ALLOWED).items()):
            allowed = [reversal.guarded(change, wave) for change in changes if change.object_id not in self._spared]
            for change in allowed:
                self.adding.add_object(change)
            if not self._tenure.job.options.makes_plan:
                await self._laying.add(wave, allowed)
        for row in reversal.differences:
            if row.object_id in self._spared:
                continue
            if row.action is Action.UPDATE:
                found = link_changes(row.type, row.object_id, row.display_name, row.links)
                self.adding.add_links(found)
                self._lanes += [] if self._is_relinked else lanes(found)
            if not row.refusal:
                self.removals.add(row)
        await self._store(reversal.differences)

    async def end(self) -> list[Batch]:
        """Return the batches, links among them; what a repetition brings back is linked once it is there."""
        if self._is_relinked:
            return [*await self._laying.end(), *relinking(self._tenure.job)]
        await self._laying.add_dealt(Wave.LINKS, dealt_lanes(self._lanes))
        return await self._laying.end()

    async def _store(self, rows: Sequence[Difference]) -> None:
        job = self._tenure.job
        for start in range(0, len(rows), ROWS_MAX):
            some = rows[start : start + ROWS_MAX]
            content, digest = encode_records(DIFFERENCES, some)
            name = f"{job.tenant}/{job.job_id}/differences/{len(self.outputs):05d}-{self._tenure.batch.attempt}.ndz"
            await self._work.create(name, content)
            self.outputs.append({"name": name, "sha256": digest, "records": len(some)})
