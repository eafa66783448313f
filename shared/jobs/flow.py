"""Which batches of a job may run now: wave after wave, within the width that its step allows.

Pure. Promises (tests/unit/jobs/test_flow.py checks each by name):
  F1  no batch of a wave is released before every batch of all lower waves is done
  F2  steps that write to the tenant run one batch at a time, so one worker paces them
  F3  a job is finished exactly when every batch is done
  F4  a job with a failed batch releases nothing and says which error ends it
  F5  releasing twice is harmless: the same rows give the same answer
  F6  whatever ends at the same time, and whoever sees it, each batch that becomes free is sent by at least one end
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from shared.domain.jobs import Batch, BatchState, Kind, Step

# How many batches of one step run at once. Reading: Graph's read quota is far above what one paging chain uses
# ("Throttling": 8,000 units per 10 s); writing: quotas are per app, so a second worker would only share them.
WIDTH: Mapping[Step, int] = MappingProxyType(
    {
        Step.PREPARE: 1,
        Step.READ: 8,
        Step.ROLL_FORWARD: 4,
        Step.SEAL: 4,
        Step.MANIFEST: 1,
        Step.INDEX_CHANGES: 1,
        Step.COMPARE: 8,
        Step.CHECK: 1,
        Step.PLAN: 1,
        Step.REPLAN: 1,
        Step.MANUAL: 1,
        Step.RELINK: 1,
        Step.APPLY: 1,
        Step.EXPLAIN: 1,
        Step.CONFIRM: 4,
        Step.TRACE: 1,
        Step.VERIFY: 1,
    }
)

# Counts of a comparison that reads nothing of the tenant: its shards, and those it is done with.
SHARDS_PLANNED, SHARDS_COMPARED = "shardsToCompare", "shardsCompared"

# Which queue carries a kind's notes (decision D11 and section 4 of the architecture page).
QUEUE: Mapping[Kind, str] = MappingProxyType(
    {Kind.CAPTURE: "capture", Kind.REPORT: "compare", Kind.RECOVERY: "recover", Kind.VERIFY: "compare"}
)


class Release(msgspec.Struct, frozen=True):
    """What to do next: send a note for each of `numbers`; `is_finished` when nothing is left to do.

    `failure` is the error of a batch that failed for good: the job has to end by it.
    """

    numbers: tuple[int, ...]
    is_finished: bool = False
    failure: str = ""


def release(batches: Sequence[Batch]) -> Release:
    """Return which batches should be with workers now, those already running included."""
    undone = [batch for batch in batches if batch.state is not BatchState.DONE]
    for batch in undone:
        if batch.state is BatchState.FAILED:
            return Release((), failure=batch.error or f"batch {batch.number} failed")
    if not undone:
        return Release((), is_finished=True)
    wave = min(batch.wave for batch in undone)
    current = sorted((batch for batch in undone if batch.wave == wave), key=lambda batch: batch.number)
    return Release(tuple(batch.number for batch in current[: WIDTH[current[0].step]]))


def to_send(batches: Sequence[Batch]) -> tuple[int, ...]:
    """Return the released batches that no worker has yet; running ones come back by redelivery or the watchdog."""
    waiting = {batch.number for batch in batches if batch.state is BatchState.WAITING}
    return tuple(number for number in release(batches).numbers if number in waiting)


def warnings(batches: Sequence[Batch]) -> tuple[str, ...]:
    """Return what the batches say that an operator must be told, in their order, each sentence once."""
    said = (text for batch in batches for output in batch.outputs for text in output.get("warnings", ()))
    return tuple(dict.fromkeys(str(text) for text in said))


def to_send_after(batches: Sequence[Batch], number: int) -> tuple[int, ...]:
    """Return the batches that the end of batch `number`, seen in these rows, has to send.

    Others of the wave may have ended meanwhile, and each of them may see the other's end. Ends are therefore taken to
    have come in the order of their numbers: those with higher ones count as still running. A batch may be sent twice.
    """
    ended = next(batch for batch in batches if batch.number == number)
    before = [
        msgspec.structs.replace(batch, state=BatchState.RUNNING)
        if batch.wave == ended.wave and batch.state is BatchState.DONE and batch.number >= number
        else batch
        for batch in batches
    ]
    already_sent = set(release(before).numbers)
    return tuple(freed for freed in to_send(batches) if freed not in already_sent)


def totals(batches: Sequence[Batch]) -> dict[str, int]:
    """Return the sum of every count over all batches."""
    sums: dict[str, int] = {}
    for batch in batches:
        for name, count in batch.counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums
