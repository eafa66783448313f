"""Apply one batch of changes to the tenant, group by group, so that a crash repeats only the groups under way.

Several groups may be under way (runs/groups.py).

Each group is: look at the live objects, note their before-images and record the group as in flight, write, store the
outcomes, record them. What a crash costs, by place:
  before the in-flight record    nothing
  between it and the outcomes    the group is looked at again; what is right by now counts as applied, with the
                                 before-images that the dead attempt noted
  after the outcomes' record     nothing
Outcome files carry the attempt in their name and count only once a batch row names them, so every change has exactly
one recorded outcome whatever crashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.domain.changes import Action, Change, Json, Outcome, Result
from shared.domain.exposures import Exposure
from shared.domain.writes import Answer
from shared.jobs.flow import totals
from shared.ports import Blobs, Directory, Hold
from shared.recover.answers import Verdict, verdict
from shared.recover.decide import (
    OVERWRITTEN,
    Look,
    before_image,
    outcome,
    overwritten,
    settled,
    still_differing,
    was_ours,
)
from shared.recover.recreating import is_created_anew
from shared.recover.refusals import held
from shared.recover.rewriting import rewritten
from shared.recover.writes import Stroke, halves, link_strokes, object_strokes
from shared.runs.enabling import Enabling
from shared.runs.groups import Ended, Groups
from shared.runs.ledger import Ledger
from shared.runs.looks import looked
from shared.runs.outcomes import LINKS, grouped, planned
from shared.runs.patience import LAG_ROUNDS_MAX, Patience, is_too_early
from shared.runs.recreating import Recreating
from shared.runs.renewing import Renewed, renewed_by
from shared.runs.returning import Returning, exposure_of, is_group_back
from shared.runs.tenure import Pause, Tenure

RECREATE, RIGHT, APPLIED = Action.RECREATE, Result.ALREADY_RIGHT, Result.APPLIED
NOT_MADE = "it was deleted for good and could not be created anew; its own change says why"
BISECT_ROUNDS_MAX = 6  # 20 links are single after five halvings


class Applying:
    """The step apply."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        work: Blobs,
        recreating: Recreating,
        patience: Patience,
        enabling: Enabling,
        returning: Returning,
    ) -> None:
        self._ledger, self._directory, self._work = ledger, directory, work
        self._recreating, self._patience = recreating, patience
        self._enabling, self._returning = enabling, returning

    async def apply(self, tenure: Tenure) -> Pause | None:
        """Apply what is left of the batch; stop at a group boundary when asked to."""
        whole = grouped(await planned(self._work, tenure.batch))
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        # What Graph refused in other batches is not asked again here.
        earlier = Counter(totals([batch for batch in batches if batch.number != tenure.batch.number]))
        renewed = await renewed_by(self._work, batches)
        known = [rewritten(change, renewed.ids) for group in whole for change in group]
        locked = await self._enabling.refused(tenure.job, tenure.batch, known, renewed)
        exposure = await exposure_of(self._work, batches) if any(map(is_group_back, known)) else None
        groups = Groups(self._work, tenure, whole)

        def counts() -> Mapping[str, int]:
            return earlier + Counter(tenure.batch.counts)

        async def act(number: int, group: Sequence[Change]) -> Ended:
            nonlocal renewed
            so_far = counts()
            stopped = {change.change_id: answer for change in group if (answer := held(change, so_far))}
            changes = [rewritten(change, renewed.ids) for change in group]
            ended = await self._apply_group(groups, number, changes, {**locked, **stopped}, renewed, exposure)
            renewed = renewed.grown(ended[0])
            return ended

        return await groups.run(act, counts)

    async def _apply_group(
        self,
        groups: Groups,
        number: int,
        whole: Sequence[Change],
        unsent: Mapping[str, Answer],
        renewed: Renewed,
        exposure: Exposure | None,
    ) -> Ended:
        """Return how every change of a group ended, and what the operator must be told beside that."""
        done = {
            change.change_id: outcome(change, Result.FAILED, before={}, answer=unsent[change.change_id])
            for change in whole
            if change.change_id in unsent
        }
        done |= {
            change.change_id: outcome(change, Result.FAILED, before={}, message=NOT_MADE)
            for change in whole
            if change.object_id.lower() in renewed.waiting and not is_created_anew(change)
        }
        changes = [change for change in whole if change.change_id not in done]
        warnings: list[str] = []
        if changes:
            sent, warnings = await self._sent_group(groups, number, changes, renewed, exposure)
            done |= sent
        return [done[change.change_id] for change in whole], warnings

    async def _sent_group(
        self, groups: Groups, number: int, whole: Sequence[Change], renewed: Renewed, exposure: Exposure | None
    ) -> tuple[dict[str, Outcome], list[str]]:
        entry = type_named(whole[0].type)
        anew = [change for change in whole if is_created_anew(change)]
        changes = [change for change in whole if not is_created_anew(change)]
        looks = await self._patience.looked(entry, changes, renewed)
        earlier = await groups.earlier(number)
        now = {change.change_id: before_image(change, looks[change.object_id]) for change in changes}
        now |= await self._recreating.looked(entry, anew) if anew else {}
        before = {**now, **{known: image for known, image in earlier.items() if known in now}}
        await groups.note(number, before)
        done: dict[str, Outcome] = {}
        if anew:
            made = await self._recreating.make(groups.tenure, entry, anew, before, frozenset(earlier), renewed)
            done = {one.change_id: one for one in made}
        todo: list[Change] = []
        for change in changes:
            verdict_now = settled(change, looks[change.object_id], entry)
            if verdict_now is None:
                todo.append(change)
                continue
            result, reason = verdict_now
            if result is Result.ALREADY_RIGHT and was_ours(change, earlier.get(change.change_id), entry):
                result = Result.APPLIED
            done[change.change_id] = outcome(change, result, before=before[change.change_id], message=reason)
        tenure = groups.tenure
        ours = [change for change in changes if change.change_id in done and done[change.change_id].result is APPLIED]
        send = partial(self._write, entry, looks=looks, renewed=renewed, hold=tenure.hold)
        ended = await self._returning.sent(exposure, ours, todo, send, tenure.hold)
        for change, result, answer in await self._proven(entry, ended):
            if change.change_id in done and done[change.change_id].result is Result.FAILED:
                continue  # of the several requests of one change, the first that fails tells how it ended
            others = overwritten(change, looks[change.object_id].body or {}, entry)
            remark = OVERWRITTEN + ", ".join(others) if others else ""
            image = before[change.change_id]
            done[change.change_id] = outcome(change, result, before=image, message=remark, answer=answer)
        done |= await self._enabling.proven(tenure.job, tenure.batch, changes, done, renewed, tenure.hold)
        return done, sorted({answer.warning for _change, _result, answer in ended if answer.warning})

    async def _proven(
        self, entry: ObjectType, ended: Sequence[tuple[Change, Result, Answer]]
    ) -> list[tuple[Change, Result, Answer]]:
        """Look again at what Graph would not make because it is there: something in the way need not be the object."""
        doubted = [change for change, result, _answer in ended if change.action is RECREATE and result is RIGHT]
        looks = await looked(self._directory, entry, doubted) if doubted else {}
        absent = {change.change_id for change in doubted if looks[change.object_id].body is None}
        return [
            (change, Result.FAILED if change.change_id in absent else result, answer)
            for change, result, answer in ended
        ]

    async def _write(
        self, entry: ObjectType, todo: Sequence[Change], *, looks: dict[str, Look], renewed: Renewed, hold: Hold
    ) -> list[tuple[Change, Result, Answer]]:
        """Send the writes of a group; packs of links that Graph refuses are halved until single links stand alone.

        What names something that this recovery has just created is sent again for as long as replicas may lag.
        """
        strokes = [
            stroke
            for change in todo
            if change.action not in LINKS
            for stroke in object_strokes(
                entry, change, looks[change.object_id].body or {}, self._values(change, looks[change.object_id], entry)
            )
        ]
        strokes += link_strokes(entry, [change for change in todo if change.action in LINKS])
        ended: list[tuple[Change, Result, Answer]] = []
        rests = 0
        for _round in range(BISECT_ROUNDS_MAX + LAG_ROUNDS_MAX):
            if not strokes:
                break
            answers = await self._directory.apply([stroke.write for stroke in strokes], hold)
            again: list[Stroke] = []
            early: list[Stroke] = []
            for stroke, answer in zip(strokes, answers, strict=True):
                action = stroke.changes[0].action
                links = len(stroke.changes) if action is Action.LINK else 0
                meaning = verdict(answer, action, links=links)
                is_early = meaning in {Verdict.SPLIT, Verdict.FAILED} and is_too_early(answer, stroke.changes, renewed)
                if is_early and rests < LAG_ROUNDS_MAX:
                    early.append(stroke)
                elif meaning is Verdict.SPLIT:
                    again += halves(entry, stroke)
                else:
                    ended += [(change, _result(meaning), answer) for change in stroke.changes]
            strokes = again + early
            if early:
                rests += 1
                await self._patience.rest()
        assert not strokes, "a pack of links that is single cannot be split"
        return ended

    @staticmethod
    def _values(change: Change, look: Look, entry: ObjectType) -> Json:
        return still_differing(change, look.body or {}, entry) if change.action is Action.UPDATE else {}


def _result(meaning: Verdict) -> Result:
    return {Verdict.APPLIED: Result.APPLIED, Verdict.ALREADY: Result.ALREADY_RIGHT}.get(meaning, Result.FAILED)
