"""Plan a recovery from what another one did: to undo it, or to repeat what failed in it.

The tenant has been read anew by then, so the lock-out guard judges this plan with the same knowledge as any other. A
crash repeats the step: files are written under the attempt's number, and nothing starts before it is recorded as done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from shared.catalogue.entry import Wave
from shared.domain.changes import Action, Change, Difference
from shared.domain.jobs import Batch, BatchState, Job, Options
from shared.domain.renewals import IdMap
from shared.ports import Blobs
from shared.recover.dealing import dealt
from shared.recover.lockout.stand_ins import standing_in
from shared.recover.plan import link_changes, object_changes
from shared.recover.undo import Reversal, repeating, undoing
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding, Plan, at_once
from shared.runs.layers import Readable
from shared.runs.laying import Laying, confirmations, estimator, foretold, replacing
from shared.runs.ledger import Ledger
from shared.runs.outcomes import perhaps_applied, recorded
from shared.runs.pairing import through
from shared.runs.tenure import Pause, Tenure

EVERYTHING_ALLOWED = Options(soft_delete_newer=True, recreate_deleted=True)  # what was done before may be done back


class Replanning:
    """The step replan."""

    def __init__(self, ledger: Ledger, work: Blobs, comparing: Comparing, guarding: Guarding) -> None:
        self._ledger, self._work = ledger, work
        self._comparing, self._guarding = comparing, guarding

    async def replan(self, tenure: Tenure) -> Pause | None:
        """Lay out every batch that undoes, or repeats the failures of, the job that the options name.

        Raises LockOutError before any batch exists when that could lock administrators out (decision D15).
        """
        job = tenure.job
        reversal = await self._reversal(job)
        waves = object_changes(reversal.differences, EVERYTHING_ALLOWED)
        stand_ins = standing_in(change for changes in waves.values() for change in changes)
        plan = Plan(EVERYTHING_ALLOWED, at_once(reversal.differences), stand_ins)
        spared = await self._guarding.judge(job, plan, self._sides(job, stand_ins))
        spared |= {old: spared[new] for old, new in stand_ins.ids.items() if new in spared}
        allowed = {
            wave: [reversal.guarded(change, wave) for change in changes if change.object_id not in spared]
            for wave, changes in waves.items()
        }
        links = _links(row for row in reversal.differences if row.object_id not in spared)
        adding, laid = estimator(job), list[Batch]()
        for changes in allowed.values():
            for change in changes:
                adding.add_object(change)
        adding.add_links(links)
        estimate = foretold(job, adding)
        rows = await self._ledger.batches(job.tenant, job.job_id)
        if not job.options.makes_plan:
            laying = Laying(self._work, tenure)
            for wave, changes in sorted(allowed.items()):
                await laying.add(wave, changes)
            await laying.add_dealt(Wave.LINKS, dealt(links))
            laid = [*await laying.end(), *confirmations(job, estimate.objects + estimate.links)]
        counts = {"plannedObjects": estimate.objects, "plannedLinks": estimate.links}
        counts |= {"estimatedWrites": estimate.writes, "estimatedSeconds": estimate.seconds}
        if spared:
            counts |= {f"leftAlone.{reason}": list(spared.values()).count(reason) for reason in set(spared.values())}
        done = msgspec.structs.replace(
            tenure.batch, state=BatchState.DONE, counts=counts, cursor={"digest": estimate.digest}
        )
        later = [batch for batch in rows if batch.wave > tenure.batch.wave]
        await tenure.record(done, added=replacing(later, laid))
        return None

    async def _reversal(self, job: Job) -> Reversal:
        source = job.options.undoes or job.options.repeats
        batches = await self._ledger.batches(job.tenant, source)
        outcomes = await recorded(self._work, batches)
        if job.options.repeats:
            return repeating(outcomes)
        return undoing([*outcomes, *await perhaps_applied(self._work, batches)])

    def _sides(self, job: Job, stand_ins: IdMap) -> Callable[[], Awaitable[tuple[Readable, Readable]]]:
        async def sides() -> tuple[Readable, Readable]:
            return through(await self._comparing.target(job), stand_ins), await self._comparing.live(job)

        return sides


def _links(differences: Iterable[Difference]) -> list[Change]:
    return [
        change
        for row in differences
        if row.action is Action.UPDATE
        for change in link_changes(row.type, row.object_id, row.display_name, row.links)
    ]
