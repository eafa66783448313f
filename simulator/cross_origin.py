"""What browsers ask before a page of another origin may call Graph, and what every answer to such a page says.

Graph lets any page call it, as a call needs a token anyway. Control of the simulated tenant needs none, so no page may.
"""

from collections.abc import Mapping

from simulator.http import Response

_ALLOWED_METHODS = "GET, POST, PATCH, PUT, DELETE"
_LIFE_SECONDS = "3600"
_EXPOSED = "ETag, Location, Preference-Applied, request-id, client-request-id, Retry-After, x-ms-throttle-information"


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request is a browser's question before the real one; `headers` by lower-case name."""
    return method.upper() == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(headers: Mapping[str, str]) -> Response:
    """Return the answer that lets the real request come."""
    allowed = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": _ALLOWED_METHODS,
        "Access-Control-Max-Age": _LIFE_SECONDS,
    }
    if wanted := headers.get("access-control-request-headers"):
        allowed["Access-Control-Allow-Headers"] = wanted
    return Response(200, allowed)


def shown_to_pages(response: Response, headers: Mapping[str, str]) -> Response:
    """Return a response that a page may read, when it was a page that asked."""
    if "origin" not in headers:
        return response
    more = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    return Response(
        response.status, {**response.headers, **more}, response.body, response.reset, response.delay_seconds
    )
