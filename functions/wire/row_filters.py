"""`$filter` and `$orderby` over the rows of a report, as much of OData as an operator needs.

Pure. Comparisons (`eq ne gt ge lt le`), `in`, `startswith`, `contains`, `and`, `or`, `not` and parentheses over the
names in VALUES; a name with several values (risks, properties) is equal to each of them. Texts are compared without
regard to case. Everything else is refused by name, never ignored: a filter that is misread hides changes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from functions.wire.change import NATIVE_ACTIONS
from shared.catalogue.types import TYPES, type_named
from shared.compare.rows import ORDERS, Row, Test
from shared.domain.changes import Action
from shared.domain.errors import InputError
from shared.domain.explanations import Risk
from shared.domain.times import format_time, parse_time

MEMBER = "$filter"
CHARS_MAX = 4_000
DEPTH_MAX = 20
TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])|(?P<word>[A-Za-z0-9_.:+-]+))")
CHANGED_AT = "tidemark.changedDateTime"


def _present(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value)


VALUES: Mapping[str, Callable[[Row], tuple[str, ...]]] = MappingProxyType(
    {
        "id": lambda row: (row.difference.object_id,),
        "displayName": lambda row: (row.difference.display_name,),
        "entityTypeName": lambda row: (type_named(row.difference.type).wire_name, row.difference.type),
        "recoveryAction": lambda row: (NATIVE_ACTIONS[row.difference.action],),
        "tidemark.action": lambda row: (row.difference.action.value,),
        "tidemark.refusal": lambda row: _present(row.difference.refusal),
        "tidemark.risk": lambda row: tuple(risk.value for risk in row.risks),
        "tidemark.property": lambda row: row.properties,
        "tidemark.changedBy": lambda row: _present(row.cause.actor_name, row.cause.actor_id) if row.cause else (),
        "tidemark.changedByApp": lambda row: _present(row.cause.app_name, row.cause.app_id) if row.cause else (),
        CHANGED_AT: lambda row: (format_time(row.cause.at),) if row.cause else (),
        "tidemark.text": lambda row: (row.text,),
    }
)
# What a value can be at all where that is known: a slip of the pen would look like a report in which nothing differs.
KNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "entityTypeName": frozenset(name for entry in TYPES for name in (entry.wire_name, entry.name)),
        "recoveryAction": frozenset(NATIVE_ACTIONS.values()),
        "tidemark.action": frozenset(action.value for action in Action),
        "tidemark.risk": frozenset(risk.value for risk in Risk),
    }
)
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"eq": operator.eq, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
)
FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"startswith": str.startswith, "contains": operator.contains}
)
WORDS = frozenset({"and", "or", "not", "in", "ne"}) | COMPARISONS.keys()


def read_row_filter(text: str | None) -> Test | None:
    """Return the test that a `$filter` asks for, None for no filter; raise InputError naming what is wrong in it."""
    if text is None:
        return None
    if len(text) > CHARS_MAX:
        raise _wrong(f"has {len(text)} characters; at most {CHARS_MAX} are read")
    reader = _Reader(_tokens(text))
    test = reader.either(0)
    if reader.left:
        raise _wrong(f"has {reader.left[0]!r} where it should end")
    return test


def read_row_order(text: str | None) -> tuple[str, bool] | None:
    """Return what to sort by and whether downwards, None for the report's own order."""
    if text is None:
        return None
    name, _, direction = text.strip().partition(" ")
    if name not in ORDERS or direction.strip() not in {"", "asc", "desc"}:
        known = ", ".join(ORDERS)
        raise InputError(f"$orderby is {text[:80]!r}; use one of {known}, with asc or desc", member="$orderby")
    return name, direction.strip() == "desc"


class _Reader:
    """Reads tokens from the left; each method returns the test of what it read."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def either(self, depth: int) -> Test:
        """Read tests joined by `or`."""
        if depth > DEPTH_MAX:
            raise _wrong("is nested too deeply")
        tests = [self._all(depth)]
        while self._took("or"):
            tests.append(self._all(depth))
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._took("and"):
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self, depth: int) -> Test:
        if self._took("not"):
            test = self._one(depth + 1) if depth < DEPTH_MAX else self.either(depth + 1)
            return lambda row: not test(row)
        if self._took("("):
            inner = self.either(depth + 1)
            self._need(")")
            return inner
        word = self._next()
        return self._call(word) if word in FUNCTIONS else self._comparison(word)

    def _call(self, word: str) -> Test:
        self._need("(")
        values = _values(self._next())
        self._need(",")
        wanted = _literal(self._next(), "").casefold()
        self._need(")")
        fits = FUNCTIONS[word]
        return lambda row: any(fits(value.casefold(), wanted) for value in values(row))

    def _comparison(self, name: str) -> Test:
        values, sign = _values(name), self._next()
        if sign == "in":
            chosen = self._list(name)
            return lambda row: any(value.casefold() in chosen for value in values(row))
        wanted = _literal(self._next(), name).casefold()
        if sign == "ne":
            return lambda row: all(value.casefold() != wanted for value in values(row))
        if sign not in COMPARISONS:
            raise _wrong(f"has {sign!r} where one of {', '.join(sorted(WORDS))} should be")
        fits = COMPARISONS[sign]
        return lambda row: any(fits(value.casefold(), wanted) for value in values(row))

    def _list(self, name: str) -> frozenset[str]:
        self._need("(")
        chosen = [_literal(self._next(), name).casefold()]
        while self._took(","):
            chosen.append(_literal(self._next(), name).casefold())
        self._need(")")
        return frozenset(chosen)

    def _next(self) -> str:
        if not self.left:
            raise _wrong("ends too early")
        return self.left.pop(0)

    def _took(self, token: str) -> bool:
        if self.left and self.left[0] == token:
            self.left.pop(0)
            return True
        return False

    def _need(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise _wrong(f"has {found!r} where {token!r} should be")


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None:
            raise _wrong(f"cannot be read at {text[at : at + 20]!r}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


def _values(name: str) -> Callable[[Row], tuple[str, ...]]:
    if name not in VALUES:
        raise _wrong(f"names {name[:80]!r}; use one of {', '.join(VALUES)}")
    return VALUES[name]


def _literal(token: str, name: str) -> str:
    """Return the text of a literal; a time may stand without quotes, and is spelled as rows are compared by it."""
    if name == CHANGED_AT:
        return format_time(parse_time(token.strip("'")))
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise _wrong(f"has {token[:80]!r} where a text in single quotes should be")
    text = token[1:-1].replace("''", "'")
    if name in KNOWN and text.casefold() not in map(str.casefold, KNOWN[name]):
        raise _wrong(f"compares {name} with {text[:80]!r}; it is one of {', '.join(sorted(KNOWN[name]))}")
    return text


def _wrong(fact: str) -> InputError:
    return InputError(f"{MEMBER} {fact}", member=MEMBER)
