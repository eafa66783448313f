"""A whole report in one of the formats of docs/exports.md; lines come in parts, documents for people at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import azure.functions as func
import msgspec

from functions.asked import Asked
from functions.handlers.jobs import of_snapshot
from functions.wire.explained import row_body
from functions.wire.row_filters import read_row_filter
from shared.compare.exports.events import events_of
from shared.compare.exports.heading import Digest, Heading
from shared.compare.exports.page import content_security_policy, html_of
from shared.compare.exports.spreadsheet import csv_of
from shared.compare.exports.summary import markdown_of
from shared.compare.rows import Row
from shared.domain.errors import InputError
from shared.domain.ids import snapshot_time, wire_snapshot_id
from shared.domain.jobs import Job, Kind
from shared.wiring import Product

PART_ROWS = 20_000  # rows of one answer: some 30 MB of the widest format
NEXT_SKIP = "Tidemark-Next-Skip"
FORMATS = {
    "ndjson": ("application/x-ndjson", "ndjson"),
    "csv": ("text/csv", "csv"),
    "siem": ("application/x-ndjson", "events.ndjson"),
    "html": ("text/html", "html"),
    "markdown": ("text/markdown", "md"),
}


async def export(product: Product, asked: Asked) -> func.HttpResponse:
    """Return the report, or the part of it that begins after `$skip` rows, in the format that was asked for."""
    options, chosen = asked.options, asked.options.words.get("format", "ndjson")
    if chosen not in FORMATS:
        raise InputError(f"format is {chosen[:40]!r}; use one of {', '.join(FORMATS)}", member="format")
    job = await of_snapshot(product, asked, Kind.REPORT)
    test = read_row_filter(options.filter)
    if chosen in {"html", "markdown"}:
        if options.skip:
            raise InputError(f"{chosen} is one document and has no parts", member="$skip")
        rows = product.showing.rows(product.tenant, job.job_id, test=test)
        return _answer(job, chosen, await _document(_heading(job), rows, chosen), {})
    found, is_more = await product.showing.page(product.tenant, job.job_id, skip=options.skip, top=PART_ROWS, test=test)
    headers = {NEXT_SKIP: str(options.skip + PART_ROWS)} if is_more else {}
    return _answer(job, chosen, _lines(job, found, chosen, is_first=options.skip == 0), headers)


async def _document(heading: Heading, rows: AsyncIterator[Row], chosen: str) -> bytes:
    found = Digest()
    async for row in rows:
        found.add(row)
    return html_of(heading, found) if chosen == "html" else markdown_of(heading, found)


def _lines(job: Job, rows: list[Row], chosen: str, *, is_first: bool) -> bytes:
    if chosen == "csv":
        return csv_of(rows, has_header=is_first)
    heading = _heading(job)
    if chosen == "siem":
        return events_of(heading, rows)
    bodies = [row_body(row, target_at=heading.target_at, shows_all=True) for row in rows]
    return msgspec.json.Encoder(order="deterministic").encode_lines(bodies)


def _heading(job: Job) -> Heading:
    return Heading(
        tenant=job.tenant,
        target=job.snapshot_id,
        target_at=snapshot_time(wire_snapshot_id(job.snapshot_id)),
        current=job.against,
        read_at=_read_at(job),
    )


def _read_at(job: Job) -> datetime:
    """Return as of when the other side is: of the tenant, when its reading began."""
    if job.against:
        return snapshot_time(wire_snapshot_id(job.against))
    used = str(job.notes.get("liveAsOf", ""))
    return datetime.fromisoformat(used) if used else job.started_at or job.created_at


def _answer(job: Job, chosen: str, content: bytes, headers: dict[str, str]) -> func.HttpResponse:
    media_type, ending = FORMATS[chosen]
    name = f"tidemark-{job.snapshot_id}-{job.against or 'live'}.{ending}"
    safety = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": content_security_policy() if chosen == "html" else "default-src 'none'",
    }
    return func.HttpResponse(content, headers={**safety, **headers}, mimetype=media_type, charset="utf-8")
