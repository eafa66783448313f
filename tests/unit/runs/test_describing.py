"""What a batch that seals is told of the segments that the readers stored."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.errors import NotFoundError
from shared.domain.jobs import Batch, BatchState, Step
from shared.formats.links import LinkSpool
from shared.formats.segments import Segment
from shared.formats.spooling import Spool
from shared.memory.blobs import MemoryBlobs
from shared.runs import describing
from shared.runs.describing import Descriptions
from shared.runs.staging import load_segment, store_segment
from tests.support.builders import an_id

SHARDS = 8


async def stored(work: MemoryBlobs, number: int, step: Step) -> Batch:
    """Return a reader's batch whose one segment has objects in every shard; that of a roll-forward is an increment."""
    spool, links = Spool(SHARDS), LinkSpool(SHARDS, is_increment=step is Step.ROLL_FORWARD)
    ids = [an_id(f"{number}-{one}") for one in range(100)]
    spool.add_all(ids, [b'{"id":"x"}'] * len(ids), type_code=1)
    note = await store_segment(work, f"t/j/read/{number}", spool, links)
    return Batch(job_id="j", number=number, wave=1, step=step, state=BatchState.DONE, outputs=[note])


def shards_of(segment: Segment) -> list[set[int]]:
    return [{part.shard for part in file.shards} for file in segment.files]


@pytest.mark.parametrize("kept", [0, 3 * SHARDS, 1000])
def test_a_batch_is_told_of_its_own_shards_and_of_all_that_an_increment_holds(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "RANGES_KEPT", kept)

    async def story() -> None:
        work = MemoryBlobs()
        batches = [await stored(work, 2, Step.ROLL_FORWARD), await stored(work, 1, Step.READ)]
        whole = [await load_segment(work, batch.outputs[0]) for batch in reversed(batches)]
        described = Descriptions(work)
        for first, end in ((2, 4), (0, SHARDS), (7, 8)):
            read, rolled = await described.within("j", batches, first, end)
            assert shards_of(read) == [set(range(first, end))] * 2
            assert [file.shards for file in read.files] == [file.shards[first:end] for file in whole[0].files]
            assert rolled == whole[1]

    asyncio.run(story())


def test_descriptions_of_another_job_are_forgotten() -> None:
    async def story() -> None:
        work = MemoryBlobs()
        batch = await stored(work, 1, Step.READ)
        described = Descriptions(work)
        await described.within("j", [batch], 0, 1)
        work.contents.clear()
        await described.within("j", [batch], 1, 2)
        with pytest.raises(NotFoundError, match=r"t/j/read/1\.json"):
            await described.within("another", [batch], 0, 1)

    asyncio.run(story())
