"""The daily upkeep of the vault: prove what is stored, and remove what has expired."""

from __future__ import annotations

import logging

import azure.functions as func
import msgspec

from functions.schedule import scheduled_at
from shared import wiring

bp = func.Blueprint()  # type: ignore[no-untyped-call]
log = logging.getLogger(__name__)


@bp.timer_trigger("timer", schedule="%TIDEMARK_VERIFY_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def daily_verification(timer: func.TimerRequest) -> None:
    """Start the verification of the occurrence that is being fired."""
    product = await wiring.product()
    # The public class that annotations need lacks the status; what the host passes has it.
    due_at = scheduled_at(timer.schedule_status, product.clock.now())  # type: ignore[attr-defined]
    job = await product.scheduling.verification(product.tenant, due_at)
    log.info("verification due", extra={"tenant": product.tenant, "job_id": job.job_id if job else None})


@bp.timer_trigger("timer", schedule="%TIDEMARK_PRUNE_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def daily_pruning(timer: func.TimerRequest) -> None:
    """Remove what may go."""
    product = await wiring.product()
    pruned = await product.upkeep.pruning.prune(product.tenant)
    facts = {"tenant": product.tenant, "is_past_due": timer.past_due}
    log.info("pruning done", extra={**facts, **msgspec.to_builtins(pruned)})
