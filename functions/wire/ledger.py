"""The ledger of a recovery on the wire: what may be asked of it, and one entry as it is shown.

Pure. An entry is an outcome (functions/wire/change.py) with its batch, its time, what it left and how it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from functions.wire.change import outcome_body, told_body
from functions.wire.names import Json, captured_type
from shared.domain.changes import Action, Result
from shared.domain.errors import InputError
from shared.domain.jobs import Job
from shared.domain.ledgers import Entry
from shared.domain.times import format_time
from shared.recover.entries import Wanted

OPTIONS = frozenset({"format", "type", "action", "result", "object", "text"})
TEXT_CHARS_MAX = 512  # an id made of three others, with room
Member = TypeVar("Member", Action, Result)


def read_wanted(words: Mapping[str, str]) -> Wanted:
    """Return which entries query options ask for; several values stand between commas. Raises InputError."""
    for name in ("object", "text"):
        if len(words.get(name, "")) > TEXT_CHARS_MAX:
            raise InputError(f"{name} has more than {TEXT_CHARS_MAX} characters", member=name)
    return Wanted(
        types=tuple(captured_type(name, member="type") for name in _values(words, "type")),
        actions=_members(words, "action", Action),
        results=_members(words, "result", Result),
        object_id=words.get("object", ""),
        text=words.get("text", ""),
    )


def entry_body(entry: Entry, *, shows_all: bool) -> Json:
    """Return one entry."""
    return outcome_body(entry.outcome, shows_all=shows_all) | {
        "after": entry.after,
        "batch": entry.batch,
        "recordedDateTime": format_time(entry.at) if entry.at else None,
        "standing": entry.standing,
        "overwrittenBy": told_body(entry.overwriter.log, entry.overwriter.cause) if entry.overwriter else None,
    }


def sealed_body(job: Job) -> Json | None:
    """Return where a job's ledger was sealed and what proves it, None while it is not."""
    if job.ledger is None:
        return None
    return {
        "name": job.ledger.name,
        "sha256": job.ledger.sha256,
        "sealedDateTime": format_time(job.ledger.sealed_at),
        "records": job.ledger.records,
        "isSigned": job.ledger.is_signed,
    }


def _members(words: Mapping[str, str], name: str, kind: type[Member]) -> tuple[Member, ...]:
    known = {member.value: member for member in kind}
    for value in _values(words, name):
        if value not in known:
            raise InputError(f"{name} is {value[:40]!r}; use some of {', '.join(known)}", member=name)
    return tuple(known[value] for value in _values(words, name))


def _values(words: Mapping[str, str], name: str) -> list[str]:
    return [value.strip() for value in words[name].split(",")] if name in words else []
