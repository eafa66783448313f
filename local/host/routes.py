"""Match a request path to a route template, as ASP.NET Core routing does for Azure Functions.

Pure. Templates hold literals, `{name}`, `{name:constraint}`, a last `{name?}` and a last `{*name}`, also mixed with
text inside one segment. Literals ignore case; a literal segment wins over a constrained parameter, that over a free
one, that over a catch-all. Values are decoded once, except `%2F`, which stays: the web server in front of Azure
Functions does not decode it either ("Routing in ASP.NET Core").
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<rules>(?::[^{}]+)*)(?P<optional>\??)\}")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_BETWEEN_SLASHES = "%2F"

_CONSTRAINTS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "guid": lambda text: re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower()) is not None,
        "int": lambda text: re.fullmatch(r"-?\d+", text) is not None and -(2**31) <= int(text) < 2**31,
        "long": lambda text: re.fullmatch(r"-?\d+", text) is not None and -(2**63) <= int(text) < 2**63,
        "alpha": lambda text: re.fullmatch(r"[A-Za-z]*", text) is not None,
        "bool": lambda text: text.lower() in {"true", "false"},
    }
)
_LITERAL, _CONSTRAINED, _FREE, _CATCH_ALL = range(4)


@dataclass(frozen=True)
class _Segment:
    rank: int
    pattern: re.Pattern[str]
    constraints: Mapping[str, tuple[str, ...]]
    is_optional: bool

    def match(self, text: str) -> dict[str, str] | None:
        """Return the values one segment's text gives, or None."""
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        values = match.groupdict()
        checks = ((values[name], rule) for name, rules in self.constraints.items() for rule in rules)
        return values if all(_CONSTRAINTS[rule](value) for value, rule in checks) else None


@dataclass(frozen=True)
class Route:
    """One parsed template."""

    template: str
    segments: tuple[_Segment, ...]

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sorts the more exact of two routes first."""
        return tuple(segment.rank for segment in self.segments)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameter values of a raw (still encoded) path without its query, or None."""
        parts = [_decoded(part) for part in path.strip("/").split("/")] if path.strip("/") else []
        values: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            if segment.rank == _CATCH_ALL:
                found = segment.match("/".join(parts[index:]))
                return None if found is None else values | found
            if index == len(parts):
                return values if segment.is_optional else None
            found = segment.match(parts[index])
            if found is None:
                return None
            values |= found
        return values if len(parts) <= len(self.segments) else None


def parse_route(template: str) -> Route:
    """Return the parsed template; ValueError names the part this host cannot match."""
    texts = template.strip("/").split("/") if template.strip("/") else []
    segments = tuple(_parse_segment(text, is_last=index == len(texts) - 1) for index, text in enumerate(texts))
    return Route(template, segments)


@dataclass(frozen=True)
class Entry:
    """One function's place in the table: its route and methods (none named means every method)."""

    name: str
    route: Route
    methods: frozenset[str]


@dataclass(frozen=True)
class Choice:
    """What a request came to: a name with values, or no name and the methods the path would take."""

    name: str | None
    values: Mapping[str, str]
    allowed: frozenset[str]


def choose(entries: Iterable[Entry], method: str, path: str) -> Choice:
    """Return the most exact entry for a raw path and method; without one, what is allowed there (none: unknown)."""
    allowed: set[str] = set()
    for entry in sorted(entries, key=lambda entry: entry.route.precedence):
        values = entry.route.match(path)
        if values is None:
            continue
        if not entry.methods or method in entry.methods:
            return Choice(entry.name, values, frozenset())
        allowed |= entry.methods
    return Choice(None, {}, frozenset(allowed))


def _parse_segment(text: str, *, is_last: bool) -> _Segment:
    pattern, rank, end = "", _LITERAL, 0
    constraints: dict[str, tuple[str, ...]] = {}
    is_optional = False
    for match in _PARAMETER.finditer(text):
        pattern += _literal(text[end : match.start()], text)
        end = match.end()
        rules = tuple(rule for rule in match["rules"].split(":") if rule)
        unknown = [rule for rule in rules if rule not in _CONSTRAINTS]
        if unknown:
            raise ValueError(f"constraint {unknown[0]!r} in {text!r} is not known ({', '.join(sorted(_CONSTRAINTS))})")
        is_optional = bool(match["optional"])
        if (is_optional or match["star"]) and (not is_last or match[0] != text):
            raise ValueError(f"{match[0]!r} must be the whole last segment of a route")
        pattern += f"(?P<{match['name']}>{'.*' if match['star'] else '.+?'})"
        rank = max(rank, _CATCH_ALL if match["star"] else _CONSTRAINED if rules or match[0] != text else _FREE)
        constraints[match["name"]] = rules
    pattern += _literal(text[end:], text)
    return _Segment(rank, re.compile(pattern, re.IGNORECASE | re.DOTALL), MappingProxyType(constraints), is_optional)


def _literal(text: str, segment: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"{segment!r} is not a route segment this host can read")
    return re.escape(text)


def _decoded(part: str) -> str:
    return _BETWEEN_SLASHES.join(unquote(piece) for piece in _ENCODED_SLASH.split(part))
