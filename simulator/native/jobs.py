"""Snapshots and jobs of the built-in backup: plain records, and which of them there are at a given time.

Follows the Microsoft Graph pages of the namespace `microsoft.graph.entraRecoveryServices`.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from simulator.moments import DAY_SECONDS, stamp
from simulator.types.schema import JsonObject

SPACE = "microsoft.graph.entraRecoveryServices"
PREVIEW, RECOVERY = "recoveryPreviewJob", "recoveryJob"


def snapshot_id(at: float) -> str:
    """Return the id of a snapshot: its time in unix seconds, in base64, as the service writes it."""
    return base64.b64encode(str(int(at)).encode()).decode()


def snapshot_at(object_id: str) -> float | None:
    """Return the time an id stands for, None for what is no snapshot's id."""
    try:
        return float(int(base64.b64decode(object_id + "=" * (-len(object_id) % 4), validate=True)))
    except (binascii.Error, ValueError):
        return None


@dataclass(slots=True)
class Job:
    """One preview or recovery. It ends at `ends_at`, or when it is cancelled before."""

    job_id: str
    kind: str
    snapshot_at: float
    started_at: float
    ends_at: float
    criteria: JsonObject | None
    changes: list[JsonObject] = field(default_factory=list)
    failed: list[JsonObject] = field(default_factory=list)
    links: int = 0
    is_cancelled: bool = False

    def status(self, now: float) -> str:
        """Return the job's state at a time."""
        if self.is_cancelled:
            return "abandoned"
        return "successful" if now >= self.ends_at else "running"

    def shown(self, now: float) -> dict[str, Any]:
        """Return the JSON form of the job, without its type."""
        is_over = self.status(now) != "running"
        body: dict[str, Any] = {
            "id": self.job_id,
            "status": self.status(now),
            "targetStateDateTime": stamp(self.snapshot_at),
            "jobStartDateTime": stamp(self.started_at),
            "jobCompletionDateTime": stamp(self.ends_at) if is_over else None,
            "filteringCriteria": self.criteria,
            "totalChangedObjectsCalculated": len(self.changes) if is_over else None,
            "totalChangedLinksCalculated": self.links if is_over else None,
        }
        if self.kind == RECOVERY:
            done = len(self.changes) - len(self.failed)
            body["totalObjectsModified"] = done if is_over else 0
            body["totalLinksModified"] = self.links if is_over else 0
            body["totalFailedChanges"] = len(self.failed) if is_over else None
        return body


@dataclass(slots=True)
class NativeJobs:
    """All snapshots and jobs of one tenant; `started_at` is when its backup began."""

    started_at: float = 0.0
    taken: list[float] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)

    def snapshots(self, now: float, *, hour: int, kept: int) -> list[float]:
        """Return the times there are snapshots of, newest first: one a day, and those taken on demand."""
        first = self.started_at // DAY_SECONDS * DAY_SECONDS + hour * 3_600
        days = range(max(0, int((now - first) // DAY_SECONDS) + 1))
        daily = [at for day in days[-kept - 1 :] if (at := first + day * DAY_SECONDS) >= self.started_at]
        return sorted({*daily, *self.taken}, reverse=True)[:kept]

    def running(self, now: float) -> Job | None:
        """Return the job that is not over yet; there is one at most."""
        return next((job for job in self.jobs.values() if job.status(now) == "running"), None)
