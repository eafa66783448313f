"""Drift over HTTP: what it is judged by, the items, and what operators decide about them."""

from __future__ import annotations

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.body import read_object
from functions.wire.drift import item_body, read_note, read_settings, read_state, watch_body
from shared.compare.drift.states import Seen
from shared.wiring import Product

CONTEXT = "tidemark.drift"


async def drift(product: Product, asked: Asked) -> func.HttpResponse:
    """Return what drift is judged by and where that stands."""
    return replies.one(asked, CONTEXT, watch_body(await product.drifting.watch(product.tenant)))


async def set_drift(product: Product, asked: Asked) -> func.HttpResponse:
    """Change what drift is judged by; every member is replaced, what is left out is empty."""
    wanted = read_settings(read_object(asked.call.headers, asked.call.body))
    watch = await product.drifting.set(
        product.tenant, is_on=wanted.is_on, baseline=wanted.baseline, rules=wanted.rules, allowed=wanted.allowed
    )
    return replies.one(asked, CONTEXT, watch_body(watch))


async def drift_items(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of the items, those of one state when `state` names one."""
    state = read_state(asked.options.words.get("state"))
    items = [item for item in await product.drifting.items(product.tenant) if state in {None, item.state}]
    page, is_more = asked.options.page(items)
    return replies.collection(asked, "Collection(tidemark.driftItem)", map(item_body, page), is_more=is_more)


async def accept_drift(product: Product, asked: Asked) -> func.HttpResponse:
    """Accept one item: it is as it should be."""
    return await _decided(product, asked, Seen.ACCEPT)


async def deny_drift(product: Product, asked: Asked) -> func.HttpResponse:
    """Deny one item: somebody has to undo it."""
    return await _decided(product, asked, Seen.DENY)


async def _decided(product: Product, asked: Asked, decision: Seen) -> func.HttpResponse:
    note = read_note(read_object(asked.call.headers, asked.call.body))
    item = await product.drifting.decide(product.tenant, asked.ids["item"], decision, by=asked.caller_id, note=note)
    return replies.one(asked, "tidemark.driftItem", item_body(item))
