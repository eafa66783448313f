"""Reads `$filter`: eq, ne, gt, ge, lt, le, in, startsWith, endsWith, contains, any(), all(), $count, and, or, not.

The grammar is the one of the Microsoft Graph page "Use the $filter query parameter"; what is not in it is a 501 that
quotes the expression. Text compares without case, as the directory does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator.errors import GraphError
from simulator.filter_words import comparable, equals, literal, reached, words

Test = Callable[[Mapping[str, Any]], bool]
DEPTH_MAX = 20
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "contains": lambda text, part: part in text,
}


class Bound(NamedTuple):
    """One comparison of a text property, such as ge; `value` is without case."""

    name: str
    operator: str
    value: str


class _Part(NamedTuple):
    """Part of an expression: its test, and the ids or the bounds it is limited to, if it is nothing but those."""

    test: Test
    ids: tuple[str, ...] | None = None
    bounds: tuple[Bound, ...] = ()


@dataclass(slots=True)
class Condition:
    """A read filter. `ids` is given when it asks for certain ids and nothing else; `names` are the properties used.

    So is `bounds`, for comparisons of texts joined by `and`. An advanced one is answered from the index only:
    ConsistencyLevel: eventual and $count=true.
    """

    fits: Test
    ids: tuple[str, ...] | None = None
    bounds: tuple[Bound, ...] = ()
    names: frozenset[str] = frozenset()
    is_advanced: bool = False
    children_max: int = 0


def read(option: str) -> Condition:
    """Return the condition a `$filter` states; 400 for what is no filter."""
    reader = _Reader(option)
    test, ids, bounds = reader.either(0)
    reader.end()
    return Condition(test, ids, bounds, frozenset(reader.names), reader.is_advanced, reader.children_max)


class _Reader:
    """Reads one expression from left to right; every method returns what it found so far."""

    def __init__(self, option: str) -> None:
        self._option = option
        self._tokens = words(option)
        self._at = 0
        self._bound: list[str] = []
        self.names: set[str] = set()
        self.is_advanced = False
        self.children_max = 0

    def either(self, depth: int) -> _Part:
        """Read terms joined by `or`."""
        if depth > DEPTH_MAX:
            raise self._malformed()
        found = [self._both(depth)]
        while self._takes("or"):
            found.append(self._both(depth))
        if len(found) == 1:
            return found[0]
        tests = [part.test for part in found]
        ids = [each for part in found for each in part.ids or ()]
        all_ids = all(part.ids is not None for part in found)
        self.children_max = max(self.children_max, len(found))
        return _Part(lambda thing: any(test(thing) for test in tests), tuple(ids) if all_ids else None)

    def _both(self, depth: int) -> _Part:
        found = [self._one(depth)]
        while self._takes("and"):
            found.append(self._one(depth))
        if len(found) == 1:
            return found[0]
        tests = [part.test for part in found]
        bounds = [each for part in found for each in part.bounds] if all(part.bounds for part in found) else ()
        return _Part(lambda thing: all(test(thing) for test in tests), None, tuple(bounds))

    def _one(self, depth: int) -> _Part:
        if self._takes("not"):
            self.is_advanced = True
            inner = self._one(depth + 1).test
            return _Part(lambda thing: not inner(thing))
        if self._takes("("):
            found = self.either(depth + 1)
            self._expect(")")
            return found
        word = self._next()
        if word.lower() in _FUNCTIONS:
            return _Part(self._function(word.lower()))
        if word.lower().endswith(("/any", "/all")):
            return _Part(self._lambda(word, depth))
        return self._comparison(word)

    def _function(self, name: str) -> Test:
        self.is_advanced |= name != "startswith"
        self._expect("(")
        path = self._path(self._next())
        self._expect(",")
        wanted = str(literal(self._next())).lower()
        self._expect(")")
        does = _FUNCTIONS[name]
        return lambda thing: any(does(str(each).lower(), wanted) for each in path(thing) if each is not None)

    def _lambda(self, word: str, depth: int) -> Test:
        place, _, kind = word.rpartition("/")
        path = self._path(place)
        every = kind.lower() == "all"
        self._expect("(")
        if not every and self._takes(")"):
            return lambda thing: any(each is not None for each in path(thing))
        variable = self._next()
        self._expect(":")
        self._bound.append(variable)
        inner = self.either(depth + 1).test
        self._bound.pop()
        self._expect(")")
        if every:
            # True of a collection without items, as OData says of `all`.
            return lambda thing: all(inner({variable: each}) for each in path(thing) if each is not None)
        return lambda thing: any(inner({variable: each}) for each in path(thing))

    def _comparison(self, word: str) -> _Part:
        path, operator = self._path(word), self._next().lower()
        self.is_advanced |= operator == "ne" or word.lower().endswith("/$count")
        if operator == "in":
            wanted = self._listed()
            self.children_max = max(self.children_max, len(wanted))
            plain = {comparable(each) for each in wanted}
            ids = tuple(str(each).lower() for each in wanted) if word == "id" else None
            return _Part(lambda thing: any(comparable(each) in plain for each in path(thing)), ids)
        value = literal(self._next())
        if operator == "eq":
            ids = (str(value).lower(),) if word == "id" else None
            return _Part(lambda thing: equals(path(thing), value), ids)
        if operator == "ne":
            return _Part(lambda thing: not equals(path(thing), value))
        if operator not in _ORDERED:
            raise self._malformed()
        does, bound = _ORDERED[operator], comparable(value)

        def fits(thing: Mapping[str, Any]) -> bool:
            found = [comparable(each) for each in path(thing) if each is not None]
            return any(type(each) is type(bound) and does(each, bound) for each in found)

        is_text = isinstance(bound, str) and "/" not in word and word not in self._bound
        return _Part(fits, None, (Bound(word, operator, bound),) if is_text else ())

    def _listed(self) -> list[Any]:
        self._expect("(")
        found = [literal(self._next())]
        while self._takes(","):
            found.append(literal(self._next()))
        self._expect(")")
        return found

    def _path(self, word: str) -> Callable[[Mapping[str, Any]], list[Any]]:
        steps = word.split("/")
        if not all(re.match(r"^[A-Za-z_$@][\w.$]*$", step) for step in steps):
            raise self._malformed()
        if steps[0] not in self._bound:
            self.names.add(steps[0])
        return lambda thing: reached(thing, steps)

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._malformed()
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].lower() == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._malformed()

    def end(self) -> None:
        """Refuse whatever is left over."""
        if self._at != len(self._tokens):
            raise self._malformed()

    def _malformed(self) -> GraphError:
        return GraphError(400, "BadRequest", f"Invalid filter clause: {self._option}")
