"""The live probe: it needs no token and tells nothing but that the worker answers."""

from __future__ import annotations

import azure.functions as func

bp = func.Blueprint()  # type: ignore[no-untyped-call]
ALIVE = b'{"status":"alive"}'


@bp.route("livez", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def livez(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the trigger's binding has to be taken
    """Say that the worker answers."""
    return func.HttpResponse(ALIVE, mimetype="application/json")
