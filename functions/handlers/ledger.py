"""The ledger of a recovery: a page of it, the whole as lines in parts, or the file that was sealed into the vault."""

from __future__ import annotations

import azure.functions as func
import msgspec

from functions import replies
from functions.asked import Asked
from functions.handlers.exports import NEXT_SKIP, PART_ROWS
from functions.wire.ledger import entry_body, read_wanted
from shared.domain.errors import InputError
from shared.domain.ledgers import Entry
from shared.recover.entries import csv_of
from shared.wiring import Product

PAGES = "json"
FORMATS = {"ndjson": "application/x-ndjson", "csv": "text/csv", "sealed": "application/zstd"}
ENDINGS = {"ndjson": "ndjson", "csv": "csv", "sealed": "ndz"}


async def ledger(product: Product, asked: Asked) -> func.HttpResponse:
    """Return what became of the changes that are asked for, in the order of their batches."""
    options, chosen = asked.options, asked.options.words.get("format", PAGES)
    if chosen != PAGES and chosen not in FORMATS:
        known = ", ".join([PAGES, *FORMATS])
        raise InputError(f"format is {chosen[:40]!r}; use one of {known}", member="format")
    if chosen == "sealed":
        return _file(asked, chosen, await product.entries.sealed(product.tenant, asked.job), {})
    test, top = read_wanted(options.words).test(), options.top if chosen == PAGES else PART_ROWS
    found, is_more = await product.entries.page(product.tenant, asked.job, skip=options.skip, top=top, test=test)
    if chosen == PAGES:
        bodies = (entry_body(entry, shows_all=asked.shows_all) for entry in found)
        return replies.collection(asked, "Collection(tidemark.ledgerEntry)", bodies, is_more=is_more)
    headers = {NEXT_SKIP: str(options.skip + PART_ROWS)} if is_more else {}
    return _file(asked, chosen, _lines(found, chosen, is_first=options.skip == 0), headers)


def _lines(found: list[Entry], chosen: str, *, is_first: bool) -> bytes:
    if chosen == "csv":
        return csv_of(found, has_header=is_first)
    bodies = [entry_body(entry, shows_all=True) for entry in found]
    return msgspec.json.Encoder(order="deterministic").encode_lines(bodies)


def _file(asked: Asked, chosen: str, content: bytes, headers: dict[str, str]) -> func.HttpResponse:
    safety = {
        "Content-Disposition": f'attachment; filename="tidemark-ledger-{asked.job}.{ENDINGS[chosen]}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    charset = None if chosen == "sealed" else "utf-8"
    return func.HttpResponse(content, headers={**safety, **headers}, mimetype=FORMATS[chosen], charset=charset)
