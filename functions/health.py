"""The probes: one that needs no token and tells nothing but that the worker answers, and one that tells how it stands.

The second needs a token, because how well a vault is protected is worth knowing for whoever means to attack it.
"""

from __future__ import annotations

import azure.functions as func
import msgspec

from functions import replies, routes
from functions.calls import Call, received
from functions.wire.snapshot import vault_body
from shared import wiring

bp = func.Blueprint()  # type: ignore[no-untyped-call]
ALIVE = b'{"status":"alive"}'


@bp.route("livez", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def livez(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the trigger's binding has to be taken
    """Say that the worker answers."""
    return func.HttpResponse(ALIVE, mimetype="application/json")


@bp.route("readyz", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def readyz(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Say how the deployment stands; 503 when storage does not answer."""
    return await readiness(await wiring.product(), received(req, version="", request_id=context.invocation_id))


@replies.problems
async def readiness(product: wiring.Product, call: Call) -> func.HttpResponse:
    """Answer with the vault as it is: `ready`, or `attention` where a person has to look at something."""
    caller = await product.callers.identify(call.headers.get("authorization"))
    routes.allow_any(routes.READ, caller.roles)
    told = await product.upkeep.standing.told(product.tenant)
    body = {"status": "attention" if told.warnings else "ready", **vault_body(msgspec.to_builtins(told))}
    return func.HttpResponse(msgspec.json.encode(body), mimetype="application/json")
