"""What the batches of a job say of how the tenant was read, put together for whoever asks about the job.

Pure. Only what there is to say is there:
  ways         by type: `delta`, `ids` (only the objects that the scope names), or `full` and why
  incomplete   by type, or derived type: why it was left out as a whole
  nativeWatch  what was seen of Microsoft's own recoveries, or why nobody looked
  before       the sealed state that the capture went on from; `over` the base of a restore point
  liveAsOf     when the reading began that a report uses, where an earlier report has made it: `readBy`
  notAudited   by type: why changed owners or sponsors were not, or not all, found by the audit log
  check        how the whole reading was compared with what delta gave
  notCompared  by type: why a report or a recovery did not compare it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.catalogue.types import BY_NAME
from shared.domain.jobs import Batch, Kind, Step
from shared.runs.resyncing import reason


def notes_of(batches: Sequence[Batch]) -> dict[str, Any]:
    """Return the notes of a job."""
    notes: dict[str, Any] = {}
    for batch in batches:
        cursor = batch.cursor
        if batch.step is Step.PREPARE:
            ways = cursor.get("ways", {})
            notes["ways"] = {name: _way(said) for name, said in ways.items() if said["why"] or said["way"] != "full"}
            notes["incomplete"] = cursor.get("incomplete", {})
            notes["nativeWatch"] = cursor.get("watch", "")
            if "reading" in cursor:
                notes["liveAsOf"], notes["readBy"] = cursor["reading"]["began_at"], cursor["reading"]["job_id"]
            notes["before"], notes["over"] = cursor.get("before", ""), cursor.get("over", "")
        elif batch.step is Step.ROLL_FORWARD and reason(cursor):
            notes["ways"] = {**notes.get("ways", {}), str(batch.argument["type"]): f"full: {reason(cursor)}"}
        elif batch.step is Step.ROLL_FORWARD and cursor.get("unaudited"):
            notes["notAudited"] = {**notes.get("notAudited", {}), str(batch.argument["type"]): cursor["unaudited"]}
        elif batch.step is Step.CHECK:
            notes["check"] = cursor.get("check", "")
        elif batch.step is Step.COMPARE and cursor.get("notCompared"):
            notes["notCompared"] = cursor["notCompared"]
    return {name: said for name, said in notes.items() if said}


def left_out(kind: Kind, notes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an operator must be told of types that a snapshot does not hold, or that a job did not compare."""
    if kind is Kind.CAPTURE:
        named, said = notes.get("incomplete", {}), "INCOMPLETE: the snapshot does not hold"
    else:
        named, said = notes.get("notCompared", {}), "NOT COMPARED:"
    return tuple(f"{said} {_shown(name)}: {why}" for name, why in named.items())


def _shown(name: str) -> str:
    """Return what the API calls a type; a derived type has one name."""
    return BY_NAME[name].wire_name if name in BY_NAME else name


def _way(said: dict[str, str]) -> str:
    return said["way"] if said["way"] != "full" else f"full: {said['why']}"
