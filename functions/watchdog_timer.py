"""The one-minute watch over jobs whose worker went silent or that nobody took up, and over drift."""

from __future__ import annotations

import logging

import azure.functions as func

from shared import wiring

bp = func.Blueprint()  # type: ignore[no-untyped-call]
log = logging.getLogger(__name__)


@bp.timer_trigger("timer", schedule="%TIDEMARK_WATCHDOG_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def watchdog(timer: func.TimerRequest) -> None:
    """Look once."""
    product = await wiring.product()
    done = await product.watchdog.look(product.tenant)
    drift = await product.drifting.look(product.tenant)
    log.info(
        "watchdog looked", extra={"tenant": product.tenant, "done": done, "drift": drift, "is_past_due": timer.past_due}
    )
