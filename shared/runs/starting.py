"""Start reports and recoveries, and cancel jobs, as somebody asks for it.

What is asked for is checked before there is a job (beginning.py). The ids of a large scope are stored before it too
(scopes.py): a crash then leaves a blob that no job names.
"""

from __future__ import annotations

import msgspec

from shared.domain.errors import InputError
from shared.domain.ids import SNAPSHOT_ID
from shared.domain.jobs import Job, Kind, Options, SnapshotSummary, State
from shared.domain.scope import EVERYTHING, Scope
from shared.jobs.flow import totals
from shared.jobs.states import ENDS
from shared.ports import Clock, Ids
from shared.runs.approving import Approving
from shared.runs.beginning import Beginning
from shared.runs.damaging import Damaging
from shared.runs.facing import not_comparable
from shared.runs.ledger import Ledger
from shared.runs.picking import Picking
from shared.runs.scopes import Scopes
from shared.runs.snapshots import Snapshots

PLAIN = Options()


class Starting:
    """Starts and cancels what is asked for in one deployment."""

    def __init__(
        self,
        ledger: Ledger,
        beginning: Beginning,
        snapshots: Snapshots,
        approving: Approving,
        picking: Picking,
        clock: Clock,
        ids: Ids,
        scopes: Scopes,
        damaging: Damaging,
    ) -> None:
        self._ledger, self._beginning, self._snapshots = ledger, beginning, snapshots
        self._approving, self._picking, self._clock, self._ids = approving, picking, clock, ids
        self._scopes, self._damaging = scopes, damaging

    async def report(
        self,
        tenant: str,
        wire_id: str,
        scope: Scope,
        options: Options = PLAIN,
        *,
        requested_by: str,
        against: str = "",
        job_id: str = "",
    ) -> Job:
        """Start a difference report of a snapshot against the live tenant, or against the snapshot `against`.

        Both are opened first: one whose manifest is not what was sealed is refused with IntegrityError. A comparison
        of two snapshots leaves the tenant's lease alone and runs beside any other job. A report that `makes_plan` is a
        dry run, and refused where its recovery would be. Raises NotFoundError, TenantBusyError, InputError for a type
        that one side has not captured.
        """
        if options.makes_plan and not against:
            target = await self._target(tenant, wire_id, scope, options)
            return await self._create(Kind.REPORT, tenant, target.snapshot_id, scope, options, requested_by)
        target = await self._snapshots.on_wire(tenant, wire_id)
        opened = await self._snapshots.open(tenant, target.snapshot_id)
        if not against:
            not_comparable(scope, opened.manifest, opened.manifest)
            return await self._create(Kind.REPORT, tenant, target.snapshot_id, scope, options, requested_by)
        if options.makes_plan:
            raise InputError("a plan is made against the tenant, not against a snapshot", member="tidemark.against")
        if options.reads_whole or options.fresh_minutes is not None:
            raise InputError(
                "how the tenant is read is for a report against it, not against a snapshot", member="tidemark.against"
            )
        known = await self._chosen(tenant, against)
        not_comparable(scope, opened.manifest, (await self._snapshots.open(tenant, known.snapshot_id)).manifest)
        job = self._job(Kind.REPORT, tenant, target.snapshot_id, scope, options, requested_by)
        named = msgspec.structs.replace(job, against=known.snapshot_id, job_id=job_id or job.job_id)
        return await self._beginning.begin(await self._scopes.kept(named))

    async def recovery(self, tenant: str, wire_id: str, scope: Scope, options: Options, *, requested_by: str) -> Job:
        """Start a recovery to a snapshot; a running report or capture makes way for it.

        Raises NotFoundError, InputError for a plan that is missing or not approved or a type that the snapshot does not
        hold, IntegrityError for a snapshot that is not what was sealed, or TenantBusyError while another recovery has
        or wants the tenant.
        """
        snapshot = await self._target(tenant, wire_id, scope, options)
        return await self._create(Kind.RECOVERY, tenant, snapshot.snapshot_id, scope, options, requested_by)

    async def undo(self, tenant: str, job_id: str, options: Options = PLAIN, *, requested_by: str) -> Job:
        """Start a recovery that puts back what an ended one found, or a dry run of it.

        Raises NotFoundError, InputError for a job that has nothing to undo, TenantBusyError.
        """
        source = await self._source(tenant, job_id, "applied")
        return await self._again(source, msgspec.structs.replace(options, undoes=job_id), requested_by)

    async def repeat(self, tenant: str, job_id: str, options: Options = PLAIN, *, requested_by: str) -> Job:
        """Start a recovery of what failed in an ended one, or a dry run of it; raises as `undo` does."""
        source = await self._source(tenant, job_id, "failed")
        return await self._again(source, msgspec.structs.replace(options, repeats=job_id), requested_by)

    async def cancel(self, tenant: str, job_id: str) -> Job:
        """Ask a job to stop at its next boundary; what it has applied stays. Raises NotFoundError, InputError."""
        job = await self._ledger.ask_cancel(tenant, job_id)
        if job.state in ENDS:
            raise InputError(f"job {job_id} has ended ({job.state}); there is nothing to cancel", member="job")
        return job

    async def _target(self, tenant: str, wire_id: str, scope: Scope, options: Options) -> SnapshotSummary:
        """Return the snapshot that a recovery may go back to; raise for one that cannot be what it is asked for.

        Its manifest is proven here. Of one that is known to be damaged only a part is taken, which its job proves.
        """
        target = await self._snapshots.on_wire(tenant, wire_id)
        manifest = (await self._snapshots.open(tenant, target.snapshot_id)).manifest
        not_comparable(scope, manifest, manifest)
        if scope == EVERYTHING and options.chosen is None:
            await self._damaging.refuse(target)
        return target

    async def _source(self, tenant: str, job_id: str, result: str) -> Job:
        """Return the recovery of that id; raise InputError unless it has ended and has changes with that result."""
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.RECOVERY:
            raise InputError(f"job {job_id} is a {job.kind}, not a recovery", member="job")
        if job.state not in ENDS:
            raise InputError(f"job {job_id} is still {job.state}; cancel it, or wait for its end", member="job")
        counts = totals(await self._ledger.batches(tenant, job_id))
        if not counts.get(f"objects.{result}", 0) + counts.get(f"links.{result}", 0):
            raise InputError(f"job {job_id} has no {result} change: there is nothing to do", member="job")
        return job

    async def _again(self, source: Job, options: Options, requested_by: str) -> Job:
        kind = Kind.REPORT if options.makes_plan else Kind.RECOVERY
        scope = (await self._scopes.whole(source)).scope
        return await self._create(kind, source.tenant, source.snapshot_id, scope, options, requested_by)

    async def _create(
        self, kind: Kind, tenant: str, snapshot_id: str, scope: Scope, options: Options, requested_by: str
    ) -> Job:
        digest, options = "", await self._picking.checked(tenant, snapshot_id, options)
        if kind is Kind.RECOVERY:
            digest = await self._approving.allowed(
                tenant, options, snapshot_id=snapshot_id, scope=scope, requested_by=requested_by
            )
        job = self._job(kind, tenant, snapshot_id, scope, options, requested_by)
        job = await self._scopes.kept(msgspec.structs.replace(job, plan_digest=digest))
        return await self._beginning.begin(job)

    async def _chosen(self, tenant: str, text: str) -> SnapshotSummary:
        """Return the snapshot of Tidemark's own id, or of Graph's spelling of one."""
        is_own = SNAPSHOT_ID.match(text) is not None
        return await (self._snapshots.named(tenant, text) if is_own else self._snapshots.on_wire(tenant, text))

    def _job(self, kind: Kind, tenant: str, snapshot_id: str, scope: Scope, options: Options, requested_by: str) -> Job:
        return Job(
            tenant=tenant,
            job_id=self._ids.new(),
            kind=kind,
            state=State.INITIALIZED,
            snapshot_id=snapshot_id,
            created_at=self._clock.now().replace(microsecond=0),
            scope=scope,
            options=options,
            requested_by=requested_by,
        )
