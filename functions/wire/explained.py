"""A row of a report with what is known beyond the difference: risk, cause, what is not written, re-creation.

Pure. Every member that Graph does not have begins with `tidemark.`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.wire.change import change_body, told_body
from functions.wire.names import Json
from shared.catalogue.types import type_named
from shared.compare.recreation import recreation
from shared.compare.rows import Row, not_written
from shared.domain.changes import Action


def row_body(row: Row, *, target_at: datetime, shows_all: bool) -> Json:
    """Return one row of a report against the state of `target_at`, explained."""
    found, names = row.difference, row.explanation.names if row.explanation else {}
    body = change_body(found, target_at=target_at, shows_all=shows_all, names=names)
    needs = None
    if found.action is Action.RECREATE:
        needs = msgspec.to_builtins(recreation(type_named(found.type), found.target))
    return body | {
        "tidemark.risks": list(row.risks),
        "tidemark.cause": cause_body(row),
        "tidemark.notWritten": not_written(found),
        "tidemark.recreation": needs,
    }


def cause_body(row: Row) -> Json:
    """Return who changed it, when and with what; only `log` when the audit log does not say."""
    return told_body(row.log, row.cause)
