"""An undo of many outcomes, turned some objects at a time, is the undo of all of them at once."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from shared.domain.changes import Action, Change, Json, Outcome, Result
from shared.domain.jobs import Batch, Job, Kind, Note, Options, State, Step
from shared.formats.records import OUTCOMES, encode_records
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import SequentialIds
from shared.memory.rows import MemoryRows
from shared.recover.decide import outcome
from shared.recover.undo import Reversal, repeating, undoing
from shared.runs import reversing
from shared.runs.ledger import Ledger
from shared.runs.reversing import Reversing
from tests.support import virtual_time
from tests.support.builders import TENANT, a_batch, a_change, a_job, a_link_change, an_id

Parts = list[Reversal]


def ended(change: Change, before: Json, result: Result = Result.APPLIED) -> Outcome:
    return outcome(change, result, before=before)


def what_happened() -> list[list[Outcome]]:
    """Return the outcomes of three batches: most objects are in several, and one group was made anew and then set."""
    users = [f"user-{number}" for number in range(40)]
    made = msgspec.structs.replace(
        ended(a_change("gone", type="group", action=Action.RECREATE), {"isThere": False}), new_id=an_id("again")
    )
    restored = [ended(a_change(one, action=Action.RESTORE), {"isDeleted": True}) for one in users[:20]]
    updated = [
        ended(a_change(one), {"city": "Rome"}, Result.FAILED if place % 3 == 0 else Result.APPLIED)
        for place, one in enumerate(users)
    ]
    later = ended(a_change("again", type="group", target={"description": "as it was"}), {"description": None})
    links = [ended(a_link_change(one), {"members": False}) for one in users[:9]]
    return [[made, *restored], [*updated, later], links]


async def reversed_in_parts(options: Options, files: Sequence[Sequence[Outcome]]) -> tuple[Parts, Parts]:
    """Return what two readings of the dealt outcomes give."""
    clock = virtual_time.VirtualClock()
    rows, work = MemoryRows(clock), MemoryBlobs(clock)
    ledger = Ledger(rows, clock, SequentialIds(1), lease_seconds=60)
    job: Job = a_job(kind=Kind.RECOVERY, state=State.CALCULATING, options=options)
    lease = await ledger.begin(job, [Batch(job_id=job.job_id, number=1, wave=6, step=Step.REPLAN)])
    assert lease is not None
    note = Note(tenant=TENANT, job_id=job.job_id, batch=1, fencing_token=lease.fencing_token)
    batches = []
    for number, outcomes in enumerate(files):
        content, digest = encode_records(OUTCOMES, outcomes)
        await work.create(f"outcomes-{number}", content)
        output = {"name": f"outcomes-{number}", "sha256": digest, "records": len(outcomes)}
        batches.append(a_batch(20_000 + number, step=Step.APPLY, outputs=[output]))
    turned = Reversing(work, await ledger.enter(note))
    await turned.deal(batches)
    return [one async for one in turned.reversals()], [one async for one in turned.reversals()]


@pytest.mark.parametrize("is_undo", [True, False])
def test_in_many_parts_the_same_is_asked_for_as_in_one(monkeypatch: pytest.MonkeyPatch, *, is_undo: bool) -> None:
    monkeypatch.setattr(reversing, "OUTCOMES_AT_ONCE", 7)
    monkeypatch.setattr(reversing, "DEALT_BYTES_MAX", random.Random(1).randrange(500, 4_000))
    files = what_happened()
    options = Options(undoes="job") if is_undo else Options(repeats="job")
    parts, again = virtual_time.run(reversed_in_parts(options, files))
    assert len(parts) > 3, "all in one part shows nothing"
    assert parts == again, "it may be read as often as somebody wants to"
    whole = (undoing if is_undo else repeating)([one for outcomes in files for one in outcomes])
    rows = sorted((row for part in parts for row in part.differences), key=repr)
    assert rows == sorted(whole.differences, key=repr)
    assert {key: told for part in parts for key, told in part.expected.items()} == whole.expected


def test_a_small_recovery_is_turned_at_once() -> None:
    parts, _again = virtual_time.run(reversed_in_parts(Options(undoes="job"), what_happened()))
    assert len(parts) == 1
