"""Reads the query of a request: which options, `$select`, `$expand`, `$top`, `$filter`. Refuses what it does not know.

An option the real service has and this one lacks is a 501 that names it; a malformed one is a 400.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from simulator import filters
from simulator.errors import GraphError, MissingBehaviourError
from simulator.filters import Condition
from simulator.types.schema import Schema

TOP_MAX = 999  # Microsoft Graph page "List users": 100 by default, 999 at most.
TOP_DEFAULT = 100
IN_MAX = 15  # Microsoft Graph page "Use the $filter query parameter": expressions in one filter.
_KNOWN = frozenset(
    "$apply $compute $count $deltatoken $expand $filter $format $orderby $search $select $skip $skiptoken $top".split()
)
_EXPAND = re.compile(r"^\s*(\w+)\s*(?:\(\s*\$select\s*=\s*([\w,\s]+)\))?\s*$")


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
    listed = re.sub(r"\([^()]*\)", "", option).split(",")
    if len(listed) > 1 and all(each.strip() in relations for each in listed):
        # Microsoft Graph page "Customize responses with query parameters": one relation of a directory object.
        raise GraphError(400, "BadRequest", "Only one navigation property can be expanded in a request.")
    found = _EXPAND.match(option)
    if found is None or found[1] not in relations:
        raise MissingBehaviourError(f"$expand={option}")
    return found[1], names(found[2])


def read_filter(option: str, schema: Schema | None = None) -> Condition:
    """Return what `$filter` asks for; with a schema, refuse properties its type does not have."""
    condition = filters.read(option)
    if condition.children_max > IN_MAX:
        raise GraphError(400, "Request_UnsupportedQuery", f"Too many child clauses. Max allowed: {IN_MAX}.")
    if schema is not None:
        for name in sorted(condition.names):
            if name not in schema.properties and name != "@odata.type":
                raise schema.unknown(name)
    return condition


def check_advanced(options: Mapping[str, str], *, is_eventual: bool) -> None:
    """Refuse what only the index answers unless the client accepts the index, and `$search` always.

    Follows the Microsoft Graph page "Advanced query capabilities on Microsoft Entra ID objects".
    """
    if "$search" in options:
        raise MissingBehaviourError("$search: there is no full-text index")
    has_both = "$orderby" in options and "$filter" in options
    if not has_both and not ("$filter" in options and filters.read(options["$filter"]).is_advanced):
        return
    if not is_eventual or options.get("$count", "").lower() != "true":
        message = "Operator or sort is not supported without $count=true and the header ConsistencyLevel: eventual."
        raise GraphError(400, "Request_UnsupportedQuery", message)


def order_by(option: str, schema: Schema) -> tuple[tuple[str, bool], ...]:
    """Return the properties to sort by, the first weighs most, each with whether downwards; the type must have them."""
    wanted = []
    for part in option.split(","):
        name, _, direction = part.strip().partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc") or not name:
            raise GraphError(400, "BadRequest", f"Syntax error in $orderby: '{option}'.")
        if name not in schema.properties:
            raise schema.unknown(name)
        wanted.append((name, direction.strip().lower() == "desc"))
    return tuple(wanted)
