"""Read the body of a request strictly: what is not understood is refused by name, never skipped.

Pure. An earlier published sample posted its filter under another member; a reader that skips what it does not know
would take that for "no filter" and roll back a whole tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from functions.wire.filters import read_criteria
from functions.wire.names import TYPE_TAG, Json, is_tag
from shared.domain.errors import InputError
from shared.domain.jobs import Kind, Options
from shared.domain.scope import EVERYTHING, Scope

BODY_BYTES_MAX = 1024 * 1024
CRITERIA = "filteringCriteria"
OPTIONS = "tidemark.options"
AGAINST = "tidemark.against"
TEXT_CHARS_MAX = 200
SOFT_DELETE_NEWER = "softDeleteNewer"
WIRE_TYPE = {Kind.REPORT: "recoveryPreviewJob", Kind.RECOVERY: "recoveryJob"}


def read_object(headers: Mapping[str, str], content: bytes) -> Json:
    """Return the JSON object of a body, an empty one for no body; raise InputError for anything else."""
    if not content:
        return {}
    if len(content) > BODY_BYTES_MAX:
        raise InputError(f"the body has {len(content)} bytes; at most {BODY_BYTES_MAX} are read", member="body")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise InputError(f"Content-Type is {media_type[:80]!r}; send application/json", member="Content-Type")
    try:
        body: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the body is not JSON: {error}", member="body") from error
    if not isinstance(body, dict):
        raise InputError("the body must be a JSON object", member="body")
    return body


def read_nothing(headers: Mapping[str, str], content: bytes) -> None:
    """Accept no body or an empty object, which some clients always send; raise InputError for any member."""
    _refuse_unknown(read_object(headers, content), frozenset())


def read_start(headers: Mapping[str, str], content: bytes, kind: Kind) -> tuple[Scope, Options]:
    """Return what a new job of `kind` is about and what it may do; raise InputError naming what is wrong."""
    body = read_object(headers, content)
    own = OPTIONS if kind is Kind.RECOVERY else AGAINST
    _refuse_unknown(body, frozenset({TYPE_TAG, CRITERIA, own}))
    wanted = WIRE_TYPE[kind]
    if TYPE_TAG in body and not is_tag(body[TYPE_TAG], wanted):
        raise InputError(f"{TYPE_TAG}: {str(body[TYPE_TAG])[:120]!r} is not {wanted}", member=TYPE_TAG)
    criteria = body.get(CRITERIA)
    scope = EVERYTHING if criteria is None else read_criteria(criteria, member=CRITERIA)
    return scope, _options(body.get(OPTIONS, {}))


def read_against(headers: Mapping[str, str], content: bytes) -> str:
    """Return the snapshot that a report is to compare with, by either id, empty for the live tenant."""
    value = read_object(headers, content).get(AGAINST, "")
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise InputError(f"{AGAINST} must be the id of a snapshot", member=AGAINST)
    return value


def _options(value: object) -> Options:
    if not isinstance(value, dict):
        raise InputError(f"{OPTIONS} must be an object", member=OPTIONS)
    _refuse_unknown(value, frozenset({SOFT_DELETE_NEWER}), prefix=f"{OPTIONS}.")
    chosen = value.get(SOFT_DELETE_NEWER, False)
    if not isinstance(chosen, bool):
        member = f"{OPTIONS}.{SOFT_DELETE_NEWER}"
        raise InputError(f"{member} must be true or false", member=member)
    return Options(soft_delete_newer=chosen)


def _refuse_unknown(body: Json, allowed: frozenset[str], *, prefix: str = "") -> None:
    for name in body:
        if name not in allowed:
            member = f"{prefix}{name[:120]}"
            raise InputError(f"the member {member!r} is unknown", member=member)
