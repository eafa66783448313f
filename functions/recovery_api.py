"""The recovery API over HTTP: one function per version takes every path, the route table says the rest.

The Functions key is not asked for (level ANONYMOUS) because it identifies nobody: every request has to carry a bearer
token, which is checked before anything else is looked at. There is no anonymous mode.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import azure.functions as func

from functions import replies, routes
from functions.asked import Asked
from functions.calls import Call, received
from functions.handlers import (
    changes,
    drift,
    exports,
    jobs,
    ledger,
    moving,
    objects,
    renewals,
    runbook,
    snapshots,
    starts,
)
from functions.wire.errors import Problem
from functions.wire.options import read_options
from shared import wiring

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
Handler = Callable[[wiring.Product, Asked], Awaitable[func.HttpResponse]]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        handler.__name__: handler
        for handler in (
            snapshots.recovery,
            snapshots.snapshots,
            snapshots.count_snapshots,
            snapshots.snapshot,
            snapshots.verify_snapshot,
            moving.export_snapshot,
            moving.export_objects,
            moving.export_file,
            moving.import_file,
            moving.finish_import,
            objects.search_snapshot,
            objects.object_whole,
            objects.object_history,
            snapshots.hold_snapshot,
            snapshots.release_snapshot,
            snapshots.vault,
            jobs.jobs,
            jobs.count_jobs,
            jobs.job,
            jobs.cancel,
            jobs.approve,
            jobs.previews,
            jobs.count_previews,
            jobs.preview,
            jobs.recoveries,
            jobs.count_recoveries,
            jobs.recovery_job,
            starts.start_capture,
            starts.start_restore_point,
            starts.start_verification,
            starts.start_preview,
            starts.start_recovery,
            starts.undo,
            starts.retry_failed,
            changes.changes,
            changes.failed_changes,
            changes.outcomes,
            changes.confirmations,
            changes.disagreements,
            exports.export,
            ledger.ledger,
            renewals.id_map,
            runbook.runbook,
            drift.drift,
            drift.set_drift,
            drift.drift_items,
            drift.accept_drift,
            drift.deny_drift,
        )
    }
)

bp = func.Blueprint()  # type: ignore[no-untyped-call]


@bp.route("v1.0/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def recovery_v1(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer everything below /v1.0."""
    return await answer(await wiring.product(), received(req, version="v1.0", request_id=context.invocation_id))


@bp.route("beta/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def recovery_beta(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer everything below /beta, which is the same."""
    return await answer(await wiring.product(), received(req, version="beta", request_id=context.invocation_id))


@replies.problems
async def answer(product: wiring.Product, call: Call) -> func.HttpResponse:
    """Answer one request: who asks, where it belongs, whether the caller may, and what was asked."""
    caller = await product.callers.identify(call.headers.get("authorization"))
    found = routes.find(call.method, call.segments)
    if isinstance(found, routes.Nothing):
        return replies.refusal(product, call, _nothing(call, found))
    routes.allow(found.route, caller.roles)
    options = read_options(call.query, found.route.options, found.route.members)
    asked = Asked(call=call, ids=found.ids, options=options, caller_id=caller.object_id)
    return await HANDLERS[found.route.handler](product, asked)


def _nothing(call: Call, found: routes.Nothing) -> Problem:
    if not found.allowed:
        return Problem(404, "ResourceNotFound", f"there is nothing at {call.path[:200]}")
    allowed = ", ".join(sorted(found.allowed))
    return Problem(
        405, "MethodNotAllowed", f"{call.method} is not allowed here; use {allowed}", headers={"Allow": allowed}
    )
