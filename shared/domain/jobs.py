"""Jobs, their batches, the lease they run under and the notes that carry them between workers.

Pure values. What moves a job's state is shared/jobs/states.py and nothing else.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from shared.domain.chosen import Chosen
from shared.domain.ledgers import SealedLedger
from shared.domain.protection import Protection
from shared.domain.scope import EVERYTHING, Scope, ScopeFile


class Kind(StrEnum):
    """What a job is for; the wire calls a report recoveryPreviewJob."""

    CAPTURE = "capture"
    REPORT = "report"
    RECOVERY = "recovery"
    VERIFY = "verify"


class State(StrEnum):
    """Where a job stands; the members are Graph's recoveryStatus."""

    INITIALIZED = "initialized"
    LOADING_DATA = "loadingData"
    CALCULATING = "calculating"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    ABANDONED = "abandoned"


class BatchState(StrEnum):
    """Where a batch stands: waiting for a worker, in the hands of one, or ended."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Step(StrEnum):
    """What a batch does. A job's batches run wave by wave; docs/jobs.md lists the waves of each kind."""

    PREPARE = "prepare"
    READ = "read"
    ROLL_FORWARD = "rollForward"
    SEAL = "seal"
    MANIFEST = "manifest"
    INDEX_CHANGES = "indexChanges"
    COMPARE = "compare"
    CHECK = "check"
    PLAN = "plan"
    REPLAN = "replan"
    MANUAL = "manual"
    RELINK = "relink"
    APPLY = "apply"
    CONFIRM = "confirm"
    TRACE = "trace"
    VERIFY = "verify"
    EXPLAIN = "explain"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the requester of a recovery allowed beyond restore, update and links.

    `undoes` and `repeats` name an ended recovery: this one puts back what that one found, or does what failed in it.
    A report that `makes_plan` ends with the plan a recovery would carry out (a dry run); a recovery that is
    `planned_by` such a report carries out exactly that plan, or nothing. `chosen` are the rows of a report, and what of
    each, that are brought back; None for everything in scope. `recreate_deleted` creates anew, with
    other ids, what was deleted for good. A job that `reads_whole` takes nothing over from a sealed state: it reads
    every object. A plain report may use the reading of an earlier one that is at most `fresh_minutes` old, 0 for never;
    None leaves that to the setting. `remove_newer_grants` takes away grants and assignments that the snapshot does not
    have (docs/decisions/0023-grants-are-removed-when-asked.md).
    """

    soft_delete_newer: bool = False
    remove_newer_grants: bool = False
    undoes: str = ""
    repeats: str = ""
    makes_plan: bool = False
    planned_by: str = ""
    chosen: Chosen | None = None
    recreate_deleted: bool = False
    reads_whole: bool = False
    fresh_minutes: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `snapshot_id` is the snapshot it will seal (capture), brings back (report, recovery) or proves.

    `plan_digest` names the plan: of a recovery the one it has to have, if any; of a report the one it made.
    `is_restore_point` asks a capture for an increment over the day's snapshot. `notes` is what the batches say of how
    the tenant was read; like `counts` it is put together when somebody asks, and empty in the row.
    `counts` and `warnings`, what an operator must be told of a job that went well, are gathered from its batches too.
    `against` is the snapshot that a report compares with `snapshot_id`; empty for the tenant as it is now. `ledger` is
    where the ledger of a recovery was sealed, the one thing that is added after the job's end. A scope of very many ids
    lies in `scope_file`; in the row its types have no ids then, so that whoever forgets the file acts on nothing.
    """

    tenant: str
    job_id: str
    kind: Kind
    state: State
    snapshot_id: str
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    against: str = ""
    scope: Scope = EVERYTHING
    scope_file: ScopeFile | None = None
    options: Options = Options()
    requested_by: str = ""
    is_cancel_asked: bool = False
    error_code: str = ""
    error: str = ""
    counts: dict[str, int] = {}
    plan_digest: str = ""
    is_restore_point: bool = False
    notes: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    ledger: SealedLedger | None = None

    def planned(self, digest: str) -> Job:
        """Return the job with the digest of the plan that it made."""
        return msgspec.structs.replace(self, plan_digest=digest)

    @property
    def asks_tenant(self) -> bool:
        """Whether the job reads or writes the tenant, which one job at a time may do (decision D10)."""
        return not self.against

    @property
    def seals_increment(self) -> bool:
        """Whether its reading of the tenant is kept as what changed since a sealed snapshot, when it can be."""
        return self.is_restore_point or self.kind is not Kind.CAPTURE


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one message covers. `argument` says what to do, `cursor` how far it got, `outputs` what it stored.

    `attempt` grows with every worker that takes the batch and is the fencing token within the job: names of blobs a
    worker writes carry it, so two workers never write one name. `counts` are cumulative figures for progress. `stalls`
    is how many workers have taken it since it last recorded anything; `error` why it failed, or why the last of them
    gave its message back.
    """

    job_id: str
    number: int
    wave: int
    step: Step
    state: BatchState = BatchState.WAITING
    attempt: int = 0
    owner: str = ""
    argument: dict[str, Any] = {}
    cursor: dict[str, Any] = {}
    outputs: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    error: str = ""
    stalls: int = 0


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole content of a queue message: ids, a batch number and a fencing token, never objects."""

    tenant: str
    job_id: str
    batch: int
    fencing_token: int


class SnapshotSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the snapshot list; rebuildable from the manifest it points at.

    `base_id` is empty for a snapshot; for a restore point it names the snapshot that it needs (manifests.py). `ways`
    says of each type `full` or `delta`; `incomplete` why a type was left out.
    `protection` is what the vault said of itself right after the seal; `alerts` say how the snapshot differs from the
    ones before it in a way that somebody should look at.
    """

    tenant: str
    snapshot_id: str
    base_id: str = ""
    job_id: str
    created_at: datetime
    sealed_at: datetime
    sequence: int
    manifest_name: str
    manifest_sha256: str
    counts: dict[str, int] = {}
    ways: dict[str, str] = {}
    incomplete: dict[str, str] = {}
    protection: Protection | None = None
    alerts: tuple[str, ...] = ()
