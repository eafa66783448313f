"""One request that changes the tenant, and Graph's last word on it.

Pure values, passed between the decisions that make them and the gateway that sends them.
"""

from __future__ import annotations

import msgspec


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One Graph request that changes something. `lane` is the object it changes: one writer per lane at a time.

    `path` is relative to the version root. Every write a recovery makes may be repeated: it says what shall be, so a
    second application changes nothing or is refused in words that recover/answers.py understands.
    """

    write_id: str
    lane: str
    method: str
    path: str
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Graph's last word on one write, after all retries."""

    write_id: str
    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""
