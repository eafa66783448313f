"""Export and import: a snapshot's stored files, what they hold as lines of JSON, and the way back."""

from __future__ import annotations

import re

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.snapshot import export_body, imported_body
from shared.domain.errors import InputError
from shared.wiring import Product

SHARD = re.compile(r"[0-9]{1,4}\Z")
LINES, BYTES = "application/x-ndjson", "application/octet-stream"


async def export_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Return which files a snapshot has, and in how many shards its objects come."""
    known = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    return replies.one(asked, "tidemark.export", export_body(await product.exporting.listed(known)))


async def export_objects(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one shard's objects with their links, one JSON document a line."""
    text = asked.options.words.get("shard", "")
    if not SHARD.match(text):
        raise InputError(f"shard is {text[:40]!r}; it must be a number from 0 on", member="shard")
    known = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    return replies.content(await product.exporting.objects(known, int(text)), LINES)


async def export_file(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one stored file as it is."""
    known = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    return replies.content(await product.exporting.file(known, asked.ids["file"]), BYTES)


async def import_file(product: Product, asked: Asked) -> func.HttpResponse:
    """Take one file of an import; taking it twice is the same."""
    await product.importing.put(product.tenant, asked.ids["import"], asked.ids["file"], asked.call.body)
    return replies.nothing()


async def finish_import(product: Product, asked: Asked) -> func.HttpResponse:
    """Prove an import and list its snapshot."""
    known, is_signed = await product.importing.finish(product.tenant, asked.ids["import"])
    return replies.one(asked, "tidemark.import", imported_body(known, is_signed=is_signed))
