"""Approvals: who has agreed to a plan before it may be carried out.

A plan is a report that was asked to plan (a dry run). An approval is one row of its own, so two approvers never meet;
its age is the server's, so no clock of ours can lengthen it. A crash costs asking again.
"""

from __future__ import annotations

import msgspec

from shared.domain.errors import CallerError, InputError
from shared.domain.jobs import Job, Kind, Options, State, Step
from shared.domain.scope import Scope
from shared.ports import ANY, Put, Rows
from shared.runs.ledger import Ledger
from shared.runs.scopes import Scopes

APPROVAL_FORMAT = "approval/1"
APPROVAL_SECONDS_MAX = 24 * 3600


class Approving:
    """Plans and their approvals; `needed` distinct approvers, none of them the requester, let a plan be carried out."""

    def __init__(self, ledger: Ledger, rows: Rows, needed: int, scopes: Scopes) -> None:
        self._ledger, self._rows, self.needed, self._scopes = ledger, rows, needed, scopes

    async def approve(self, tenant: str, job_id: str, *, approver: str, digest: str = "") -> int:
        """Record that `approver` agrees to a plan; return how many approvals it has now.

        Whoever has read the plan may say which by its `digest`. Raises NotFoundError, InputError for a job that is no
        finished plan or one of another digest, CallerError for the plan's own requester.
        """
        job = await self._plan(tenant, job_id)
        if digest and digest.lower() != job.plan_digest:
            raise InputError(
                f"plan {job_id} has the digest {job.plan_digest}, not {digest[:80]}: look at it again", member="digest"
            )
        if approver == job.requested_by:
            raise CallerError("whoever made a plan cannot approve it; somebody else has to", is_known=True)
        values: dict[str, str | int | bool] = {"format": APPROVAL_FORMAT, "digest": job.plan_digest, "by": approver}
        await self._rows.write(tenant, [Put(f"{_prefix(job_id)}{approver}", values, ANY)])
        return len(await self._approvers(job))

    async def given(self, job: Job) -> int | None:
        """Return how many approvals a plan has, None for any other job and where none are needed."""
        if not self.needed or not _is_plan(job):
            return None
        return len(await self._approvers(await self._plan(job.tenant, job.job_id)))

    async def allowed(self, tenant: str, options: Options, *, snapshot_id: str, scope: Scope, requested_by: str) -> str:
        """Return the digest that the plan of a new recovery must have, empty when it was not planned before.

        Raises InputError when approvals are needed and missing, or when the plan named is one for something else.
        """
        if not options.planned_by:
            if self.needed:
                raise InputError(
                    f"a recovery needs {self._needed()} here: make a plan (a dry run), have it approved by others, and "
                    "name it (plannedBy, on the command line --plan)",
                    member="tidemark.options.plannedBy",
                )
            return ""
        plan = await self._scopes.whole(await self._plan(tenant, options.planned_by))
        asked = (snapshot_id, scope, msgspec.structs.replace(options, planned_by=""))
        if asked != (plan.snapshot_id, plan.scope, msgspec.structs.replace(plan.options, makes_plan=False)):
            raise InputError(f"plan {plan.job_id} is for another snapshot, scope or options", member="plannedBy")
        agreed = await self._approvers(plan) - {requested_by}
        if len(agreed) < self.needed:
            raise InputError(
                f"plan {plan.job_id} has {len(agreed)} of {self._needed()}; only those of the last 24 hours count, by "
                "others than who made the plan and who carries it out",
                member="plannedBy",
            )
        return plan.plan_digest

    def _needed(self) -> str:
        return f"{self.needed} approval{'s' if self.needed > 1 else ''}"

    async def _approvers(self, plan: Job) -> set[str]:
        """Return who has approved just this plan within the last 24 hours, by object id."""
        rows = await self._rows.scan(plan.tenant, _prefix(plan.job_id))
        young = [row.values for row in rows if row.age_seconds <= APPROVAL_SECONDS_MAX]
        return {str(values["by"]) for values in young if values["digest"] == plan.plan_digest} - {plan.requested_by}

    async def _plan(self, tenant: str, job_id: str) -> Job:
        job = await self._ledger.job(tenant, job_id)
        if not _is_plan(job):
            raise InputError(f"job {job_id} is not a plan that was made to its end", member="job")
        for batch in await self._ledger.batches(tenant, job_id):
            if batch.step in {Step.PLAN, Step.REPLAN}:
                job = job.planned(str(batch.cursor["digest"]))
        return job


def _is_plan(job: Job) -> bool:
    return job.kind is Kind.REPORT and job.options.makes_plan and job.state is State.SUCCESSFUL


def _prefix(job_id: str) -> str:
    return f"approval-{job_id}-"
