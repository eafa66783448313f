"""The published description of Graph, read from a folder: types with their inherited properties, paths, operations.

The folder holds `graph-v1.0.json`, `graph-beta-extra.json` and `permissions.json`, cut from what Microsoft publishes
(the metadata document of v1.0, the paths of its SDKs, the permission lists). Nothing here is used unless a referee
was asked for: the simulated tenant itself never reads it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

GRAPH = "microsoft.graph."
ENTITY = f"{GRAPH}entity"
_NAMES = ("graph-v1.0.json", "graph-beta-extra.json", "permissions.json")


class MissingSliceError(Exception):
    """The folder does not hold the published slice."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One type with everything it inherits. `defaults` are the properties an answer has without `$select`."""

    name: str
    kind: str
    properties: Mapping[str, Mapping[str, Any]]
    navigation: Mapping[str, Mapping[str, Any]]
    members: frozenset[str]
    is_flags: bool
    bases: tuple[str, ...]
    defaults: frozenset[str]


@dataclass(slots=True)
class Published:
    """The slice in memory."""

    types: Mapping[str, Mapping[str, Any]]
    paths: Mapping[str, Mapping[str, Mapping[str, Any]]]
    beta_paths: Mapping[str, Mapping[str, Mapping[str, Any]]]
    beta_properties: Mapping[str, Mapping[str, str]]
    operations: Mapping[str, Mapping[str, Any]]
    permitted: Mapping[str, Mapping[str, Any]]
    _shapes: dict[str, Shape | None] = field(default_factory=dict)
    _descendants: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Published":
        """Return the slice of `folder`; MissingSliceError when a file is missing or no JSON."""
        found = []
        for name in _NAMES:
            try:
                found.append(msgspec.json.decode((folder / name).read_bytes()))
            except (OSError, msgspec.DecodeError) as error:
                raise MissingSliceError(f"{folder / name}: {error}") from error
        main, beta, permissions = found
        return cls(
            types=main["types"],
            paths=main["paths"],
            beta_paths=beta["extraPaths"],
            beta_properties=beta["extraProperties"],
            operations=main["operations"],
            permitted=permissions["paths"],
        )

    def shape(self, name: str) -> Shape | None:
        """Return a type by its full name, whatever the case, None when it is not in the slice."""
        if name not in self._shapes:
            self._shapes[name] = self._flattened(name)
        return self._shapes[name]

    def descendants(self, name: str) -> tuple[str, ...]:
        """Return `name` and every type derived from it."""
        if name not in self._descendants:
            shapes = (self.shape(each) for each in self.types)
            self._descendants[name] = tuple(each.name for each in shapes if each and name in (each.name, *each.bases))
        return self._descendants[name]

    def operation(self, name: str, bound_to: str) -> Mapping[str, Any] | None:
        """Return the action or function `name` bound to a type, or to any type if that one has none."""
        full = name if name.lower().startswith(GRAPH) else GRAPH + name
        exact = f"{full}|{bound_to}".lower()
        similar = None
        for key, operation in self.operations.items():
            if key.lower() == exact:
                return operation
            if key.lower().startswith(f"{full.lower()}|"):
                similar = similar or operation
        return similar

    def _flattened(self, name: str) -> Shape | None:
        if name not in self.types:
            wanted = name.lower()
            name = next((each for each in self.types if each.lower() == wanted), "")
        if not name:
            return None
        chain = list(self._chain(name))
        properties: dict[str, Mapping[str, Any]] = {}
        navigation: dict[str, Mapping[str, Any]] = {}
        for each in reversed(chain):
            properties |= self.types[each].get("props", {})
            navigation |= self.types[each].get("navs", {})
        own = self.types[name]
        defaults = frozenset(key for key, entry in properties.items() if entry.get("doc", {}).get("default"))
        members = frozenset(own.get("members", ()))
        flags = bool(own.get("flags", False))
        return Shape(name, own["kind"], properties, navigation, members, flags, tuple(chain[1:]), defaults)

    def _chain(self, name: str | None) -> Iterator[str]:
        while name and name in self.types:
            yield name
            name = self.types[name].get("base")
