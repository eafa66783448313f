"""The floor beside a capture does what the floor alone does, and is told of every answer that was compressed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench import floors, stages
from bench.beside import Beside
from bench.capture import figures_of


def test_both_floors_open_the_same_bytes(tmp_path: Path) -> None:
    answers = [gzip.compress(b'{"value":[]}'), gzip.compress(b'{"value":[{"id":"a"}]}')]
    recorded = tmp_path / "answers"
    recorded.write_bytes(b"".join(len(answer).to_bytes(4) + answer for answer in answers))
    beside = Beside()
    for answer in answers:
        beside.take(answer)
    cpu_s, opened = beside.end()
    assert opened == floors.open_and_store(recorded) == 12 + 22
    assert cpu_s > 0


def test_a_floor_that_opened_other_bytes_is_no_floor() -> None:
    capturing = stages.Stage(result={"opened": 34}, cpu_s=1.0, wall_s=1.0, peak_rss_mb=1.0)
    alone = stages.Stage(result=12, cpu_s=1.0, wall_s=1.0, peak_rss_mb=1.0)
    with pytest.raises(stages.StageError, match="34 and 12 bytes"):
        figures_of(capturing, alone)
