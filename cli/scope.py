"""What part of a tenant a command is about, from `--types` and `--ids` to the API's filtering criteria.

Pure. Names of types are not checked here: the API knows which it captures and names the one it refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.errors import CliError, Exit

NAMESPACE = "#microsoft.graph.entraRecoveryServices"


def start_body(types: str | None, ids: str | None, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the body that starts a job; raise CliError for a list that is empty or not TYPE:ID."""
    body: dict[str, Any] = {}
    if types is not None:
        names = _parts("--types", types)
        body["filteringCriteria"] = {
            "@odata.type": f"{NAMESPACE}.recoveryJobEntityNamesFilter",
            "entityTypes": names,
        }
    elif ids is not None:
        body["filteringCriteria"] = {
            "@odata.type": f"{NAMESPACE}.recoveryJobEntityNameAndIdsFilter",
            "filterValues": _values(ids),
        }
    if options:
        body["tidemark.options"] = options
    return body


def named_ids(ids: str | None, path: str | None) -> str | None:
    """Return the objects of `--ids`, or those that the file of `--ids-from` lists, as `--ids` takes them.

    A line of the file is TYPE:ID; empty lines and those that begin with # are passed over. Raises CliError naming the
    file and the line that is wrong.
    """
    if path is None:
        return ids
    try:
        lines = [line.strip() for line in Path(path).read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(Exit.USAGE, f"--ids-from: {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#") and (":" not in line or "," in line):
            raise CliError(Exit.USAGE, f"--ids-from: {path}: {line[:80]!r} in line {number} is not TYPE:ID")
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise CliError(Exit.USAGE, f"--ids-from: {path} lists no object")
    return ",".join(found)


def described(types: str | None, ids: str | None) -> str:
    """Return the scope in words, for a question."""
    if types is not None:
        return f"every object of type {', '.join(_parts('--types', types))}"
    if ids is not None:
        return f"{len(_parts('--ids', ids))} chosen objects"
    return "the whole tenant"


def _values(ids: str) -> list[dict[str, Any]]:
    chosen: dict[str, list[str]] = {}
    for part in _parts("--ids", ids):
        name, colon, object_id = part.partition(":")
        if not colon or not name or not object_id:
            raise CliError(Exit.USAGE, f"--ids: {part!r} is not TYPE:ID")
        chosen.setdefault(name, []).append(object_id)
    return [{"entityType": name, "entityIds": object_ids} for name, object_ids in chosen.items()]


def _parts(option: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise CliError(Exit.USAGE, f"{option}: {text!r} has an empty item")
    return parts
