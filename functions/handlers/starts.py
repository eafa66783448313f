"""Start jobs: captures, verifications, reports, recoveries and what follows one. Each answers 202, where to poll."""

from __future__ import annotations

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.body import read_again, read_against, read_nothing, read_start
from shared.domain.errors import InputError
from shared.domain.ids import capture_job_id, verify_job_id
from shared.domain.jobs import Kind
from shared.wiring import Product


async def start_capture(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a capture of the present second; asking twice within it starts one."""
    read_nothing(asked.call.headers, asked.call.body)
    asked_at = product.clock.now().replace(microsecond=0)
    await product.scheduling.capture(product.tenant, asked_at, requested_by=asked.caller_id)
    job_id = capture_job_id(product.tenant, asked_at)
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", job_id))


async def start_restore_point(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a restore point of the present second; 409 while another job has the tenant, 404 before any snapshot."""
    read_nothing(asked.call.headers, asked.call.body)
    asked_at = product.clock.now().replace(microsecond=0)
    job = await product.scheduling.restore_point(
        product.tenant, asked_at, requested_by=asked.caller_id, says_why_not=True
    )
    assert job is not None, "a restore point that is not made raises here"
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", job.job_id))


async def start_verification(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a verification of the present second, as the timer does; asking twice within it starts one."""
    read_nothing(asked.call.headers, asked.call.body)
    asked_at = product.clock.now().replace(microsecond=0)
    started = await product.scheduling.verification(product.tenant, asked_at, requested_by=asked.caller_id)
    if started is None and not await product.snapshots.listed(product.tenant):
        raise InputError("there is no snapshot to verify", member="snapshots")
    job_id = verify_job_id(product.tenant, asked_at)
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", job_id))


async def start_preview(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a difference report of the snapshot against the tenant as it is now, or against another snapshot."""
    sent = (asked.call.headers, asked.call.body)
    scope, options = read_start(*sent, Kind.REPORT)
    job = await product.starting.report(
        product.tenant, asked.snapshot, scope, options, requested_by=asked.caller_id, against=read_against(*sent)
    )
    return replies.accepted(_address(asked, "recoveryPreviewJobs", job.job_id))


async def start_recovery(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a recovery to the snapshot."""
    scope, options = read_start(asked.call.headers, asked.call.body, Kind.RECOVERY)
    caller_id = asked.caller_id
    job = await product.starting.recovery(product.tenant, asked.snapshot, scope, options, requested_by=caller_id)
    return replies.accepted(_address(asked, "recoveryJobs", job.job_id))


async def undo(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a recovery that puts back what an ended one found."""
    options = read_again(asked.call.headers, asked.call.body)
    job = await product.starting.undo(product.tenant, asked.job, options, requested_by=asked.caller_id)
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", job.job_id))


async def retry_failed(product: Product, asked: Asked) -> func.HttpResponse:
    """Start a recovery of what failed in an ended one."""
    options = read_again(asked.call.headers, asked.call.body)
    job = await product.starting.repeat(product.tenant, asked.job, options, requested_by=asked.caller_id)
    return replies.accepted(asked.call.address("directory", "recovery", "jobs", job.job_id))


def _address(asked: Asked, collection: str, job_id: str) -> str:
    return asked.call.address("directory", "recovery", "snapshots", asked.snapshot, collection, job_id)
