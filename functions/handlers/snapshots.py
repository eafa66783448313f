"""Snapshots: list, get, count, verify."""

from __future__ import annotations

import azure.functions as func
import msgspec

from functions import replies
from functions.asked import Asked
from functions.wire.names import TYPE_TAG, tag
from functions.wire.snapshot import snapshot_body, verified_body
from shared.wiring import Product

CONTEXT = "directory/recovery/snapshots"


async def recovery(_product: Product, asked: Asked) -> func.HttpResponse:
    """Return the root of the API, which has nothing but its navigation properties."""
    return replies.one(asked, "directory/recovery/$entity", {TYPE_TAG: tag("recovery")})


async def snapshots(product: Product, asked: Asked) -> func.HttpResponse:
    """Return sealed snapshots, newest first unless asked otherwise."""
    listed = await product.snapshots.listed(product.tenant)
    chosen, is_more = asked.options.page(listed[::-1] if asked.options.is_oldest_first else listed)
    return replies.collection(asked, CONTEXT, (snapshot_body(one) for one in chosen), is_more=is_more)


async def count_snapshots(product: Product, _asked: Asked) -> func.HttpResponse:
    """Return how many snapshots there are."""
    return replies.count(len(await product.snapshots.listed(product.tenant)))


async def snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one snapshot."""
    found = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    return replies.one(asked, f"{CONTEXT}/$entity", snapshot_body(found))


async def verify_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Read as much of what is stored as was asked for and return what was proven."""
    found = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    options = asked.options
    proven = await product.verifying.verify(product.tenant, found.snapshot_id, options.mode, options.part)
    return replies.one(asked, "tidemark.verification", verified_body(msgspec.to_builtins(proven)))
