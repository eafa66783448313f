"""The three work queues: every message is a note, and every note goes to the same worker.

A message that is no note raises, so that after its last delivery it shows up in the poison queue instead of vanishing.
"""

from __future__ import annotations

import logging

import azure.functions as func

from shared import wiring
from shared.formats.notes import decode_note

CONNECTION = "AzureWebJobsStorage"

bp = func.Blueprint()  # type: ignore[no-untyped-call]
log = logging.getLogger(__name__)


@bp.queue_trigger("message", queue_name="capture", connection=CONNECTION)
async def capture_worker(message: func.QueueMessage) -> None:
    """Run one batch of a capture."""
    await _work("capture", message)


@bp.queue_trigger("message", queue_name="compare", connection=CONNECTION)
async def compare_worker(message: func.QueueMessage) -> None:
    """Run one batch of a difference report."""
    await _work("compare", message)


@bp.queue_trigger("message", queue_name="recover", connection=CONNECTION)
async def recover_worker(message: func.QueueMessage) -> None:
    """Run one batch of a recovery."""
    await _work("recover", message)


async def _work(queue: str, message: func.QueueMessage) -> None:
    note = decode_note(message.get_body())
    product = await wiring.product()
    facts = {"job_id": note.job_id, "batch": note.batch, "fencing_token": note.fencing_token}
    log.info("note received", extra={"queue": queue, "tenant": note.tenant, "message_id": message.id, **facts})
    await product.worker.handle(note)
