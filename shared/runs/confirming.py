"""Read again what a recovery has touched, and keep what is not as it was left: the verification report of the job.

Every batch's outcomes are looked at once. What is not confirmed then is looked at again after the lag that Graph's
replicas may have, all of it together. A crash repeats at most one batch's look, or the waiting at the end; files are
written under the attempt's number and count only once the batch row names them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.catalogue.types import type_named
from shared.domain.changes import Outcome, Result
from shared.domain.confirmations import Confirmation
from shared.domain.jobs import Batch, BatchState, Step
from shared.formats.records import CONFIRMATIONS, OUTCOMES, decode_records, encode_records
from shared.ports import Blobs, Clock, Directory
from shared.recover.confirm import confirmation
from shared.runs.ledger import Ledger
from shared.runs.looks import looked
from shared.runs.outcomes import recorded
from shared.runs.tenure import Pause, Tenure
from shared.runs.tracing import tracing

ROUND_SECONDS, ROUNDS_MAX = 20.0, 6  # "Microsoft Graph: facts": a write may take minutes to show everywhere
LOOK_MAX = 1_000  # outcomes looked at together


class Confirming:
    """The step confirm."""

    def __init__(self, ledger: Ledger, directory: Directory, work: Blobs, clock: Clock) -> None:
        self._ledger, self._directory, self._work, self._clock = ledger, directory, work, clock

    async def confirm(self, tenure: Tenure) -> Pause | None:
        """Look at every applied change once, then again at those that were not confirmed."""
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        applied = [batch for batch in batches if batch.step is Step.APPLY]
        for place in range(int(tenure.batch.cursor.get("batches", 0)), len(applied)):
            await self._first_look(tenure, place, applied[place])
            if pause := await tenure.pause():
                return pause
        await self._last_look(tenure)
        return None

    async def _first_look(self, tenure: Tenure, place: int, batch: Batch) -> None:
        outcomes = [one for one in await recorded(self._work, [batch]) if one.result is not Result.FAILED]
        open_ones = [one for one, _found in await self._unconfirmed(outcomes)]
        outputs, counts = list(tenure.batch.outputs), dict(tenure.batch.counts)
        if open_ones:
            content, digest = encode_records(OUTCOMES, open_ones)
            name = f"{self._prefix(tenure)}/{place:05d}-{tenure.batch.attempt}.ndz"
            await self._work.create(name, content)
            outputs.append({"name": name, "sha256": digest, "records": len(open_ones)})
        counts["confirmed"] = counts.get("confirmed", 0) + len(outcomes) - len(open_ones)
        cursor = {"batches": place + 1}
        await tenure.record(msgspec.structs.replace(tenure.batch, cursor=cursor, outputs=outputs, counts=counts))

    async def _last_look(self, tenure: Tenure) -> None:
        left: list[tuple[Outcome, Confirmation]] = []
        open_ones: list[Outcome] = []
        for output in tenure.batch.outputs:
            content = await self._work.read(output["name"])
            open_ones += decode_records(content, Outcome, OUTCOMES, name=output["name"], expected=output["sha256"])
        total = len(open_ones)
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

    async def _unconfirmed(self, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, Confirmation]]:
        by_type: dict[str, list[Outcome]] = {}
        for one in outcomes:
            by_type.setdefault(one.type, []).append(one)
        found: list[tuple[Outcome, Confirmation]] = []
        for type_name, of_type in by_type.items():
            entry = type_named(type_name)
            for start in range(0, len(of_type), LOOK_MAX):
                some = of_type[start : start + LOOK_MAX]
                there = [msgspec.structs.replace(one, object_id=one.new_id or one.object_id) for one in some]
                looks = await looked(self._directory, entry, there)
                told = (
                    (one, confirmation(one, looks[now.object_id], entry)) for one, now in zip(some, there, strict=True)
                )
                found += [(one, said) for one, said in told if said is not None]
        return found

    @staticmethod
    def _prefix(tenure: Tenure) -> str:
        return f"{tenure.job.tenant}/{tenure.job.job_id}/confirm"
