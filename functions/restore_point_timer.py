"""The restore points between daily snapshots: decide which occurrence is due, and have it started.

One that finds another job at work, or no snapshot to lie over, is left out; the next occurrence makes the next one.
"""

from __future__ import annotations

import logging

import azure.functions as func

from functions.schedule import scheduled_at
from shared import wiring

bp = func.Blueprint()  # type: ignore[no-untyped-call]
log = logging.getLogger(__name__)


@bp.timer_trigger("timer", schedule="%TIDEMARK_RESTORE_POINT_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def restore_point(timer: func.TimerRequest) -> None:
    """Start the restore point of the occurrence that is being fired."""
    product = await wiring.product()
    # The public class that annotations need lacks the status; what the host passes has it.
    due_at = scheduled_at(timer.schedule_status, product.clock.now())  # type: ignore[attr-defined]
    job = await product.scheduling.restore_point(product.tenant, due_at)
    facts = {"tenant": product.tenant, "scheduled_at": due_at.isoformat(), "job_id": job.job_id if job else None}
    log.info("restore point due", extra={**facts, "is_past_due": timer.past_due})
