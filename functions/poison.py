"""The poison queues: what failed on every delivery is sent anew, and fails its job, visibly, when that helps nothing.

Content that is no note belongs to no job; it is logged by queue, message id and size, and dropped.
"""

from __future__ import annotations

import logging

import azure.functions as func

from shared import wiring
from shared.domain.errors import InputError
from shared.formats.notes import decode_note

CONNECTION = "AzureWebJobsStorage"
REASON = "every delivery of its message failed; the log lines of the job say why"

bp = func.Blueprint()  # type: ignore[no-untyped-call]
log = logging.getLogger(__name__)


@bp.queue_trigger("message", queue_name="capture-poison", connection=CONNECTION)
async def capture_poison(message: func.QueueMessage) -> None:
    """Send the capture on, or fail it."""
    await _give_up("capture-poison", message)


@bp.queue_trigger("message", queue_name="compare-poison", connection=CONNECTION)
async def compare_poison(message: func.QueueMessage) -> None:
    """Send the difference report on, or fail it."""
    await _give_up("compare-poison", message)


@bp.queue_trigger("message", queue_name="recover-poison", connection=CONNECTION)
async def recover_poison(message: func.QueueMessage) -> None:
    """Send the recovery on, or fail it."""
    await _give_up("recover-poison", message)


async def _give_up(queue: str, message: func.QueueMessage) -> None:
    content = message.get_body()
    facts = {"queue": queue, "message_id": message.id}
    try:
        note = decode_note(content)
    except InputError as error:
        log.error("poison message dropped", extra={**facts, "bytes": len(content), "reason": str(error)})
        return
    log.error("note given up", extra={**facts, "tenant": note.tenant, "job_id": note.job_id, "batch": note.batch})
    product = await wiring.product()
    await product.worker.give_up(note, REASON)
