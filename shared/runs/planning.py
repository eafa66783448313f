"""Turn a recovery's differences into batches.

They are read file by file and laid out as they come, so a plan of any size needs the memory of one shard and of the
batches being filled. A crash repeats the step: batch files are written under the attempt's number, batch rows replace
what a dead attempt left, and nobody starts a wave before this step is recorded as done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import msgspec

from shared.domain.changes import Difference
from shared.domain.exposures import Exposure
from shared.domain.jobs import Batch, BatchState, Job
from shared.ports import Blobs
from shared.recover.chosen import NOT_CHOSEN
from shared.recover.estimate import Estimator
from shared.recover.lockout.stand_ins import StandIns
from shared.recover.orphans import orphaned
from shared.recover.plan import foreseen_links, left_alone, object_changes
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding
from shared.runs.layers import Readable
from shared.runs.laying import Laying, confirmations, estimator, foretold, relinking, replacing
from shared.runs.ledger import Ledger
from shared.runs.pairing import through
from shared.runs.removing import Removals
from shared.runs.renaming import add_made, old_ids, with_naming
from shared.runs.returning import kept
from shared.runs.tenure import Pause, Tenure
from shared.runs.watching import Plan


class Planning:
    """The step plan: changes to objects, and the step that will lay out those of references."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing, guarding: Guarding, writers: int = 1) -> None:
        self._ledger, self._work, self._writers = ledger, work, writers
        self._comparing, self._guarding = comparing, guarding

    async def plan(self, tenure: Tenure) -> Pause | None:
        """Lay out every batch of object changes, and the step that will lay out those of references.

        Raises LockOutError before any batch exists when the plan could lock administrators out (decision D15).
        """
        job = tenure.job
        rows = await self._ledger.batches(job.tenant, job.job_id)
        plan, told = await self._whole(job, rows)
        (spared, exposure), gone = await self._guard(job, plan), await self._comparing.staying_gone(rows, job.options)
        removals = Removals()
        adding, laying, reasons = estimator(job, self._writers), Laying(self._work, tenure), Counter[str]()
        if job.options.chosen and job.options.chosen.others:
            reasons[NOT_CHOSEN] = job.options.chosen.others
        async for differences in plan.parts():
            allowed: list[Difference] = []
            for row in differences:
                reason = left_alone(row, job.options) or spared.get(row.object_id, "")
                reason = reason or orphaned(row, job.options, gone)
                if reason:
                    reasons[reason] += 1
                else:
                    allowed.append(row)
                    removals.add(row)
            await _planned(job, allowed, adding, laying)
        estimate = foretold(job, adding)
        counts = {f"leftAlone.{reason}": count for reason, count in reasons.items()}
        counts |= {"plannedObjects": estimate.objects, "estimatedWrites": estimate.writes}
        counts |= {"estimatedSeconds": estimate.seconds}
        if job.options.makes_plan:
            counts["plannedLinks"] = estimate.links
            laid = []
        else:
            laid = [*await laying.end(), *relinking(job), *confirmations(job, estimate.objects + estimate.links)]
        cursor = {"digest": estimate.digest, "spared": spared, **await kept(self._work, tenure, exposure)}
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, counts=counts, cursor=cursor)
        if warnings := [*told, *removals.warnings()]:
            done = msgspec.structs.replace(done, outputs=[{"warnings": warnings}])
        later = [batch for batch in rows if batch.wave > tenure.batch.wave]
        await tenure.record(done, added=replacing(later, laid))
        return None

    async def _whole(self, job: Job, rows: list[Batch]) -> tuple[Plan, tuple[str, ...]]:
        """Return the plan to be judged and laid out, and what the operator must be told of it.

        Where something is to be created anew, whatever names it has to change too, which reading both states again
        tells; of the report only that is held in memory, and the ids of what is created anew.
        """

        def parts() -> AsyncIterator[list[Difference]]:
            return self._comparing.parts(rows)

        options = job.options
        if not options.recreate_deleted:
            return Plan(options, parts), ()
        old, made = set[str](), StandIns()
        async for some in parts():
            for row in some:
                if (names := old_ids(row)) and not left_alone(row, options):
                    old |= names
                    add_made(made, [row], options)
        if not old:
            return Plan(options, parts), ()
        sides = (await self._comparing.target(job), await self._comparing.live(job))
        named = await with_naming(job, parts, frozenset(old), sides)
        add_made(made, named.made, options)

        async def renamed() -> AsyncIterator[list[Difference]]:
            async for some in parts():
                yield named.rows(some)
            yield list(named.more)

        return Plan(options, renamed, made.map()), named.warnings

    async def _guard(self, job: Job, plan: Plan) -> tuple[dict[str, str], Exposure | None]:
        """Return why objects are to be left alone, by id, and what groups that come back could be to policies."""

        async def sides() -> tuple[Readable, Readable]:
            return through(await self._comparing.target(job), plan.made), await self._comparing.live(job)

        found = await self._guarding.judge(job, plan, sides)
        old = {old: found.left[new] for old, new in plan.made.ids.items() if new in found.left}
        return {**found.left, **old}, found.exposure


async def _planned(job: Job, allowed: list[Difference], adding: Estimator, laying: Laying) -> None:
    """Add the changes of some differences up, and lay them out unless only the plan is wanted.

    Links are only foreseen here: restores will make some of them needless.
    """
    for wave, changes in object_changes(allowed, job.options).items():
        for change in changes:
            adding.add_object(change)
        if not job.options.makes_plan:
            await laying.add(wave, changes)
    for row in allowed:
        adding.add_links(foreseen_links([row], job.options))
