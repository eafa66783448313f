"""Read the body of a request strictly: what is not understood is refused by name, never skipped.

Pure. An earlier published sample posted its filter under another member; a reader that skips what it does not know
would take that for "no filter" and roll back a whole tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from functions.wire.chosen import read_chosen
from functions.wire.filters import read_criteria
from functions.wire.names import TYPE_TAG, Json, is_tag
from shared.domain.errors import InputError
from shared.domain.holds import checked_reason
from shared.domain.ids import guid
from shared.domain.jobs import Kind, Options
from shared.domain.scope import EVERYTHING, Scope
from shared.jobs.freshness import MINUTES_MAX

BODY_BYTES_MAX = 1024 * 1024
START_BYTES_MAX = 32 * 1024 * 1024  # of one that names objects: 500,000 ids of 39 bytes, with room
CRITERIA = "filteringCriteria"
OPTIONS = "tidemark.options"
AGAINST = "tidemark.against"
ROWS = "tidemark.rows"
TEXT_CHARS_MAX = 200
SOFT_DELETE_NEWER = ("soft_delete_newer", bool)
REMOVE_GRANTS = ("remove_newer_grants", bool)
RECREATE = ("recreate_deleted", bool)
PLAN, PLANNED_BY = ("makes_plan", bool), ("planned_by", str)
READ_WHOLE, FRESH_MINUTES = ("reads_whole", bool), ("fresh_minutes", int)
NEEDED: Mapping[type, str] = MappingProxyType(
    {bool: "true or false", str: "a job id", int: f"a whole number from 0 to {MINUTES_MAX}"}
)
START_OPTIONS: Mapping[Kind, Mapping[str, tuple[str, type]]] = MappingProxyType(
    {
        Kind.REPORT: {
            "softDeleteNewer": SOFT_DELETE_NEWER,
            "removeNewerGrants": REMOVE_GRANTS,
            "recreateHardDeleted": RECREATE,
            "plan": PLAN,
            "readWhole": READ_WHOLE,
            "freshMinutes": FRESH_MINUTES,
        },
        Kind.RECOVERY: {
            "softDeleteNewer": SOFT_DELETE_NEWER,
            "removeNewerGrants": REMOVE_GRANTS,
            "recreateHardDeleted": RECREATE,
            "plannedBy": PLANNED_BY,
            "readWhole": READ_WHOLE,
        },
    }
)
AGAIN_OPTIONS: Mapping[str, tuple[str, type]] = MappingProxyType({"plan": PLAN, "plannedBy": PLANNED_BY})
REASON, DIGEST = "reason", "digest"
WIRE_TYPE = {Kind.REPORT: "recoveryPreviewJob", Kind.RECOVERY: "recoveryJob"}


def read_object(headers: Mapping[str, str], content: bytes, bytes_max: int = BODY_BYTES_MAX) -> Json:
    """Return the JSON object of a body, an empty one for no body; raise InputError for anything else."""
    if not content:
        return {}
    if len(content) > bytes_max:
        raise InputError(f"the body has {len(content)} bytes; at most {bytes_max} are read", member="body")
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


def read_reason(headers: Mapping[str, str], content: bytes) -> str:
    """Return why somebody does what they ask for, which has to be said."""
    body = read_object(headers, content)
    _refuse_unknown(body, frozenset({REASON}))
    return checked_reason(body.get(REASON))


def read_digest(headers: Mapping[str, str], content: bytes) -> str:
    """Return the digest of the plan that somebody agrees to, empty when they do not say."""
    body = read_object(headers, content)
    _refuse_unknown(body, frozenset({DIGEST}))
    digest = body.get(DIGEST, "")
    if not isinstance(digest, str) or (DIGEST in body and not digest):
        raise InputError(f"{DIGEST} must be the digest of a plan, as text", member=DIGEST)
    return digest


def read_start(headers: Mapping[str, str], content: bytes, kind: Kind) -> tuple[Scope, Options]:
    """Return what a new job of `kind` is about and what it may do; raise InputError naming what is wrong."""
    body = read_object(headers, content, START_BYTES_MAX)
    allowed = {TYPE_TAG, CRITERIA, OPTIONS, ROWS} | ({AGAINST} if kind is Kind.REPORT else set())
    _refuse_unknown(body, frozenset(allowed))
    wanted = WIRE_TYPE[kind]
    if TYPE_TAG in body and not is_tag(body[TYPE_TAG], wanted):
        raise InputError(f"{TYPE_TAG}: {str(body[TYPE_TAG])[:120]!r} is not {wanted}", member=TYPE_TAG)
    criteria = body.get(CRITERIA)
    scope = EVERYTHING if criteria is None else read_criteria(criteria, member=CRITERIA)
    options = _options(body.get(OPTIONS, {}), START_OPTIONS[kind])
    allowances = {"softDeleteNewer": options.soft_delete_newer, "recreateHardDeleted": options.recreate_deleted}
    allowances |= {"removeNewerGrants": options.remove_newer_grants}
    for name in (name for name, is_given in allowances.items() if is_given):
        if kind is not Kind.REPORT or options.makes_plan:
            continue
        member = f"{OPTIONS}.{name}"
        raise InputError(f"{member} is for a report that makes a plan: add plan: true", member=member)
    if options.fresh_minutes is not None and (options.makes_plan or options.reads_whole):
        member = f"{OPTIONS}.freshMinutes"
        raise InputError(f"{member} excludes plan and readWhole: those always read the tenant", member=member)
    if ROWS not in body:
        return scope, options
    read_object(headers, content)  # the rows are kept in the job's row, so they have to be as short as other bodies
    if criteria is not None:
        raise InputError(f"{ROWS} and {CRITERIA} exclude each other: the rows are the scope", member=CRITERIA)
    if kind is Kind.REPORT and not options.makes_plan:
        raise InputError(f"{ROWS} is for a report that makes a plan: add plan: true", member=ROWS)
    scope, chosen = read_chosen(body[ROWS], member=ROWS)
    return scope, msgspec.structs.replace(options, chosen=chosen)


def read_against(headers: Mapping[str, str], content: bytes) -> str:
    """Return the snapshot that a report is to compare with, by either id, empty for the live tenant."""
    value = read_object(headers, content, START_BYTES_MAX).get(AGAINST, "")
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise InputError(f"{AGAINST} must be the id of a snapshot", member=AGAINST)
    return value


def read_again(headers: Mapping[str, str], content: bytes) -> Options:
    """Return what an undoing or a repetition shall be: a plan of it, by a plan, or neither; raise InputError."""
    body = read_object(headers, content)
    _refuse_unknown(body, frozenset({OPTIONS}))
    options = _options(body.get(OPTIONS, {}), AGAIN_OPTIONS)
    if options.makes_plan and options.planned_by:
        raise InputError("plan and plannedBy exclude each other", member=f"{OPTIONS}.plannedBy")
    return options


def _options(value: object, known: Mapping[str, tuple[str, type]]) -> Options:
    if not isinstance(value, dict):
        raise InputError(f"{OPTIONS} must be an object", member=OPTIONS)
    _refuse_unknown(value, frozenset(known), prefix=f"{OPTIONS}.")
    chosen: Json = {}
    for name, given in value.items():
        field, kind = known[name]
        is_number = type(given) is int and 0 <= given <= MINUTES_MAX
        if not (is_number if kind is int else isinstance(given, kind)):
            member = f"{OPTIONS}.{name}"
            raise InputError(f"{member} must be {NEEDED[kind]}", member=member)
        chosen[field] = guid(str(given), member=f"{OPTIONS}.{name}") if kind is str else given
    return Options(**chosen)


def _refuse_unknown(body: Json, allowed: frozenset[str], *, prefix: str = "") -> None:
    for name in body:
        if name not in allowed:
            member = f"{prefix}{name[:120]}"
            raise InputError(f"the member {member!r} is unknown", member=member)
