"""One request that changes the tenant, and Graph's last word on it.

Pure values, passed between the decisions that make them and the gateway that sends them.
"""

from __future__ import annotations

import msgspec


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One Graph request that changes something. `lane` is the object it changes: one writer per lane at a time.

    `path` is relative to the version root. Every write a recovery makes may be repeated: it says what shall be, so a
    second application changes nothing or is refused in words that recover/answers.py understands. The exception is one
    that `makes_another` object each time: without a clear answer it is not sent again, and its answer has status 0.
    `prefer` is the Prefer header. `body` may hold a new account's password, so it is never logged, stored or shown.
    """

    write_id: str
    lane: str
    method: str
    path: str
    body: bytes = b""
    prefer: str = ""
    makes_another: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Graph's last word on one write, after all retries; status 0 when there was none (see Write).

    `made_id` and `made_app_id` are those of an object that the write created, where Graph said so. `warning` is what
    the operator must be told beside it.
    """

    write_id: str
    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""
    made_id: str = ""
    made_app_id: str = ""
    warning: str = ""
