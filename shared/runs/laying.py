"""Foretell what a plan comes to, store its changes as batch files, and make the batch rows that point at them.

Files are written under the attempt's number; a crash before the rows are recorded leaves files that nothing names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shared.catalogue.types import TYPES
from shared.catalogue.waves import Wave
from shared.domain.changes import Change
from shared.domain.errors import PlanChangedError
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.formats.records import CHANGES, encode_records
from shared.ports import Blobs
from shared.recover.dealing import BATCH_CHANGES_MAX, BATCH_LINKS_MAX, batches
from shared.recover.estimate import Estimate, Estimator
from shared.recover.recreating import depth, in_order, is_created_anew
from shared.runs.preparing import WAVE_PLAN
from shared.runs.renewing import RENEWS
from shared.runs.tenure import Tenure

WAVE_CONFIRM = WAVE_PLAN + max(wave.place for wave in Wave) + 1
CONFIRM_NUMBER = 99_999  # the last there can be
LAID_LATER = frozenset({Step.APPLY, Step.RELINK, Step.CONFIRM})
NUMBERS_PER_PLACE = 10_000  # batches; the waves at place p count from p times this
# What follows another wave at the same place: writing steps run in order of numbers.
AFTER_NUMBERS = {Wave.RECREATE: 15_000, Wave.SOFT_DELETE: 92_000, Wave.APPLICATION_DELETE: 97_000}
CONFIRM_PARTS_MAX = 4  # as many as read side by side (jobs/flow.py)
CONFIRM_CHANGES = 10_000  # below that many changes one batch reads them all in a few seconds


def estimator(job: Job, writers: int) -> Estimator:
    """Return what adds up a plan for the job, which so many identities would write."""
    about: dict[str, object] = {"tenant": job.tenant, "snapshot_id": job.snapshot_id, "scope": job.scope}
    if job.options.chosen is not None:
        about["chosen"] = job.options.chosen
    return Estimator(about, writers)


def foretold(job: Job, adding: Estimator) -> Estimate:
    """Return what a plan comes to; raise PlanChangedError when the job was to carry out another one."""
    estimate = adding.estimate()
    if job.plan_digest and job.plan_digest != estimate.digest:
        raise PlanChangedError(planned=job.plan_digest, now=estimate.digest)
    return estimate


def confirmations(job: Job, changes: int) -> list[Batch]:
    """Return the batches that read again what the others have touched: several side by side when that is much.

    The last one closes: it looks once more at what the others found otherwise, and keeps the report.
    """
    parts = min(CONFIRM_PARTS_MAX, changes // CONFIRM_CHANGES)
    looking = [
        Batch(
            job_id=job.job_id,
            number=CONFIRM_NUMBER - parts + part,
            wave=WAVE_CONFIRM,
            step=Step.CONFIRM,
            argument={"part": part, "parts": parts},
        )
        for part in range(parts)
    ]
    wave, argument = (WAVE_CONFIRM + 1, {"parts": 0}) if parts else (WAVE_CONFIRM, {})
    closing = Batch(job_id=job.job_id, number=CONFIRM_NUMBER, wave=wave, step=Step.CONFIRM, argument=argument)
    return [*looking, closing]


def relinking(job: Job) -> list[Batch]:
    """Return the batch that reads references again after the restores; none where no type in scope has any."""
    if not any(entry.references and job.scope.covers_type(entry.name) for entry in TYPES):
        return []
    number, wave = first_number(Wave.RELINK), WAVE_PLAN + Wave.RELINK.place
    return [Batch(job_id=job.job_id, number=number, wave=wave, step=Step.RELINK)]


def first_number(wave: Wave) -> int:
    """Return the number of the first batch of a wave; later waves have higher ones."""
    return AFTER_NUMBERS.get(wave, wave.place * NUMBERS_PER_PLACE)


class Laying:
    """Lays out the batches of one planning step as its changes come; nothing counts before the step records them.

    Changes of one wave and type fill a batch; what is left of all types at the end shares the wave's last batches.
    What is created anew has an order over all types (recreating.depth), so those batches are numbered at the end.
    """

    def __init__(self, work: Blobs, tenure: Tenure) -> None:
        self._work, self._tenure = work, tenure
        self._left: dict[tuple[Wave, str], list[Change]] = {}
        self._laid: list[Batch] = []
        self._counts = Counter[Wave]()
        self._anew: dict[int, list[Change]] = {}  # by depth
        self._stored: dict[int, list[dict[str, Any]]] = {}  # full batches of what is created anew, by depth

    async def add(self, wave: Wave, changes: Iterable[Change]) -> None:
        """Take changes of one wave; their order within a type is kept."""
        for change in changes:
            if wave is Wave.RECREATE:
                await self._add_anew(change)
                continue
            waiting = self._left.setdefault((wave, change.type), [])
            waiting.append(change)
            if len(waiting) == BATCH_CHANGES_MAX:
                await self._lay(wave, waiting)
                self._left[wave, change.type] = []

    async def end(self) -> list[Batch]:
        """Store what is left; return every batch that was laid out."""
        for wave in sorted({wave for wave, _type in self._left}):
            rest = [change for (known, _type), some in self._left.items() if known is wave for change in some]
            for some in batches(sorted(rest, key=lambda change: change.change_id)):
                await self._lay(wave, some)
        for place in sorted({*self._anew, *self._stored}):
            if waiting := self._anew.get(place):
                self._stored.setdefault(place, []).append(await self._store_anew(place, waiting))
            for argument in self._stored.get(place, ()):
                self._name(Wave.RECREATE, argument)
        self._left, self._anew, self._stored = {}, {}, {}
        return self._laid

    async def add_dealt(self, wave: Wave, changes: Iterable[Change]) -> None:
        """Lay out changes to references of one wave in just this order."""
        for some in batches(changes, BATCH_LINKS_MAX):
            await self._lay(wave, some)

    async def _add_anew(self, change: Change) -> None:
        """Keep what is created anew, a batch of each depth at most; only the end tells the numbers of the batches."""
        place = depth(change)
        waiting = self._anew.setdefault(place, [])
        waiting.append(change)
        if len(waiting) == BATCH_CHANGES_MAX:
            self._stored.setdefault(place, []).append(await self._store_anew(place, waiting))
            self._anew[place] = []

    async def _store_anew(self, place: int, some: Sequence[Change]) -> dict[str, Any]:
        label = f"anew-{place}-{len(self._stored.get(place, ())):05d}"
        return await self._store(Wave.RECREATE, label, in_order(some))

    async def _lay(self, wave: Wave, some: Sequence[Change]) -> None:
        number = first_number(wave) + self._counts[wave]
        self._name(wave, await self._store(wave, f"{number:05d}", some))

    async def _store(self, wave: Wave, label: str, some: Sequence[Change]) -> dict[str, Any]:
        """Write one batch's changes; return what its row says of them."""
        job = self._tenure.job
        name = f"{job.tenant}/{job.job_id}/plan/{label}-{self._tenure.batch.attempt}.ndz"
        content, digest = encode_records(CHANGES, some)
        await self._work.create(name, content)
        argument: dict[str, Any] = {"name": name, "sha256": digest, "changes": len(some), "wave": wave.place}
        return argument | ({RENEWS: True} if any(map(is_created_anew, some)) else {})

    def _name(self, wave: Wave, argument: dict[str, Any]) -> None:
        number = first_number(wave) + self._counts[wave]
        self._counts[wave] += 1
        at = WAVE_PLAN + wave.place
        self._laid.append(
            Batch(job_id=self._tenure.job.job_id, number=number, wave=at, step=Step.APPLY, argument=argument)
        )


def replacing(earlier: Iterable[Batch], laid: Sequence[Batch]) -> list[Batch]:
    """Return `laid`, and in place of rows that only an attempt that died has laid out, rows with nothing to do.

    More than one transaction of rows is recorded in several, so a first attempt may have left rows that a second one,
    which found less to do, does not replace. `earlier` are the rows of the waves that the step lays out.
    """
    known = {batch.number for batch in laid}
    left = (batch for batch in earlier if batch.step in LAID_LATER and batch.number not in known)
    return [*laid, *(msgspec.structs.replace(batch, state=BatchState.DONE, argument={}) for batch in left)]
