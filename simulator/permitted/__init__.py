"""Which application permissions open which path, method by method.

From `table.json`, made by `derive.py` of the permission lists Microsoft publishes (repository
microsoft-graph-devx-content). The lists have gaps, which the coarse areas of `permissions.py` fill, and errors: they
name permissions to read beside those to write where a call needs both. Here a permission to read opens no write.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from types import MappingProxyType

import msgspec

from simulator.errors import GraphError
from simulator.permissions import READERS, WRITERS

RECOVERY = "recovery"
_BOTH = re.compile(r" & |,")  # "A & B,C": all three together
# One path for every type of deleted object; the list knows users and agents only.
_MIXED = "directoryObject"
# Rows that lack what the same object's other rows and its reference page have.
_GAPS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("GET", "/organization/{}"): frozenset({"Organization.Read.All", "Directory.Read.All"}),
        ("POST", "/applications/{}/owners"): frozenset({"Application.ReadWrite.All"}),
        ("POST", "/serviceprincipals/{}/owners"): frozenset({"Application.ReadWrite.All"}),
    }
)
_RECOVERY_SCOPES = frozenset({"EntraBackup.ReadWrite.Preview", "EntraBackup.ReadWrite.Recovery"})


class _Table(msgspec.Struct):
    source: dict[str, object]
    names: list[str]
    paths: dict[str, dict[str, list[int]]]


@functools.cache
def _table() -> _Table:
    content = files("simulator.permitted").joinpath("table.json").read_bytes()
    return msgspec.json.decode(content, type=_Table)


@functools.cache
def opening(method: str, pattern: tuple[str, ...], area: str, *, is_write: bool) -> frozenset[str]:
    """Return what opens a route, any one of these; "A & B" stands for both together."""
    table = _table()
    segments = ["{}" if each.startswith("{") else each for each in pattern if each not in ("$ref", "$count")]
    path = "/" + "/".join(segments)
    # Most rows leave $ref out; a few have it.
    rows = (table.paths.get(at, {}).get(method, ()) for at in (path, _with_ref(pattern)))
    row = [number for each in rows for number in each]
    listed = {table.names[number] for number in row} | _GAPS.get((method, path), frozenset())
    if is_write:
        listed = {name for name in listed if not all(".Read." in part for part in _BOTH.split(name))}
    coarse = (WRITERS if is_write else READERS).get(area, frozenset())
    return frozenset(listed) | coarse if not listed or area == _MIXED else frozenset(listed)


def check(
    roles: Iterable[str], scopes: Iterable[str], method: str, pattern: tuple[str, ...], area: str, *, is_write: bool
) -> None:
    """Refuse a caller whose token holds none of the permissions that open this route."""
    if area == RECOVERY and is_write:
        # The page "snapshot: post recoveryJobs" supports no application permission at all.
        allowed = not _RECOVERY_SCOPES.isdisjoint(scopes)
    else:
        held = {*roles, *scopes}
        choices = opening(method, pattern, area, is_write=is_write)
        allowed = not choices.isdisjoint(held) or any(held.issuperset(_BOTH.split(each)) for each in choices)
    if not allowed:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _with_ref(pattern: tuple[str, ...]) -> str:
    """Return the path of a route with its $ref, empty for one that has none."""
    return "/" + "/".join("{}" if each.startswith("{") else each for each in pattern) if "$ref" in pattern else ""
