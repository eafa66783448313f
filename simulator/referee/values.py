"""Checks one JSON value against a published type: names, kinds, nullability, enumeration members."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.referee.published import GRAPH, Published, Shape

Complain = Callable[[str, str], None]

_COLLECTION = re.compile(r"^Collection\((.*)\)$")
_WHEN = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$")
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "Edm.DateTimeOffset": _WHEN,
    "Edm.Date": re.compile(r"^\d{4}-\d\d-\d\d$"),
    "Edm.TimeOfDay": re.compile(r"^\d\d:\d\d(:\d\d(\.\d+)?)?$"),
    "Edm.Duration": re.compile(r"^-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$"),
    "Edm.Guid": re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
    "Edm.Binary": re.compile(r"^[A-Za-z0-9+/_-]*={0,2}$"),
    "Edm.String": re.compile(""),
}
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "Edm.Boolean": (bool,),
    "Edm.Int16": (int,),
    "Edm.Int32": (int,),
    "Edm.Int64": (int,),
    "Edm.Single": (int, float),
    "Edm.Double": (int, float),
}
# How extension properties are named: "extension_<application>_<name>" and "<prefix>_<name>" of schema extensions.
_EXTENSION = re.compile(r"^(extension_[0-9a-f]{32}_\w+|ext\w{8}_\w+)$", re.IGNORECASE)


class Values:
    """Checks values of one version; `extra` are the properties only beta has, by short type name.

    `found_right` remembers items of answers that brought up no complaint, with what was asked about them.
    """

    def __init__(self, published: Published, extra: Mapping[str, Mapping[str, str]]) -> None:
        self._published, self._extra = published, extra
        self.found_right: set[tuple[str, bool, str, bytes]] = set()

    def check(self, value: Any, type_name: str, complain: Complain, *, where: str, nullable: bool = True) -> None:
        """Tell `complain` the rule and the fact of everything wrong with `value`."""
        collection = _COLLECTION.match(type_name)
        if collection:
            if not isinstance(value, list):
                complain("wrong-type", f"{where} is no collection")
                return
            for item in value:
                self.check(item, collection[1], complain, where=where, nullable=False)
        elif value is None:
            if not nullable:
                complain("null", f"{where} must not be null")
        elif type_name.startswith("Edm."):
            _check_primitive(value, type_name, complain, where)
        else:
            self._check_structured(value, self._published.shape(type_name), complain, where)

    def _check_structured(self, value: Any, shape: Shape | None, complain: Complain, where: str) -> None:
        if shape is None:
            return
        if shape.kind == "enum":
            _check_member(value, shape, complain, where)
        elif isinstance(value, dict):
            self.check_object(value, shape, complain, where=where)
        else:
            complain("wrong-type", f"{where} is no {shape.name}")

    def derived(self, thing: Mapping[str, Any], declared: Shape, complain: Complain, where: str) -> Shape:
        """Return the type an object says it is, which must be the declared one or derived from it."""
        said = thing.get("@odata.type")
        if not isinstance(said, str):
            return declared
        shape = self._published.shape(said.removeprefix("#"))
        if shape is None:
            return declared
        if declared.name not in (shape.name, *shape.bases):
            complain("wrong-type", f"{where} is a {shape.name}, not a {declared.name}")
        return shape

    def check_object(
        self, thing: Mapping[str, Any], declared: Shape, complain: Complain, *, where: str, is_delta: bool = False
    ) -> Shape:
        """Check every member of one object; return the type it turned out to be."""
        said = thing.get("@odata.type")
        if isinstance(said, str) and self._published.shape(said.removeprefix("#")) is None:
            complain("unknown-type", f"{said} is not published")
            return declared
        shape = self.derived(thing, declared, complain, where)
        for name, value in thing.items():
            place = f"{where}.{name}" if where else name
            if "@" in name:
                self._check_annotation(name, value, shape, complain, place)
            elif name in shape.properties:
                entry = shape.properties[name]
                nullable = entry.get("nullable", True)
                self.check(value, entry["type"], complain, where=place, nullable=nullable)
            elif name in shape.navigation:
                self.check(value, shape.navigation[name]["type"], complain, where=place)
            elif name not in self._more(shape) and not _EXTENSION.match(name):
                complain("unknown-property", f"{shape.name.removeprefix(GRAPH)} has no {name} (in {where or 'it'})")
        if is_delta and "@removed" in thing and not isinstance(thing["@removed"], dict):
            complain("wrong-type", f"{where}.@removed is no object")
        return shape

    def knows(self, shape: Shape, name: str) -> bool:
        """Tell whether a type has a property or navigation of this name."""
        return name in shape.properties or name in shape.navigation or name in self._more(shape)

    def _more(self, shape: Shape) -> set[str]:
        names = (each.removeprefix(GRAPH) for each in (shape.name, *shape.bases))
        return {extra for name in names for extra in self._extra.get(name, ())}

    def _check_annotation(self, name: str, value: Any, shape: Shape, complain: Complain, place: str) -> None:
        target, _, term = name.partition("@")
        if target and target not in shape.navigation and target not in shape.properties:
            complain("unknown-property", f"{shape.name.removeprefix(GRAPH)} has no {target} (in {place})")
        elif term == "odata.bind" and not all(isinstance(each, str) for each in _listed(value)):
            complain("wrong-type", f"{place} must name objects by address")
        elif term == "delta" and not (isinstance(value, list) and all("id" in each for each in value)):
            complain("wrong-type", f"{place} must list objects with an id")


def _listed(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]


def _check_primitive(value: Any, type_name: str, complain: Complain, where: str) -> None:
    plain = _PLAIN.get(type_name)
    if plain is not None:
        if not isinstance(value, plain) or (isinstance(value, bool) and plain != (bool,)):
            complain("wrong-type", f"{where} is no {type_name}")
        return
    pattern = _PATTERNS.get(type_name)
    if pattern is not None and (not isinstance(value, str) or pattern.match(value) is None):
        complain("wrong-type", f"{where} is no {type_name}")


def _check_member(value: Any, shape: Shape, complain: Complain, where: str) -> None:
    said = value.split(",") if isinstance(value, str) and shape.is_flags else [value]
    for each in said:
        if not isinstance(each, str) or each.strip() not in shape.members:
            complain("unknown-member", f"{where}: {each!r} is no {shape.name.removeprefix(GRAPH)}")
