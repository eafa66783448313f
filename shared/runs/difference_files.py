"""Which files of differences a job has stored, by the outputs of its batches, and what they name that neither side has.

Pure: reads what the batch rows say. The files themselves are read by shared/runs/comparing.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.changes import UnknownObject
from shared.domain.jobs import Batch, Step

UNKNOWN_PART = "unknownObjects"  # `part` of the outputs that list ids which neither side has
NAMED_MAX = 5  # of them that a job's warning names; a batch's row has room for many more outputs, not for many names


def difference_files(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of differences of a job, in shard order; an undo or a retry has made its own."""
    return _outputs(batches, "")


def unknown_files(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of objects that a job's scope names and neither side has, in shard order."""
    return _outputs(batches, UNKNOWN_PART)


def not_found(batches: Sequence[Batch]) -> tuple[str, ...]:
    """Return what an operator must be told of such objects: how many, and the first of them by name."""
    files = unknown_files(batches)
    total = sum(int(file["records"]) for file in files)
    if not total:
        return ()
    named = [text for file in files for text in file.get("named", ())][:NAMED_MAX]
    more = f" and {total - len(named)} more" if total > len(named) else ""
    return (f"NOT FOUND: neither side has {total} of the objects asked for: {', '.join(named)}{more}",)


def first_named(unknown: Sequence[UnknownObject], outputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the first unknown objects, as many as a job's warning has room for after earlier outputs."""
    room = NAMED_MAX - sum(len(output.get("named", ())) for output in outputs)
    return [f"{one.type} {one.object_id}" for one in unknown[: max(0, room)]]


def _outputs(batches: Sequence[Batch], part: str) -> list[dict[str, Any]]:
    telling = (batch for batch in batches if batch.step in {Step.COMPARE, Step.REPLAN})
    named = (output for batch in telling for output in batch.outputs if "name" in output)
    return [output for output in named if output.get("part", "") == part]
