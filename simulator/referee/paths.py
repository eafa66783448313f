"""Finds the published operation a request asks for: path, method, what it takes and what it gives back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from simulator.referee.published import GRAPH, Published

_KEYED = re.compile(r"^([\w.]+)\('?([^'=]*)'?\)$")
_VALUE = re.compile(r"=[^,)]*")
_PARAMETER = "{}"
_COLLECTION = re.compile(r"^Collection\((.*)\)$")


@dataclass(frozen=True, slots=True)
class Known:
    """One published method of one path. `returns` and `body` are full type names; `parameters` an action's."""

    template: str
    returns: str | None
    body: str | None
    query: frozenset[str]
    parameters: tuple[Mapping[str, Any], ...] | None = None
    is_delta: bool = False
    is_only_permitted: bool = False

    @property
    def item(self) -> str:
        """Return the type of one item of the answer; empty when the slice does not say."""
        found = _COLLECTION.match(self.returns or "")
        return found[1] if found else self.returns or ""

    @property
    def is_collection(self) -> bool:
        """Tell whether the answer is a collection."""
        return _COLLECTION.match(self.returns or "") is not None


@dataclass(slots=True)
class _Node:
    below: dict[str, "_Node"] = field(default_factory=dict)
    template: str = ""
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Paths:
    """The published paths as a tree; literal segments win over parameters, and case does not count."""

    def __init__(self, published: Published, *, version: str) -> None:
        self._published = published
        self._root, self._permitted = _Node(), _Node()
        for template, methods in published.paths.items():
            self._plant(self._root, template, methods)
        if version == "beta":
            for template, methods in published.beta_paths.items():
                self._plant(self._root, template, {name: {} for name in methods})
        for template, methods in published.permitted.items():
            self._plant(self._permitted, template, methods)

    def find(self, method: str, path: str) -> Known | str:
        """Return the published operation, or the complaint: the path or the method is not there."""
        given = _segments(path)
        node = _walk(self._root, given)
        if node is not None and method in node.methods:
            return self._known(node, method)
        permitted = _walk(self._permitted, [each for each in given if each != "$ref"])
        if permitted is not None and method in permitted.methods:
            return _only_permitted(permitted, given, method)
        plain = [each for each in given if not self._is_cast(each)]
        if node is None and len(plain) < len(given):
            return self._cast(method, given, plain)
        return "unknown-path" if node is None and permitted is None else "unknown-method"

    def _is_cast(self, segment: str) -> bool:
        shape = self._published.shape(segment) if segment.startswith(GRAPH) else None
        return shape is not None and shape.kind == "entity"

    def _cast(self, method: str, given: list[str], plain: list[str]) -> Known | str:
        """Return the operation of a path with casts, which OData allows anywhere: its answer is of the cast's type."""
        node = _walk(self._root, plain)
        if node is None or method not in node.methods:
            return "unknown-path"
        known = self._known(node, method)
        last = max(at for at, each in enumerate(given) if self._is_cast(each))
        shape = self._published.shape(given[last])
        below = len(given) - 1 - last
        if shape is None or below > 1 or known.item not in (shape.name, *shape.bases):
            return known
        returns = f"Collection({shape.name})" if known.is_collection else shape.name
        return replace(known, returns=returns)

    def _plant(self, root: _Node, template: str, methods: Mapping[str, Mapping[str, Any]]) -> None:
        node = root
        for segment in template.strip("/").split("/"):
            node = node.below.setdefault(_literal(segment), _Node())
        if not node.template:
            node.template, node.methods = template, methods

    def _known(self, node: _Node, method: str) -> Known:
        entry = node.methods[method]
        query = frozenset(entry.get("query", ()))
        returns, body = entry.get("returns"), entry.get("body")
        above, _, last = node.template.rpartition("/")
        last = last.removesuffix("()")
        if last == "delta":
            parent = self._published.paths[above]["GET"]["returns"]
            return Known(node.template, parent, None, query, is_delta=True)
        if not str(body).startswith("py:") and not str(returns).startswith("py:"):
            return Known(node.template, returns, body, query)
        operation = self._published.operation(last, self._bound(above))
        if operation is None:
            return Known(node.template, None, None, query)
        return Known(node.template, operation["returns"], None, query, tuple(operation["params"]))

    def _bound(self, above: str) -> str:
        returns = self._published.paths.get(above, {}).get("GET", {}).get("returns", "")
        return str(returns) if returns else f"Collection({GRAPH}directoryObject)"


def _only_permitted(node: _Node, given: list[str], method: str) -> Known:
    """Return a path only the permission lists have: casts to agent types, whose answer the cast itself names."""
    casts = [each for each in given if each.startswith(GRAPH)]
    if casts and given[-1] == casts[-1]:
        returns = casts[-1] if method == "POST" else f"Collection({casts[-1]})"
        return Known(node.template, returns, None, frozenset(), is_only_permitted=True)
    if casts and len(given) > 1 and given[-2] == casts[-1]:
        return Known(node.template, casts[-1], None, frozenset(), is_only_permitted=True)
    return Known(node.template, None, None, frozenset(), is_only_permitted=True)


def _literal(segment: str) -> str:
    if segment.startswith("{"):
        return _PARAMETER
    lowered = segment.lower().removesuffix("()")
    if lowered.startswith("graph."):
        lowered = f"microsoft.{lowered}"
    return _VALUE.sub("={}", lowered) if "(" in lowered else lowered


def _segments(path: str) -> list[str]:
    found: list[str] = []
    for part in path.strip("/").split("/"):
        plain = unquote(part)
        keyed = _KEYED.match(plain)
        if keyed and keyed[2]:
            found += [keyed[1].lower(), keyed[2].lower()]
        else:
            found.append(_literal(plain))
    return found[1:] if found and found[0] == "myorganization" else found


def _walk(node: _Node, segments: list[str]) -> _Node | None:
    if not segments:
        return node if node.template else None
    first, rest = segments[0], segments[1:]
    choices = [first, first.removeprefix(GRAPH)]
    if not first.startswith(("$", GRAPH)):
        choices.append(_PARAMETER)
    for choice in choices:
        below = node.below.get(choice)
        found = _walk(below, rest) if below is not None else None
        if found is not None:
            return found
    return None
