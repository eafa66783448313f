"""Reads the query of a request: which options, `$select`, `$expand`, `$top`, `$filter`. Refuses what it does not know.

An option the real service has and this one lacks is a 501 that names it; a malformed one is a 400.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from simulator.errors import GraphError, MissingBehaviourError
from simulator.types.schema import JsonObject

TOP_MAX = 999  # Microsoft Graph page "List users": 100 by default, 999 at most.
TOP_DEFAULT = 100
IN_MAX = 15  # Microsoft Graph page "Use the $filter query parameter": expressions in one filter.
_KNOWN = frozenset(
    "$apply $compute $count $deltatoken $expand $filter $format $orderby $search $select $skip $skiptoken $top".split()
)
_EXPAND = re.compile(r"^\s*(\w+)\s*(?:\(\s*\$select\s*=\s*([\w,\s]+)\))?\s*$")
_TEXT = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"^\s*(\w+)\s+eq\s+{_TEXT}\s*$", re.IGNORECASE)
_IN = re.compile(rf"^\s*id\s+in\s*\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*\)\s*$", re.IGNORECASE)
_STARTS = re.compile(rf"^\s*startswith\(\s*displayName\s*,\s*{_TEXT}\s*\)\s*$", re.IGNORECASE)
_ONE_TEXT = re.compile(_TEXT)


def read_options(query: str, allowed: frozenset[str]) -> dict[str, str]:
    """Return the OData options of a query; anything else a client adds to a query is ignored, as OData asks."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        option = name.lower() if name.startswith("$") else f"${name.lower()}"
        if option not in _KNOWN:
            if name.startswith("$"):
                raise GraphError(400, "BadRequest", f"The query parameter '{name}' is not supported.")
            continue
        if option not in allowed:
            raise MissingBehaviourError(f"query option {option}")
        if option in options:
            raise GraphError(400, "BadRequest", f"Query option '{option}' was specified more than once.")
        options[option] = value
    return options


def write_options(options: Mapping[str, str]) -> str:
    """Return a query string, readable where a URL allows it."""
    return urlencode(options, quote_via=quote, safe="$,()='")


def names(option: str | None) -> tuple[str, ...] | None:
    """Return the names listed in `$select`, None when it is absent."""
    if option is None:
        return None
    return tuple(name.strip() for name in option.split(",") if name.strip())


def top(option: str | None) -> int:
    """Return the page size asked for, 100 when absent, 400 outside 1 to 999."""
    if option is None:
        return TOP_DEFAULT
    if not option.isascii() or not option.isdigit() or not 1 <= int(option) <= TOP_MAX:
        raise GraphError(400, "BadRequest", f"Invalid page size specified: '{option}'. Must be between 1 and 999.")
    return int(option)


def expanded(option: str, relations: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None]:
    """Return the one relation to expand and the properties wanted of each item."""
    found = _EXPAND.match(option)
    if found is None or found[1] not in relations:
        raise MissingBehaviourError(f"$expand={option}")
    return found[1], names(found[2])


@dataclass(frozen=True, slots=True)
class Filter:
    """What `$filter` asks for: certain ids, or objects that fit a test."""

    ids: tuple[str, ...] | None
    fits: Callable[[JsonObject], bool]


def read_filter(option: str) -> Filter:
    """Return the filter for the few forms served: id eq, id in, displayName eq, userPrincipalName eq, startsWith."""
    found = _IN.match(option)
    if found:
        ids = tuple(_plain(each).lower() for each in _ONE_TEXT.findall(found[1]))
        if len(ids) > IN_MAX:
            raise GraphError(400, "Request_UnsupportedQuery", f"Too many child clauses. Max allowed: {IN_MAX}.")
        return Filter(ids, lambda _thing: True)
    found = _STARTS.match(option)
    if found:
        start = _plain(found[1]).lower()
        return Filter(None, lambda thing: str(thing.get("displayName", "")).lower().startswith(start))
    found = _EQUALS.match(option)
    if found and found[1] == "id":
        return Filter((_plain(found[2]).lower(),), lambda _thing: True)
    if found and found[1] in ("displayName", "userPrincipalName"):
        name, value = found[1], _plain(found[2]).lower()
        return Filter(None, lambda thing: str(thing.get(name, "")).lower() == value)
    raise MissingBehaviourError(f"$filter={option}")


def _plain(text: str) -> str:
    return text.replace("''", "'")
