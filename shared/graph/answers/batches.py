"""Write the body of a $batch and read its answer back, part by part.

Pure: "JSON batching". The outer 200 says nothing about the parts, answers come in any order, and each part has its own
status and headers.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.graph.exchange import Reply, Request
from shared.graph.settings import BATCH_PARTS_MAX

_EMPTY = msgspec.Raw(b"")


class _Part(msgspec.Struct, omit_defaults=True):
    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: msgspec.Raw = _EMPTY


class _Asked(msgspec.Struct):
    requests: list[_Part]


class _Answered(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, str] | None = None
    body: msgspec.Raw = _EMPTY


class _Answers(msgspec.Struct):
    responses: list[_Answered]


def batch_request(parts: Sequence[Request], priority: str) -> Request:
    """Return the one request that carries `parts` (1 to 20); their ids are their places in the sequence."""
    assert 1 <= len(parts) <= BATCH_PARTS_MAX, len(parts)
    rows = [_part(str(place), part) for place, part in enumerate(parts)]
    return Request(
        method="POST",
        tail="/$batch",
        body=msgspec.json.encode(_Asked(rows)),
        headers={"content-type": "application/json"},
        priority=priority,
    )


def batch_replies(reply: Reply, count: int) -> list[Reply | None] | None:
    """Return the reply to each of the `count` parts, None for one that was not answered; None when this is no batch.

    A part answered twice counts as not answered: it is not known which answer is true.
    """
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if reply.cut or kind != "application/json":
        return None
    try:
        rows = msgspec.json.decode(reply.body, type=_Answers).responses
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found: dict[str, Reply | None] = {}
    for row in rows:
        headers = {name.lower(): text for name, text in (row.headers or {}).items()}
        headers.setdefault("request-id", reply.request_id)
        answer = Reply(status=row.status, headers=headers, body=bytes(row.body))
        found[row.id] = None if row.id in found else answer
    return [found.get(str(place)) for place in range(count)]


def _part(part_id: str, request: Request) -> _Part:
    headers = {**request.headers}
    if request.body:
        headers.setdefault("Content-Type", "application/json")
    body = msgspec.Raw(request.body) if request.body else _EMPTY
    return _Part(part_id, request.method, request.tail, headers, body)
