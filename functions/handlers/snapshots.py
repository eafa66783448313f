"""Snapshots: list, get, count, verify, hold, release; and how well the vault keeps them."""

from __future__ import annotations

import azure.functions as func
import msgspec

from functions import replies
from functions.asked import Asked
from functions.wire.body import read_reason
from functions.wire.names import TYPE_TAG, Json, tag
from functions.wire.snapshot import snapshot_body, vault_body, verified_body
from shared.domain.holds import Hold
from shared.domain.jobs import SnapshotSummary
from shared.domain.verification import Verification
from shared.wiring import Product

CONTEXT = "directory/recovery/snapshots"


async def recovery(_product: Product, asked: Asked) -> func.HttpResponse:
    """Return the root of the API, which has nothing but its navigation properties."""
    return replies.one(asked, "directory/recovery/$entity", {TYPE_TAG: tag("recovery")})


async def snapshots(product: Product, asked: Asked) -> func.HttpResponse:
    """Return sealed snapshots, newest first unless asked otherwise."""
    listed = await product.snapshots.listed(product.tenant)
    chosen, is_more = asked.options.page(listed[::-1] if asked.options.is_oldest_first else listed)
    beside = await product.upkeep.standing.of_snapshots(product.tenant)
    bodies = (_body(one, beside) for one in chosen)
    return replies.collection(asked, CONTEXT, bodies, is_more=is_more)


async def count_snapshots(product: Product, _asked: Asked) -> func.HttpResponse:
    """Return how many snapshots there are."""
    return replies.count(len(await product.snapshots.listed(product.tenant)))


async def snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one snapshot."""
    found = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    return await _shown(product, asked, found)


async def hold_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Hold a snapshot: it stays, however old it is."""
    return await _hold(product, asked, is_held=True)


async def release_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Lift the hold of a snapshot."""
    return await _hold(product, asked, is_held=False)


async def vault(product: Product, asked: Asked) -> func.HttpResponse:
    """Return how well snapshots are kept: what protects them, what was proven, what leaves and what is wrong."""
    told = await product.upkeep.standing.told(product.tenant)
    return replies.one(asked, "tidemark.vault", vault_body(msgspec.to_builtins(told)))


async def verify_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Read as much of what is stored as was asked for and return what was proven."""
    found = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    options = asked.options
    proven = await product.upkeep.rechecking.verify_now(
        product.tenant, found.snapshot_id, options.mode, options.part, requested_by=asked.caller_id
    )
    return replies.one(asked, "tidemark.verification", verified_body(msgspec.to_builtins(proven)))


async def _hold(product: Product, asked: Asked, *, is_held: bool) -> func.HttpResponse:
    reason = read_reason(asked.call.headers, asked.call.body)
    found = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    name, by = found.snapshot_id, asked.caller_id
    await product.upkeep.holding.hold(product.tenant, name, is_held=is_held, by=by, reason=reason)
    return await _shown(product, asked, found)


async def _shown(product: Product, asked: Asked, found: SnapshotSummary) -> func.HttpResponse:
    beside = await product.upkeep.standing.of_snapshots(product.tenant)
    return replies.one(asked, f"{CONTEXT}/$entity", _body(found, beside))


def _body(one: SnapshotSummary, beside: dict[str, tuple[Hold | None, Verification | None]]) -> Json:
    hold, verification = beside.get(one.snapshot_id, (None, None))
    return snapshot_body(one, hold=hold, verification=verification)
