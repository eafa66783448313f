"""Ask the lock-out guard once more before policies are written, and read back those that were switched on.

The plan was judged as if everything before the policies would succeed. So whatever makes a policy count, and whatever
is taken away in the last wave, is judged once more with what is live by then. What is refused stays as it was, or
report-only as its first stage left it, and the others go on. The last stage, which switches policies on, begins only
from what the first one was to leave. Each policy is read back after it and compared with the plan; one that is in force
otherwise than planned, and so that the guard would not have it, is made report-only again.

A crash repeats the questions, and the reading back: the group is in flight until its outcomes are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.waves import Wave
from shared.domain.changes import Change, Outcome, Result
from shared.domain.jobs import Batch, Job
from shared.domain.writes import Answer
from shared.ports import Directory, Hold
from shared.recover.decide import Look
from shared.recover.lockout.policies import REPORT_ONLY, is_enforced
from shared.recover.lockout.switching import NOT_LANDED, as_found, not_landed, otherwise, read_back
from shared.recover.refusals import LOCK_OUT
from shared.recover.writes import object_strokes
from shared.runs.comparing import Comparing
from shared.runs.judging_again import JudgingAgain
from shared.runs.layers import Readable
from shared.runs.patience import LAG_ROUNDS_MAX, Patience
from shared.runs.renewing import Renewed

POLICY = CONDITIONAL_ACCESS_POLICY
JUDGED = {wave.place: wave for wave in (Wave.POLICY_RESTORE, Wave.POLICY_UPDATE, Wave.POLICY_ENABLE)}


class Enabling:
    """What stands between a plan that was judged and the waves that make its policies count."""

    def __init__(self, judging: JudgingAgain, comparing: Comparing, directory: Directory, patience: Patience) -> None:
        self._judging, self._comparing = judging, comparing
        self._directory, self._patience = directory, patience

    async def refused(self, job: Job, batch: Batch, changes: Sequence[Change], renewed: Renewed) -> dict[str, Answer]:
        """Return the answer for each change that is not to be sent: of policies, and of what is to be taken away."""
        at = int(batch.argument.get("wave", 0))
        if at == Wave.SOFT_DELETE.place:
            kept = await self._judging.judge_removals(job, changes, lambda: self._sides(job))
            return {known: _unsent(known, LOCK_OUT, f"left as it was: {reason}") for known, reason in kept.items()}
        wave = JUDGED.get(at)
        policies = [change for change in changes if change.type == POLICY.name]
        if wave is None or not policies:
            return {}
        held: dict[str, Answer] = {}
        if wave is Wave.POLICY_ENABLE:
            looks = await self._looked(policies, renewed, not_landed)
            reasons = {change.change_id: not_landed(change, looks[change.object_id]) for change in policies}
            held = {known: _unsent(known, NOT_LANDED, reason) for known, reason in reasons.items() if reason}
        landed = [change for change in policies if change.change_id not in held]
        found = await self._judging.judge_again(job, wave, landed, lambda: self._sides(job))
        left = "left report-only" if wave is Wave.POLICY_ENABLE else "left as it was"
        return held | {known: _unsent(known, LOCK_OUT, f"{left}: {reason}") for known, reason in found.items()}

    async def proven(
        self,
        job: Job,
        batch: Batch,
        changes: Sequence[Change],
        done: Mapping[str, Outcome],
        renewed: Renewed,
        hold: Hold,
    ) -> dict[str, Outcome]:
        """Return the outcomes, by change, of policies that were switched on, once each was read back.

        `hold` is that of ports.Directory.
        """
        if JUDGED.get(int(batch.argument.get("wave", 0))) is not Wave.POLICY_ENABLE:
            return {}
        switched = [change for change in changes if done[change.change_id].result is Result.APPLIED]
        if not switched:
            return {}
        looks = await self._looked(switched, renewed, otherwise)
        differing = {change.change_id: otherwise(change, looks[change.object_id]) for change in switched}
        open_ones = [change for change in switched if differing[change.change_id]]
        dangers = await self._dangers(job, open_ones, looks)
        failures: dict[str, str] = {}
        for change in open_ones:
            if change.change_id in dangers:
                failures[change.change_id] = await self._put_back(change, looks[change.object_id], hold)
        return {
            known: read_back(done[known], names, dangers.get(known, ""), failures.get(known, ""))
            for known, names in differing.items()
        }

    async def _looked(
        self, changes: Sequence[Change], renewed: Renewed, test: Callable[[Change, Look], object]
    ) -> dict[str, Look]:
        """Return what is live of each policy; what `test` objects to is looked at again while replicas may lag."""
        looks: dict[str, Look] = {}
        doubted = list(changes)
        for wait in range(LAG_ROUNDS_MAX + 1):
            if wait:
                await self._patience.rest()
            looks |= await self._patience.looked(POLICY, doubted, renewed)
            doubted = [change for change in doubted if test(change, looks[change.object_id])]
            if not doubted:
                break
        return looks

    async def _dangers(self, job: Job, changes: Sequence[Change], looks: Mapping[str, Look]) -> dict[str, str]:
        """Return why policies must not stay in force as they were read back, by change."""
        found = [
            as_found(change, body)
            for change in changes
            if (body := looks[change.object_id].body) and not looks[change.object_id].is_deleted and is_enforced(body)
        ]
        asleep = frozenset(change.object_id.lower() for change in found)
        if not found:
            return {}
        return await self._judging.judge_again(job, Wave.POLICY_ENABLE, found, lambda: self._sides(job), asleep=asleep)

    async def _put_back(self, change: Change, look: Look, hold: Hold) -> str:
        """Make a policy report-only; return why that failed, empty when it did not."""
        strokes = object_strokes(POLICY, change, look.body or {}, {"state": REPORT_ONLY})
        answers = await self._directory.apply([stroke.write for stroke in strokes], hold)
        return next((f"Graph answered {one.status}: {one.message}" for one in answers if one.status >= 300), "")

    async def _sides(self, job: Job) -> tuple[Readable, Readable]:
        return await self._comparing.target(job), await self._comparing.live(job)


def _unsent(known: str, code: str, message: str) -> Answer:
    return Answer(write_id=known, status=403, code=code, message=message)
