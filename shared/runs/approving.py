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

    async def approve(self, tenant: str, job_id: str, *, approver: str) -> int:
        """Record that `approver` agrees to a plan; return how many approvals it has now.

        Raises NotFoundError, InputError for a job that is no finished plan, CallerError for the plan's own requester.
        """
        job = await self._plan(tenant, job_id)
        if approver == job.requested_by:
            raise CallerError("whoever made a plan cannot approve it; somebody else has to", is_known=True)
        values: dict[str, str | int | bool] = {"format": APPROVAL_FORMAT, "digest": job.plan_digest, "by": approver}
        await self._rows.write(tenant, [Put(f"{_prefix(job_id)}{approver}", values, ANY)])
        return len(await self.approvers(tenant, job_id))

    async def approvers(self, tenant: str, job_id: str) -> list[str]:
        """Return who has approved a plan within the last 24 hours, by object id."""
        rows = await self._rows.scan(tenant, _prefix(job_id))
        return [str(row.values["by"]) for row in rows if row.age_seconds <= APPROVAL_SECONDS_MAX]

    async def allowed(self, tenant: str, options: Options, *, snapshot_id: str, scope: Scope, requested_by: str) -> str:
        """Return the digest that the plan of a new recovery must have, empty when it was not planned before.

        Raises InputError when approvals are needed and missing, or when the plan named is one for something else.
        """
        if not options.planned_by:
            if self.needed:
                raise InputError(
                    f"recoveries need {self.needed} approvals here: make a plan (dry run), have it approved, name it",
                    member="tidemark.options.plannedBy",
                )
            return ""
        plan = await self._scopes.whole(await self._plan(tenant, options.planned_by))
        asked = (snapshot_id, scope, msgspec.structs.replace(options, planned_by=""))
        if asked != (plan.snapshot_id, plan.scope, msgspec.structs.replace(plan.options, makes_plan=False)):
            raise InputError(f"plan {plan.job_id} is for another snapshot, scope or options", member="plannedBy")
        agreed = set(await self.approvers(tenant, plan.job_id)) - {requested_by, plan.requested_by}
        if len(agreed) < self.needed:
            raise InputError(
                f"plan {plan.job_id} has {len(agreed)} of {self.needed} approvals by others of the last 24 hours",
                member="plannedBy",
            )
        return plan.plan_digest

    async def _plan(self, tenant: str, job_id: str) -> Job:
        job = await self._ledger.job(tenant, job_id)
        if job.kind is not Kind.REPORT or not job.options.makes_plan or job.state is not State.SUCCESSFUL:
            raise InputError(f"job {job_id} is not a plan that was made to its end", member="job")
        for batch in await self._ledger.batches(tenant, job_id):
            if batch.step in {Step.PLAN, Step.REPLAN}:
                job = job.planned(str(batch.cursor["digest"]))
        return job


def _prefix(job_id: str) -> str:
    return f"approval-{job_id}-"
