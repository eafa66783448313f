"""What jobs found and did: the rows of a report, the failed changes and all outcomes of a recovery."""

from __future__ import annotations

from datetime import datetime

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.handlers.jobs import of_snapshot
from functions.wire.change import change_body, confirmation_body, failed_body, outcome_body, unknown_bodies
from functions.wire.explained import row_body
from functions.wire.names import NAMESPACE, Json
from functions.wire.row_filters import read_row_filter, read_row_order
from shared.domain.ids import snapshot_time
from shared.domain.jobs import Kind
from shared.wiring import Product

CONTEXT = f"Collection({NAMESPACE}.recoveryChangeObjectBase)"


async def changes(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of a successful report's rows, those that `$filter` asks for, sorted as `$orderby` says."""
    job, options = await of_snapshot(product, asked, Kind.REPORT), asked.options
    rows, is_more = await product.showing.page(
        product.tenant,
        job.job_id,
        skip=options.skip,
        top=options.top,
        test=read_row_filter(options.filter),
        order=read_row_order(options.orderby),
    )
    bodies = (row_body(row, target_at=_target_at(asked), shows_all=asked.shows_all) for row in rows)
    unknown, total, has_more_unknown = await product.asking.unknown(
        product.tenant, job.job_id, skip=options.skip, top=options.top
    )
    noted: Json = {"tidemark.unknownCount": total} if total and not options.skip else {}
    noted |= {"tidemark.unknownObjects": unknown_bodies(unknown, shows_all=asked.shows_all)} if unknown else {}
    return replies.collection(asked, CONTEXT, bodies, is_more=is_more or has_more_unknown, noted=noted)


async def failed_changes(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of a recovery's failed changes, as far as it has come."""
    job, options = await of_snapshot(product, asked, Kind.RECOVERY), asked.options
    rows, is_more = await product.asking.failures(product.tenant, job.job_id, skip=options.skip, top=options.top)
    bodies = (failed_body(row, target_at=_target_at(asked), shows_all=asked.shows_all) for row in rows)
    return replies.collection(asked, CONTEXT, bodies, is_more=is_more)


async def outcomes(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of every recorded outcome of a recovery, in the order of its batches."""
    rows, is_more = asked.options.page(await product.asking.outcomes(product.tenant, asked.job))
    bodies = (outcome_body(row, shows_all=asked.shows_all) for row in rows)
    return replies.collection(asked, "Collection(tidemark.outcome)", bodies, is_more=is_more)


async def disagreements(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of the objects that a whole reading found otherwise than delta had given them."""
    options = asked.options
    rows, is_more = await product.asking.disagreements(product.tenant, asked.job, skip=options.skip, top=options.top)
    job = await product.asking.job(product.tenant, asked.job)
    bodies = (change_body(row, target_at=job.created_at, shows_all=asked.shows_all) for row in rows)
    return replies.collection(asked, CONTEXT, bodies, is_more=is_more)


async def confirmations(product: Product, asked: Asked) -> func.HttpResponse:
    """Return a page of the changes that a second look after the recovery did not find as they were left."""
    rows, is_more = asked.options.page(await product.asking.confirmations(product.tenant, asked.job))
    by = await product.asking.overwriters(product.tenant, asked.job)
    bodies = (confirmation_body(row, by.get(row.change_id), shows_all=asked.shows_all) for row in rows)
    return replies.collection(asked, "Collection(tidemark.confirmation)", bodies, is_more=is_more)


def _target_at(asked: Asked) -> datetime:
    return snapshot_time(asked.snapshot)
