"""`$batch`: up to 20 parts, checked as a whole, run as if in parallel, each with its own fate.

Follows the Microsoft Graph page "Combine multiple HTTP requests using JSON batching". Parts without `dependsOn` run
at the same time there, so two writes to one object collide: here the later part always loses, with a 409.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from simulator.errors import GraphError, collision

PARTS_MAX = 20
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Part(msgspec.Struct, rename="camel"):
    """One request of a batch, as the client wrote it."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    depends_on: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the id as ids are compared."""
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one part came to."""

    status: int
    headers: Mapping[str, str]
    body: Any


# Runs one part; with an error given it only refuses it, with that error.
Run = Callable[[Part, GraphError | None], Outcome]
Target = Callable[[Part], str]


def read_parts(body: bytes) -> list[Part]:
    """Return the parts of a batch; 400 for more than 20, duplicate ids, and anything malformed."""
    try:
        wanted = msgspec.json.decode(body)["requests"]
        parts = msgspec.convert([_named(each) for each in wanted], list[Part])
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        raise GraphError(400, "BadRequest", f"Invalid batch payload format: {error}.") from error
    if not parts:
        raise GraphError(400, "BadRequest", "A batch needs at least one request.")
    if len(parts) > PARTS_MAX:
        raise GraphError(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {PARTS_MAX}.")
    seen: set[str] = set()
    for part in parts:
        if part.key in seen:
            raise GraphError(400, "BadRequest", f"Request Id '{part.id}' occurs more than once in the batch.")
        if any(wish.lower() not in seen for wish in part.depends_on):
            raise GraphError(400, "BadRequest", f"Request '{part.id}' depends on an id that does not come before it.")
        if part.method.upper() not in METHODS or "://" in part.url or part.url.lower().strip("/").startswith("$batch"):
            raise GraphError(400, "BadRequest", f"Request '{part.id}' is not a relative request to one resource.")
        seen.add(part.key)
    return parts


def _named(part: Any) -> Any:
    """Return a part whose id is text: clients such as CLI for Microsoft 365 number theirs."""
    is_numbered = isinstance(part, dict) and isinstance(part.get("id"), int)
    return {**part, "id": str(part["id"])} if is_numbered else part


def run_parts(parts: Sequence[Part], *, run: Run, target: Target, shuffle: Random) -> list[dict[str, Any]]:
    """Return the answers of all parts, in no order a client could rely on.

    `target` names the object a part writes to, empty for a part that writes to none.
    """
    failed: set[str] = set()
    ancestors: dict[str, frozenset[str]] = {}
    writers: dict[str, str] = {}
    answers: list[dict[str, Any]] = []
    for part in parts:
        wishes = {wish.lower() for wish in part.depends_on}
        ancestors[part.key] = frozenset(wishes.union(*(ancestors[wish] for wish in wishes)))
        object_id = target(part)
        rival = writers.get(object_id) if object_id else None
        refusal = None
        if wishes & failed:
            refusal = _failed_dependency()
        elif rival is not None and rival not in ancestors[part.key]:
            refusal = collision()
        outcome = run(part, refusal)
        if object_id and outcome.status != 429:
            writers[object_id] = part.key
        if outcome.status >= 400:
            failed.add(part.key)
        answer = {"id": part.id, "status": outcome.status, "headers": dict(outcome.headers)}
        if outcome.body is not None:
            answer["body"] = outcome.body
        answers.append(answer)
    shuffle.shuffle(answers)
    return answers


def _failed_dependency() -> GraphError:
    return GraphError(424, "FailedDependency", "A request this one depends on failed.")
