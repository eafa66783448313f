"""Ask where groups are once they are back, and take back at once one that would lock the emergency accounts out.

Entra hides which groups a soft-deleted one is in (recover/lockout/returning.py). Where that could matter, groups are
restored a pack at a time. After each the emergency accounts are asked which groups they are in by now, and a group
through which an enforced policy reaches them goes back to the recycle bin before the next pack. A replica may show a
membership late, so what stayed is asked about again for two minutes.

A crash between a restore and its question lasts until the batch is taken again: the first question then is about what
the dead attempt has restored. One after a taking back restores once more, asks, and takes back again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from shared.catalogue.group import GROUP
from shared.domain.changes import Action, Change, Result
from shared.domain.exposures import Exposure
from shared.domain.jobs import Batch, Step
from shared.domain.writes import Answer
from shared.formats.records import EXPOSURE, decode_records, encode_records
from shared.ports import Blobs, Directory, Hold
from shared.recover.lockout.guard import Refusal
from shared.recover.lockout.returning import harm
from shared.recover.lockout.state import Edge
from shared.recover.refusals import LOCK_OUT
from shared.recover.writes import object_strokes
from shared.runs.nesting import above_now
from shared.runs.patience import LAG_ROUNDS_MAX, Patience
from shared.runs.tenure import Tenure

PACK_MAX = 20  # restores: one $batch, so the question comes one round trip after the first of them
KEPT = "exposure"  # in the cursor of a plan's batch: the file of its exposure
FORBIDDEN = 403

Sent = tuple[Change, Result, Answer]
Send = Callable[[Sequence[Change]], Awaitable[list[Sent]]]


def is_group_back(change: Change) -> bool:
    """Tell whether the change brings a group back from the recycle bin."""
    return change.type == GROUP.name and change.action is Action.RESTORE


async def kept(work: Blobs, tenure: Tenure, exposure: Exposure | None) -> dict[str, Any]:
    """Store the exposure of a plan; return what the cursor of the plan's batch says of it."""
    if exposure is None or tenure.job.options.makes_plan:
        return {}
    content, digest = encode_records(EXPOSURE, [exposure])
    name = f"{tenure.job.tenant}/{tenure.job.job_id}/exposure/{tenure.batch.attempt}.ndz"
    await work.create(name, content)
    return {KEPT: {"name": name, "sha256": digest}}


async def exposure_of(work: Blobs, batches: Sequence[Batch]) -> Exposure | None:
    """Return what groups that come back could be to policies, None where no restore of the job can matter."""
    for batch in batches:
        if batch.step in {Step.PLAN, Step.REPLAN} and KEPT in batch.cursor:
            file = batch.cursor[KEPT]
            content = await work.read(file["name"])
            return decode_records(content, Exposure, EXPOSURE, name=file["name"], expected=file["sha256"])[0]
    return None


class Returning:
    """What stands between the restore of a group and everything that follows it."""

    def __init__(self, directory: Directory, patience: Patience) -> None:
        self._directory, self._patience = directory, patience

    async def sent(
        self,
        exposure: Exposure | None,
        earlier: Sequence[Change],
        todo: Sequence[Change],
        send: Send,
        hold: Hold,
    ) -> list[Sent]:
        """Send changes and return how each request ended; a restore that was taken back has failed in the end.

        `earlier` are those that an attempt which died has made; `hold` is that of ports.Directory. Where no group comes
        back, and without an exposure, everything is sent at once and nothing is asked.
        """
        if exposure is None or not any(map(is_group_back, (*earlier, *todo))):
            return await send(todo)
        await self._within(exposure)  # where Graph refuses to tell, nothing comes back
        ended = await self._judged(exposure, list(filter(is_group_back, earlier)), hold)
        staying = _without(filter(is_group_back, earlier), ended)
        for start in range(0, len(todo), PACK_MAX):
            sent = await send(todo[start : start + PACK_MAX])
            back = [change for change, result, _answer in sent if result is Result.APPLIED]
            taken = await self._judged(exposure, back, hold)
            staying += _without(back, taken)
            ended += sent + taken
        for _round in range(LAG_ROUNDS_MAX):
            if not staying:
                break
            await self._patience.rest()
            taken = await self._judged(exposure, staying, hold)
            staying = _without(staying, taken)
            ended += taken
        return ended

    async def _judged(self, exposure: Exposure, back: Sequence[Change], hold: Hold) -> list[Sent]:
        """Take back those of the groups that harm by what they came back into; return how their changes ended."""
        if not back:
            return []
        edges = await self._within(exposure)
        found = harm(exposure, edges, [change.object_id.lower() for change in back])
        taken: list[Sent] = []
        for change in back:
            if finding := found.get(change.object_id.lower()):
                reason = Refusal(finding, f"wave restore, {change.change_id}").said()
                failure = await self._take_back(change, hold)
                said = f"DELETE THIS GROUP BY HAND: {reason}; Tidemark could not take it back: {failure}"
                message = said if failure else f"taken back to the recycle bin: {reason}"
                answer = Answer(write_id=change.change_id, status=FORBIDDEN, code=LOCK_OUT, message=message)
                taken.append((change, Result.FAILED, answer))
        return taken

    async def _within(self, exposure: Exposure) -> frozenset[Edge]:
        """Return the memberships that lead upwards from the accounts, and from the groups that may contain them."""
        known = frozenset(group for groups in exposure.accounts.values() for group in groups)
        return await above_now(sorted(exposure.accounts), self._directory, known)

    async def _take_back(self, change: Change, hold: Hold) -> str:
        """Soft-delete a group that is just back, of which a replica may not know yet; return why that failed, if so."""
        gone = msgspec.structs.replace(change, action=Action.SOFT_DELETE)
        (stroke,) = object_strokes(GROUP, gone, {}, {})
        said = ""
        for wait in range(LAG_ROUNDS_MAX + 1):
            if wait:
                await self._patience.rest()
            (answer,) = await self._directory.apply([stroke.write], hold)
            if answer.status < 300:
                return ""
            said = f"Graph answered {answer.status}: {answer.message}"
            if answer.status == FORBIDDEN:
                break
        return said


def _without(changes: Iterable[Change], taken: Sequence[Sent]) -> list[Change]:
    known = {change.change_id for change, _result, _answer in taken}
    return [change for change in changes if change.change_id not in known]
