"""The runbook of a recovery or a dry run: what a person has to do by hand, as pages, as lines, or as Markdown."""

from __future__ import annotations

import azure.functions as func
import msgspec

from functions import replies
from functions.asked import Asked
from functions.handlers.exports import NEXT_SKIP, PART_ROWS
from functions.wire.names import Json, type_member
from shared.catalogue.types import type_named
from shared.domain.errors import InputError
from shared.domain.manual import ManualStep
from shared.recover.runbook import STEPS_MAX, Title, markdown_of
from shared.wiring import Product

PAGES = "json"
FORMATS = {"ndjson": ("application/x-ndjson", "ndjson"), "markdown": ("text/markdown", "md")}


async def runbook(product: Product, asked: Asked) -> func.HttpResponse:
    """Return the steps in the form that is asked for."""
    options, chosen = asked.options, asked.options.words.get("format", PAGES)
    if chosen != PAGES and chosen not in FORMATS:
        raise InputError(f"format is {chosen[:40]!r}; use one of {PAGES}, {', '.join(FORMATS)}", member="format")
    job, total = await product.manual.planned(product.tenant, asked.job)
    if chosen == "markdown":
        if options.skip:
            raise InputError("markdown is one document and has no parts", member="$skip")
        steps, _more = await product.manual.page(product.tenant, asked.job, skip=0, top=STEPS_MAX)
        title = Title(tenant=job.tenant, job_id=job.job_id, snapshot_id=job.snapshot_id)
        return _file(asked, chosen, markdown_of(title, steps, total=total), {})
    top = options.top if chosen == PAGES else PART_ROWS
    steps, is_more = await product.manual.page(product.tenant, asked.job, skip=options.skip, top=top)
    if chosen == PAGES:
        bodies = (step_body(step, shows_all=asked.shows_all) for step in steps)
        return replies.collection(asked, "Collection(tidemark.manualStep)", bodies, is_more=is_more)
    lines = msgspec.json.Encoder(order="deterministic").encode_lines(
        [step_body(step, shows_all=True) for step in steps]
    )
    return _file(asked, chosen, lines, {NEXT_SKIP: str(options.skip + PART_ROWS)} if is_more else {})


def step_body(step: ManualStep, *, shows_all: bool) -> Json:
    """Return one step."""
    return {
        "id": step.object_id,
        "entityTypeName": type_member(type_named(step.type).wire_name, shows_all=shows_all),
        "displayName": step.display_name,
        "task": step.task,
        "reason": step.reason,
        "where": step.where,
        "settings": [
            {
                "name": setting.name,
                "now": setting.now,
                "wanted": setting.wanted,
                "otherId": setting.other_id or None,
                "reason": setting.reason or None,
            }
            for setting in step.settings
        ],
        "notes": list(step.notes),
    }


def _file(asked: Asked, chosen: str, content: bytes, headers: dict[str, str]) -> func.HttpResponse:
    media_type, ending = FORMATS[chosen]
    safety = {
        "Content-Disposition": f'attachment; filename="tidemark-runbook-{asked.job}.{ending}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return func.HttpResponse(content, headers={**safety, **headers}, mimetype=media_type, charset="utf-8")
