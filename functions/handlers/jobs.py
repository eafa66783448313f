"""Jobs: list, get, count, cancel; all of them, or those of one snapshot and kind."""

from __future__ import annotations

from collections.abc import Sequence

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.body import read_digest, read_nothing
from functions.wire.job import approvals_body, job_body
from functions.wire.names import Json
from shared.domain.errors import NotFoundError
from shared.domain.jobs import Job, Kind
from shared.wiring import Product

CONTEXT = "directory/recovery/jobs"
COLLECTIONS = {Kind.REPORT: "recoveryPreviewJobs", Kind.RECOVERY: "recoveryJobs"}


async def jobs(product: Product, asked: Asked) -> func.HttpResponse:
    """Return jobs of every kind, newest first."""
    return await _page(product, asked, CONTEXT, await product.ledger.jobs(product.tenant))


async def count_jobs(product: Product, _asked: Asked) -> func.HttpResponse:
    """Return how many jobs there are."""
    return replies.count(len(await product.ledger.jobs(product.tenant)))


async def job(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one job of any kind with its present figures."""
    found = await product.asking.job(product.tenant, asked.job)
    return replies.one(asked, f"{CONTEXT}/$entity", await _whole_body(product, asked, found))


async def cancel(product: Product, asked: Asked) -> func.HttpResponse:
    """Ask a job to stop at its next boundary; what it has applied stays."""
    read_nothing(asked.call.headers, asked.call.body)
    found = await product.starting.cancel(product.tenant, asked.job)
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", found.job_id))


async def approve(product: Product, asked: Asked) -> func.HttpResponse:
    """Agree to a plan that somebody else has made; answers with how many approvals it has, and how many it needs."""
    digest = read_digest(asked.call.headers, asked.call.body)
    count = await product.approving.approve(product.tenant, asked.job, approver=asked.caller_id, digest=digest)
    return replies.one(asked, f"{CONTEXT}/$entity", approvals_body(count, product.approving.needed))


async def previews(product: Product, asked: Asked) -> func.HttpResponse:
    """Return the reports of one snapshot, newest first."""
    context = _context(asked, Kind.REPORT)
    return await _page(product, asked, context, await _of_snapshot(product, asked, Kind.REPORT))


async def count_previews(product: Product, asked: Asked) -> func.HttpResponse:
    """Return how many reports of one snapshot there are."""
    return replies.count(len(await _of_snapshot(product, asked, Kind.REPORT)))


async def preview(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one report of one snapshot."""
    return await _one(product, asked, Kind.REPORT)


async def recoveries(product: Product, asked: Asked) -> func.HttpResponse:
    """Return the recoveries to one snapshot, newest first."""
    context = _context(asked, Kind.RECOVERY)
    return await _page(product, asked, context, await _of_snapshot(product, asked, Kind.RECOVERY))


async def count_recoveries(product: Product, asked: Asked) -> func.HttpResponse:
    """Return how many recoveries to one snapshot there are."""
    return replies.count(len(await _of_snapshot(product, asked, Kind.RECOVERY)))


async def recovery_job(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one recovery to one snapshot."""
    return await _one(product, asked, Kind.RECOVERY)


async def of_snapshot(product: Product, asked: Asked, kind: Kind) -> Job:
    """Return the job that the path names with its figures; raise NotFoundError when it is of elsewhere."""
    snapshot = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    found = await product.asking.job(product.tenant, asked.job)
    if found.kind is not kind or found.snapshot_id != snapshot.snapshot_id:
        raise NotFoundError("job", asked.job)
    return found


async def _of_snapshot(product: Product, asked: Asked, kind: Kind) -> list[Job]:
    snapshot = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    listed = await product.ledger.jobs(product.tenant)
    return [one for one in listed if one.kind is kind and one.snapshot_id == snapshot.snapshot_id]


async def _one(product: Product, asked: Asked, kind: Kind) -> func.HttpResponse:
    found = await of_snapshot(product, asked, kind)
    return replies.one(asked, f"{_context(asked, kind)}/$entity", await _whole_body(product, asked, found))


async def _whole_body(product: Product, asked: Asked, found: Job) -> Json:
    """Return one job with how many have approved it, which lists leave out: it is a read of rows for each."""
    body, given = job_body(found, shows_all=asked.shows_all), await product.approving.given(found)
    return body if given is None else body | approvals_body(given, product.approving.needed)


async def _page(product: Product, asked: Asked, context: str, listed: Sequence[Job]) -> func.HttpResponse:
    """Return one page of `listed`; figures are added up for the jobs of the page only, a read of rows for each."""
    chosen, is_more = asked.options.page(listed)
    counted = [await product.asking.job(product.tenant, one.job_id) for one in chosen]
    bodies = (job_body(one, shows_all=asked.shows_all) for one in counted)
    return replies.collection(asked, context, bodies, is_more=is_more)


def _context(asked: Asked, kind: Kind) -> str:
    return f"directory/recovery/snapshots('{asked.snapshot}')/{COLLECTIONS[kind]}"
