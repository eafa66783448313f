"""The addresses of the recovery API: who may call what, and which handler answers.

Pure. Segments of a pattern are literals, `{ids}`, or functions such as `getChanges()`, which clients write with or
without the namespace and with or without parentheses. Literals ignore case. The first pattern that fits is taken, so
literals stand before ids. Source: "entraRecoveryServices API overview"; handlers named `tidemark.…` are additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.wire import change, job, ledger, snapshot
from functions.wire.names import NAMESPACE
from shared.domain.errors import CallerError

READER = "Backup.Reader"
ADMINISTRATOR = "Backup.Administrator"
READ = frozenset({READER, ADMINISTRATOR})
ADMINISTER = frozenset({ADMINISTRATOR})

PAGE = frozenset({"$top", "$skip"})
SELECT = frozenset({"$select"})
ROWS = PAGE | SELECT | {"$filter", "$orderby"}
PROOF = frozenset({"mode", "part"})
ONE_OBJECT = frozenset({"type", "links"})
SEARCH = frozenset({"text", "type", "from", "$top"})
NONE: frozenset[str] = frozenset()

ROOT = "directory/recovery"
ONE = f"{ROOT}/snapshots/{{snapshot}}"
PREVIEWS = f"{ONE}/recoveryPreviewJobs"
RECOVERIES = f"{ONE}/recoveryJobs"
JOBS = f"{ROOT}/jobs"


@dataclass(frozen=True)
class Route:
    """One address with one method. `members` are what `$select` may name there."""

    method: str
    pattern: str
    roles: frozenset[str]
    handler: str
    options: frozenset[str] = NONE
    members: frozenset[str] = NONE


@dataclass(frozen=True)
class Found:
    """Where a request belongs; `ids` are the decoded values of the pattern's placeholders."""

    route: Route
    ids: dict[str, str]


@dataclass(frozen=True)
class Nothing:
    """No handler: `allowed` are the methods the address would take, none for an unknown address."""

    allowed: frozenset[str] = field(default_factory=frozenset)


ROUTES: tuple[Route, ...] = (
    Route("GET", ROOT, READ, "recovery"),
    Route("POST", f"{ROOT}/tidemark.capture()", ADMINISTER, "start_capture"),
    Route("GET", f"{ROOT}/tidemark.drift()", READ, "drift"),
    Route("POST", f"{ROOT}/tidemark.drift()", ADMINISTER, "set_drift"),
    Route("GET", f"{ROOT}/tidemark.driftItems()", READ, "drift_items", PAGE | {"state"}),
    Route("POST", f"{ROOT}/tidemark.driftItems/{{item}}/accept()", ADMINISTER, "accept_drift"),
    Route("POST", f"{ROOT}/tidemark.driftItems/{{item}}/deny()", ADMINISTER, "deny_drift"),
    Route("POST", f"{ROOT}/tidemark.restorePoint()", ADMINISTER, "start_restore_point"),
    Route("POST", f"{ROOT}/tidemark.verify()", ADMINISTER, "start_verification"),
    Route("GET", f"{ROOT}/tidemark.vault()", READ, "vault"),
    Route("GET", f"{ROOT}/tidemark.idMap()", READ, "id_map", PAGE),
    Route("GET", f"{ROOT}/snapshots", READ, "snapshots", PAGE | SELECT | {"$orderby"}, snapshot.MEMBERS),
    Route("GET", f"{ROOT}/snapshots/$count", READ, "count_snapshots"),
    Route("GET", ONE, READ, "snapshot", SELECT, snapshot.MEMBERS),
    Route("GET", f"{ONE}/tidemark.verify()", READ, "verify_snapshot", PROOF),
    Route("GET", f"{ONE}/tidemark.export()", READ, "export_snapshot"),
    Route("GET", f"{ONE}/tidemark.export/objects", READ, "export_objects", frozenset({"shard"})),
    Route("GET", f"{ONE}/tidemark.export/files/{{file}}", READ, "export_file"),
    Route("PUT", f"{ROOT}/tidemark.imports/{{import}}/{{file}}", ADMINISTER, "import_file"),
    Route("POST", f"{ROOT}/tidemark.imports/{{import}}", ADMINISTER, "finish_import"),
    Route("GET", f"{ONE}/tidemark.search()", READ, "search_snapshot", SEARCH),
    Route("GET", f"{ONE}/tidemark.objects/{{object}}", READ, "object_whole", ONE_OBJECT),
    Route("GET", f"{ROOT}/tidemark.history/{{object}}", READ, "object_history", frozenset({"type"})),
    Route("POST", f"{ONE}/tidemark.hold()", ADMINISTER, "hold_snapshot"),
    Route("POST", f"{ONE}/tidemark.release()", ADMINISTER, "release_snapshot"),
    Route("GET", PREVIEWS, READ, "previews", PAGE | SELECT, job.MEMBERS),
    Route("POST", PREVIEWS, ADMINISTER, "start_preview"),
    Route("GET", f"{PREVIEWS}/$count", READ, "count_previews"),
    Route("GET", f"{PREVIEWS}/{{job}}", READ, "preview", SELECT, job.MEMBERS),
    Route("GET", f"{PREVIEWS}/{{job}}/getChanges()", READ, "changes", ROWS, change.MEMBERS),
    Route("GET", f"{PREVIEWS}/{{job}}/tidemark.export()", READ, "export", frozenset({"format", "$filter", "$skip"})),
    Route("GET", RECOVERIES, READ, "recoveries", PAGE | SELECT, job.MEMBERS),
    Route("POST", RECOVERIES, ADMINISTER, "start_recovery"),
    Route("GET", f"{RECOVERIES}/$count", READ, "count_recoveries"),
    Route("GET", f"{RECOVERIES}/{{job}}", READ, "recovery_job", SELECT, job.MEMBERS),
    Route("GET", f"{RECOVERIES}/{{job}}/getFailedChanges()", READ, "failed_changes", PAGE | SELECT, change.MEMBERS),
    Route("GET", JOBS, READ, "jobs", PAGE | SELECT, job.MEMBERS),
    Route("GET", f"{JOBS}/$count", READ, "count_jobs"),
    Route("GET", f"{JOBS}/{{job}}", READ, "job", SELECT, job.MEMBERS),
    Route("POST", f"{JOBS}/{{job}}/cancel()", ADMINISTER, "cancel"),
    Route("POST", f"{JOBS}/{{job}}/tidemark.approve()", ADMINISTER, "approve"),
    Route("POST", f"{JOBS}/{{job}}/tidemark.undo()", ADMINISTER, "undo"),
    Route("POST", f"{JOBS}/{{job}}/tidemark.retryFailed()", ADMINISTER, "retry_failed"),
    Route("GET", f"{JOBS}/{{job}}/tidemark.confirmations()", READ, "confirmations", PAGE),
    Route("GET", f"{JOBS}/{{job}}/tidemark.outcomes()", READ, "outcomes", PAGE),
    Route("GET", f"{JOBS}/{{job}}/tidemark.runbook()", READ, "runbook", PAGE | {"format"}),
    Route("GET", f"{JOBS}/{{job}}/tidemark.ledger()", READ, "ledger", PAGE | ledger.OPTIONS),
    Route("GET", f"{JOBS}/{{job}}/tidemark.disagreements()", READ, "disagreements", PAGE),
)


def find(method: str, segments: Sequence[str]) -> Found | Nothing:
    """Return where a request with these decoded path segments belongs."""
    allowed: set[str] = set()
    taken: str | None = None
    for route in ROUTES:
        if taken is not None and route.pattern != taken:
            continue
        ids = _ids(route.pattern, segments)
        if ids is None:
            continue
        if route.method == method:
            return Found(route, ids)
        taken = route.pattern
        allowed.add(route.method)
    return Nothing(frozenset(allowed))


def allow(route: Route, roles: frozenset[str]) -> None:
    """Return when one of a caller's app roles may call the route; raise CallerError naming the role it needs."""
    allow_any(route.roles, roles)


def allow_any(wanted_roles: frozenset[str], roles: frozenset[str]) -> None:
    """Return when one of a caller's app roles is among the wanted ones; raise CallerError naming them."""
    if not roles & wanted_roles:
        wanted = ADMINISTRATOR if wanted_roles == ADMINISTER else f"{READER} or {ADMINISTRATOR}"
        raise CallerError(f"the request needs the app role {wanted}", is_known=True)


def _ids(pattern: str, segments: Sequence[str]) -> dict[str, str] | None:
    """Return the placeholders' values when the segments fit the pattern, None otherwise."""
    parts = pattern.split("/")
    if len(parts) != len(segments):
        return None
    ids: dict[str, str] = {}
    for part, text in zip(parts, segments, strict=True):
        if part.startswith("{"):
            if not text:
                return None
            ids[part.strip("{}")] = text
        elif not _is_literal(part, text):
            return None
    return ids


def _is_literal(part: str, text: str) -> bool:
    wanted, given = part.lower(), text.lower()
    if wanted.endswith("()"):
        wanted = wanted.removesuffix("()")
        given = given.removesuffix("()").removeprefix(f"{NAMESPACE.lower()}.")
    return wanted == given
