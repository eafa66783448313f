"""Turns an answer into the bytes of a response: JSON, gzip, the headers every answer has, and broken variants."""

import gzip
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from simulator.faults import Fault, Rule
from simulator.http import Response
from simulator.moments import http_date
from simulator.operations.call import Answer

GZIP_ABOVE_BYTES = 1_024
_HTML = b"<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>Our services...</body></html>"
ELSEWHERE = "graph.attacker.example"


def encode(answer: Answer, *, request: Mapping[str, str], request_id: str, now: float, rule: Rule | None) -> Response:
    """Return the response for `answer`; `request` are the client's headers in lower case."""
    fault = rule.kind if rule else None
    headers = {
        "Date": http_date(now),
        "request-id": request_id,
        "client-request-id": request.get("client-request-id", request_id),
        "x-ms-resource-unit": "1",
        **answer.headers,
    }
    body = _bytes(answer.body)
    if fault is Fault.HTML_PAGE:
        headers["Content-Type"], body = "text/html", _HTML
    elif body:
        headers["Content-Type"] = "application/xml" if fault is Fault.WRONG_TYPE else answer.content_type
    takes_gzip = "gzip" in request.get("accept-encoding", "")
    if takes_gzip and (len(body) > GZIP_ABOVE_BYTES or (body and fault is Fault.CUT_GZIP)):
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
        body = gzip.compress(body, compresslevel=1, mtime=0)
    if fault in (Fault.CUT_BODY, Fault.CUT_GZIP):
        body = body[: len(body) // 2]
    delay_seconds = rule.seconds if rule is not None and fault is Fault.SLOW else 0.0
    return Response(answer.status, headers, body, delay_seconds=delay_seconds)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return msgspec.json.encode(body)


def plain(status: int, body: Any, *, now: float, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response outside Graph: tokens and control."""
    return Response(
        status,
        {"Date": http_date(now), "Content-Type": "application/json; charset=utf-8", **(headers or {})},
        msgspec.json.encode(body),
    )


def has_link(answer: Answer) -> bool:
    """Tell whether an answer leads to another page or round."""
    body = answer.body
    return isinstance(body, dict) and ("@odata.nextLink" in body or "@odata.deltaLink" in body)


def break_links(answer: Answer, fault: Fault, *, own_url: str) -> None:
    """Make the answer's links lead back to itself, to another host, or nowhere."""
    for name in ("@odata.nextLink", "@odata.deltaLink"):
        link = answer.body.get(name)
        if link is None:
            continue
        if fault is Fault.NEXT_LINK_MISSING:
            del answer.body[name]
        elif fault is Fault.NEXT_LINK_ELSEWHERE:
            answer.body[name] = urlsplit(link)._replace(netloc=ELSEWHERE).geturl()
        elif name == "@odata.nextLink":
            answer.body[name] = own_url
