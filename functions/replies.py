"""Answers of the recovery API: the few forms there are, and errors in Graph's envelope."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Iterable

import azure.functions as func
import msgspec

from functions.asked import Asked
from functions.calls import UNKNOWN_MEMBERS, Call
from functions.wire.errors import Problem, envelope, problem
from functions.wire.names import Json
from shared.domain.errors import TidemarkError
from shared.domain.times import format_time
from shared.wiring import Product

CONTEXT = "@odata.context"
Answering = Callable[[Product, Call], Awaitable[func.HttpResponse]]

log = logging.getLogger(__name__)


def problems(answering: Answering) -> Answering:
    """Answer expected errors by their code and log the request once; every other error escapes."""

    @functools.wraps(answering)
    async def answered(product: Product, call: Call) -> func.HttpResponse:
        facts = {"method": call.method, "path": call.path[:200], "request_id": call.request_id}
        try:
            reply = await answering(product, call)
        except TidemarkError as error:
            found = problem(error)
            if found is None:
                raise
            log.warning("request refused", extra={**facts, "status": found.status, "reason": str(error)})
            return refusal(product, call, found)
        log.info("request answered", extra={**facts, "status": reply.status_code})
        return _identified(reply, call)

    return answered


def refusal(product: Product, call: Call, found: Problem) -> func.HttpResponse:
    """Return an error answer."""
    body = envelope(
        found,
        date=format_time(product.clock.now()),
        request_id=call.request_id,
        client_request_id=call.client_request_id,
    )
    return _identified(_json(body, status=found.status, headers=dict(found.headers)), call)


def one(asked: Asked, context: str, body: Json) -> func.HttpResponse:
    """Return a single resource; `context` is what follows `$metadata#`."""
    return _json({CONTEXT: _context(asked, context), **asked.options.shown(body)})


def collection(
    asked: Asked, context: str, bodies: Iterable[Json], *, is_more: bool, noted: Json | None = None
) -> func.HttpResponse:
    """Return one page of a collection, with the address of the next one when more follow; `noted` stands beside it."""
    options = asked.options
    page: Json = {CONTEXT: _context(asked, context), **(noted or {}), "value": [options.shown(body) for body in bodies]}
    if is_more:
        page["@odata.nextLink"] = asked.call.next_link(options.skip + options.top, options.top)
    return _json(page)


def found(asked: Asked, context: str, bodies: Iterable[Json], *, next_link: str) -> func.HttpResponse:
    """Return what a search has found so far, with the address that goes on, empty when there is no more to look at."""
    page: Json = {CONTEXT: _context(asked, context), "value": list(bodies)}
    return _json(page | ({"@odata.nextLink": next_link} if next_link else {}))


def count(number: int) -> func.HttpResponse:
    """Return the size of a collection as plain text."""
    return func.HttpResponse(str(number), mimetype="text/plain")


def content(held: bytes, mimetype: str) -> func.HttpResponse:
    """Return bytes as they are."""
    return func.HttpResponse(held, mimetype=mimetype)


def nothing() -> func.HttpResponse:
    """Return 204: done, and nothing to say."""
    return func.HttpResponse(status_code=204, mimetype="")


def accepted(location: str) -> func.HttpResponse:
    """Return 202 without a body or a Content-Type; the client polls `location`."""
    return func.HttpResponse(status_code=202, headers={"Location": location}, mimetype="")


def _context(asked: Asked, context: str) -> str:
    return f"{asked.call.root}/$metadata#{context}"


def _json(body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    content = msgspec.json.encode(body)
    return func.HttpResponse(content, status_code=status, headers=headers or {}, mimetype="application/json")


def _identified(reply: func.HttpResponse, call: Call) -> func.HttpResponse:
    """Return `reply` with the ids by which both sides find the request in their logs."""
    reply.headers["request-id"] = call.request_id
    if call.client_request_id:
        reply.headers["client-request-id"] = call.client_request_id
    if call.shows_all_members:
        reply.headers["Preference-Applied"] = UNKNOWN_MEMBERS
    return reply
