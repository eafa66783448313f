"""Read again what a recovery has touched, and keep what is not as it was left: the verification report of the job.

Every batch's outcomes are looked at once, several files of them together, so that an object which many of them touched
is read seldom; a large recovery shares that among several batches of this step (runs/laying.py). What is not confirmed
then is looked at again after the lag that Graph's replicas may have, all of it together, by the batch that closes.

A crash repeats at most one look at about OUTCOMES_AT_ONCE outcomes, or the waiting at the end; files are written under
the attempt's number and count only once the batch row names them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.domain.changes import Action, Outcome, Result
from shared.domain.confirmations import Confirmation
from shared.domain.jobs import Batch, BatchState, Step
from shared.formats.records import CONFIRMATIONS, OUTCOMES, decode_records, encode_records
from shared.ports import Blobs, Clock, Directory
from shared.recover.confirm import confirmation
from shared.recover.decide import Look
from shared.recover.refusals import NOT_AS_PLANNED
from shared.runs.ledger import Ledger
from shared.runs.outcomes import LINKS, outcomes_in
from shared.runs.tenure import Pause, Tenure
from shared.runs.tracing import tracing

ROUND_SECONDS, ROUNDS_MAX = 20.0, 6  # "Microsoft Graph: facts": a write may take minutes to show everywhere
OUTCOMES_AT_ONCE = 10_000  # about 10 MB
LOOK_MAX = 5_000  # objects read together: about 10 MB of bodies, and every $batch is full
_DELETED = re.compile(rf"outcome\.[^.]+\.{Action.SOFT_DELETE}\.")  # of a batch's counts
OPEN = "open"  # of a batch's cursor: the files that hold what its first look did not confirm


class Confirming:
    """The step confirm."""

    def __init__(self, ledger: Ledger, directory: Directory, work: Blobs, clock: Clock) -> None:
        self._ledger, self._directory, self._work, self._clock = ledger, directory, work, clock

    async def confirm(self, tenure: Tenure) -> Pause | None:
        """Look at every applied change of this batch's share once; the closing one looks again at what was left."""
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        applied = [batch for batch in batches if batch.step is Step.APPLY]
        part, parts = (int(tenure.batch.argument.get(name, known)) for name, known in (("part", 0), ("parts", 1)))
        ours = applied[part::parts] if parts else []
        files = [output for batch in ours for output in batch.outputs]
        place = _seen(tenure.batch, ours)
        while place < len(files):
            end = _end(files, place)
            await self._first_look(tenure, place, files[place:end])
            place = end
            if pause := await tenure.pause():
                return pause
        if "part" in tenure.batch.argument:
            await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE))
            return None
        others = [batch for batch in batches if batch.step is Step.CONFIRM and batch.number != tenure.batch.number]
        await self._last_look(tenure, [*others, tenure.batch])
        return None

    async def _first_look(self, tenure: Tenure, place: int, files: Sequence[dict[str, Any]]) -> None:
        outcomes = [
            one
            for file in files
            for one in await outcomes_in(self._work, file)
            if one.result is not Result.FAILED or one.error_code == NOT_AS_PLANNED
        ]
        open_ones = [one for one, _found in await self._unconfirmed(outcomes)]
        counts, listed = dict(tenure.batch.counts), _open_files(tenure.batch)
        if open_ones:
            content, digest = encode_records(OUTCOMES, open_ones)
            name = f"{self._prefix(tenure)}/{place:05d}-{tenure.batch.attempt}.ndz"
            await self._work.create(name, content)
            listed.append({"name": name, "sha256": digest, "records": len(open_ones)})
        counts["confirmed"] = counts.get("confirmed", 0) + len(outcomes) - len(open_ones)
        cursor = {"files": place + len(files), OPEN: listed}
        await tenure.record(msgspec.structs.replace(tenure.batch, cursor=cursor, outputs=[], counts=counts))

    async def _last_look(self, tenure: Tenure, batches: Sequence[Batch]) -> None:
        left: list[tuple[Outcome, Confirmation]] = []
        open_ones: list[Outcome] = []
        for output in (output for batch in batches for output in _open_files(batch)):
            content = await self._work.read(output["name"])
            open_ones += decode_records(content, Outcome, OUTCOMES, name=output["name"], expected=output["sha256"])
        total = len(open_ones)
        gone = await self._deleted_by_us(tenure) if open_ones else frozenset()
        open_ones = [
            one for one in open_ones if one.action is Action.SOFT_DELETE or (one.type, one.object_id) not in gone
        ]
        for _round in range(ROUNDS_MAX):
            if not open_ones:
                break
            await self._clock.sleep(ROUND_SECONDS)
            left = await self._unconfirmed(open_ones)
            open_ones = [one for one, _found in left]
        found = [confirmed for _one, confirmed in left]
        counts = dict(tenure.batch.counts)
        counts["confirmed"] = counts.get("confirmed", 0) + total - len(found)
        for one in found:
            counts[one.standing] = counts.get(one.standing, 0) + 1
        content, digest = encode_records(CONFIRMATIONS, found)
        name = f"{self._prefix(tenure)}/report-{tenure.batch.attempt}.ndz"
        await self._work.create(name, content)
        outputs = [{"name": name, "sha256": digest, "records": len(found)}]
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=outputs, counts=counts)
        await tenure.record(done, added=tracing(tenure.batch, found))

    async def _deleted_by_us(self, tenure: Tenure) -> frozenset[tuple[str, str]]:
        """Return what the job itself has soft-deleted, last of all it did: no other change to it can be seen any more.

        An undo does so to what the recovery had restored, after it has taken back what the recovery did to it besides.
        """
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        deleting = (batch for batch in batches if batch.step is Step.APPLY and any(map(_DELETED.match, batch.counts)))
        outcomes = [one for batch in deleting for file in batch.outputs for one in await outcomes_in(self._work, file)]
        ours = (one for one in outcomes if one.action is Action.SOFT_DELETE and one.result is not Result.FAILED)
        return frozenset((one.type, one.object_id) for one in ours)

    async def _unconfirmed(self, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, Confirmation]]:
        found: list[tuple[Outcome, Confirmation]] = []
        for name in dict.fromkeys(one.type for one in outcomes):
            entry = type_named(name)
            of_objects = [one for one in outcomes if one.type == name and one.action not in LINKS]
            for start in range(0, len(of_objects), LOOK_MAX):
                found += await self._objects(entry, of_objects[start : start + LOOK_MAX])
            for reference in sorted({one.reference for one in outcomes if one.type == name and one.action in LINKS}):
                found += await self._links(
                    entry, reference, [one for one in outcomes if (one.type, one.reference) == (name, reference)]
                )
        return found

    async def _objects(self, entry: ObjectType, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, Confirmation]]:
        live = await self._directory.find(entry, sorted(set(map(_now, outcomes))))
        found: list[tuple[Outcome, Confirmation]] = []
        for one in outcomes:
            state = live[_now(one)]
            body = msgspec.json.decode(state.body) if state.body is not None else None
            if said := confirmation(one, Look(body, state.is_deleted), entry):
                found.append((one, said))
        return found

    async def _links(
        self, entry: ObjectType, reference: str, outcomes: Sequence[Outcome]
    ) -> list[tuple[Outcome, Confirmation]]:
        """Look at references alone: only a live object has any, and an object that is not live is left out."""
        live = await self._directory.references(entry, reference, sorted(set(map(_now, outcomes))))
        looks = {known: Look({}, links={reference: frozenset(others)}) for known, others in live.items()}
        found: list[tuple[Outcome, Confirmation]] = []
        for one in outcomes:
            look = looks.get(_now(one)) or Look(None)
            if said := confirmation(one, look, entry):
                found.append((one, said))
        return found

    @staticmethod
    def _prefix(tenure: Tenure) -> str:
        return f"{tenure.job.tenant}/{tenure.job.job_id}/confirm/{tenure.batch.number:05d}"


def _now(one: Outcome) -> str:
    """Return the id that the object has by now: what was created anew has another one."""
    return one.new_id or one.object_id


def _seen(batch: Batch, ours: Sequence[Batch]) -> int:
    """Return how many files of outcomes were looked at; earlier versions counted whole batches."""
    if "files" in batch.cursor:
        return int(batch.cursor["files"])
    return sum(len(one.outputs) for one in ours[: int(batch.cursor.get("batches", 0))])


def _end(files: Sequence[dict[str, Any]], place: int) -> int:
    """Return the place after the files, from `place` on, that are looked at together."""
    records = 0
    while place < len(files) and (not records or records + int(files[place]["records"]) <= OUTCOMES_AT_ONCE):
        records += int(files[place]["records"])
        place += 1
    return place


def _open_files(batch: Batch) -> list[dict[str, Any]]:
    """Return the files of what a first look left; batches of earlier versions kept them as outputs until they ended."""
    return [*batch.cursor.get(OPEN, ()), *batch.outputs]
