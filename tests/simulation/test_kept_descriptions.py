"""What a worker keeps of segments' descriptions between two batches changes nothing of what is sealed."""

from __future__ import annotations

import pytest

from shared.formats import segments
from shared.runs import describing, preparing
from shared.runs.staging import load_segment
from tests.simulation.days import Days
from tests.support import virtual_time


@pytest.mark.parametrize("ranges_kept", [0, 3])
def test_a_snapshot_is_the_same_whether_descriptions_are_kept_or_read_again(
    ranges_kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    async def counted(work: object, note: dict[str, object]) -> object:
        reads.append(str(note["name"]))
        return await load_segment(work, note)  # type: ignore[arg-type]

    async def story() -> tuple[list[object], list[int]]:
        days = Days(4, objects=60)
        whole = await days.captured()
        after = await days.captured()
        users = days.simulator.tenant.directory.stores["user"].live
        assert days.manifest(whole).types["user"].objects == len(users), "no shard is left out"
        return [days.manifest(whole).files, days.manifest(after).files], [
            await days.found(whole),
            await days.found(after),
        ]

    monkeypatch.setattr(segments, "SHARD_OBJECTS_MAX", 10)
    monkeypatch.setattr(preparing, "SHARDS_PER_RANGE", 1)  # several batches seal, a shard each
    monkeypatch.setattr(describing, "load_segment", counted)
    kept = virtual_time.run(story()), len(reads)
    reads.clear()
    monkeypatch.setattr(describing, "RANGES_KEPT", ranges_kept)
    again = virtual_time.run(story()), len(reads)
    assert kept[0] == again[0]
    assert again[0][1] == [0, 0]
    assert again[1] > kept[1], "descriptions that are not kept are read for every batch"
