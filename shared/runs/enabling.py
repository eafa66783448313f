"""Ask the lock-out guard once more before policies are switched on, with what is live by then.

Reads only. A policy that may not be switched on stays report-only, as its first stage left it; the others go on. A
crash repeats the questions.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.entry import Wave
from shared.domain.changes import Change
from shared.domain.jobs import Batch, Job
from shared.domain.writes import Answer
from shared.recover.refusals import LOCK_OUT
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding
from shared.runs.layers import Readable


class Enabling:
    """What stands between a plan that was judged and the wave that makes its policies count."""

    def __init__(self, guarding: Guarding, comparing: Comparing) -> None:
        self._guarding, self._comparing = guarding, comparing

    async def refused(self, job: Job, batch: Batch, changes: Sequence[Change]) -> dict[str, Answer]:
        """Return the answer for each change that is not to be sent, none for a batch that switches nothing on."""
        if batch.argument.get("wave") != Wave.POLICY_ENABLE.place:
            return {}

        async def sides() -> tuple[Readable, Readable]:
            return await self._comparing.target(job), await self._comparing.live(job)

        reasons = await self._guarding.judge_again(job, changes, sides)
        return {
            known: Answer(write_id=known, status=403, code=LOCK_OUT, message=f"left report-only: {reason}")
            for known, reason in reasons.items()
        }
