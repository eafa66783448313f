"""What one object type looks like: which properties it has, what they hold, who may write them.

Objects are sparse dictionaries: a property that is null (or an empty collection) is not stored, so a tenant of a
million objects stays small. The schema supplies the missing value whenever an object is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.errors import GraphError, MissingBehaviourError, bad_request

JsonObject = dict[str, Any]
Projection = tuple[tuple[str, Any], ...]


class Kind(StrEnum):
    """What a property holds, as far as a write is checked."""

    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    NUMBER = "number"
    TEXTS = "texts"
    OBJECT = "object"
    OBJECTS = "objects"
    ANY = "any"


class Written(StrEnum):
    """When a client may set a property."""

    ALWAYS = "always"
    AT_CREATION = "create"
    NEVER = "never"


COLLECTIONS = frozenset({Kind.TEXTS, Kind.OBJECTS})
_ITEMS: Mapping[Kind, type] = {Kind.TEXTS: str, Kind.OBJECTS: dict}
_ACCEPTED: Mapping[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.TIME: (str,),
    Kind.BOOLEAN: (bool,),
    Kind.NUMBER: (int,),
    Kind.TEXTS: (list,),
    Kind.OBJECT: (dict,),
    Kind.OBJECTS: (list,),
}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object type."""

    name: str
    kind: Kind
    written: Written
    shown_by_default: bool

    @property
    def empty(self) -> Any:
        """Return what the service sends when the property was never set."""
        return [] if self.kind in COLLECTIONS else None

    def accepts(self, value: object) -> bool:
        """Tell whether a client may send `value`; null is no value for a collection."""
        if value is None or self.kind is Kind.ANY:
            return self.kind not in COLLECTIONS
        if not isinstance(value, _ACCEPTED[self.kind]) or (self.kind is Kind.NUMBER and isinstance(value, bool)):
            return False
        if self.kind in _ITEMS:
            return isinstance(value, list) and all(isinstance(each, _ITEMS[self.kind]) for each in value)
        return True


@dataclass(slots=True)
class Schema:
    """One object type, and what the service does with it.

    `elsewhere` names properties Graph has but keeps outside the directory: refused with 501. An open type is kept
    whole, with whatever came. `targets` says which types each relation may lead to. An object that `hangs_on` others
    (properties that hold their ids) is hidden while one of them is softly deleted and goes when one is gone.
    `contained` lists live inside the object and have paths of their own; `asked_for` are shown on `$expand` only.
    `viewed` links are kept elsewhere (the members of a directory role are role assignments) and tracked by delta.
    """

    name: str
    title: str
    collection: str
    properties: dict[str, Property]
    elsewhere: frozenset[str] = frozenset()
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_open: bool = False
    always_typed: bool = False
    serves: str = ""
    area: str = ""
    units: int = 1
    key: str = "id"
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    hangs_on: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    viewed: tuple[str, ...] = ()
    is_directory_object: bool = False
    is_softly_deleted: bool = False
    is_paged: bool = False
    bin: str = ""
    default: Projection = field(init=False)

    def __post_init__(self) -> None:
        self.default = tuple((each.name, each.empty) for each in self.properties.values() if each.shown_by_default)

    @property
    def relations(self) -> tuple[str, ...]:
        """Return the names of the links objects of this type have."""
        return tuple(self.targets)

    @property
    def odata_type(self) -> str:
        """Return the value of `@odata.type` for plain objects of this type."""
        return f"#microsoft.graph.{self.name}"

    def learn(self, names: Iterable[str], written: Written) -> None:
        """Know properties that came with loaded objects from now on: they can be selected, and maybe written."""
        for name in names:
            if name not in self.properties and not name.startswith("@"):
                self.properties[name] = Property(name, Kind.ANY, written, shown_by_default=False)

    def projection(self, names: Iterable[str]) -> Projection:
        """Return names with their empty values; an unknown name is the 400 Graph gives."""
        chosen = []
        for name in dict.fromkeys((self.key, *names)):
            known = self.properties.get(name)
            if known is None:
                raise self.unknown(name)
            chosen.append((name, known.empty))
        return tuple(chosen)

    def unknown(self, name: str) -> Exception:
        """Return the refusal for a selected property: 501 when Graph has it, 400 when nobody has."""
        if name in self.elsewhere:
            return MissingBehaviourError(f"property {name} of {self.name}, which Graph keeps outside the directory")
        return GraphError(
            400,
            "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named "
            f"'{name}' on type 'microsoft.graph.{self.name}'.",
        )

    def spelled(self, body: JsonObject) -> JsonObject:
        """Return a body with its names as they are declared: directory objects take them in any case.

        No page says so, but CLI for Microsoft 365 makes users and groups with `mailNickName`.
        """
        strange = [name for name in body if name not in self.properties and "@" not in name]
        if not strange or not self.is_directory_object:
            return body
        declared = {name.lower(): name for name in self.properties}
        return {declared.get(name.lower(), name) if name in strange else name: body[name] for name in body}

    def check_write(self, body: Mapping[str, Any], *, creating: bool) -> None:
        """Refuse unknown and read-only properties and values of the wrong kind, all with 400."""
        for name, value in body.items():
            known = self.properties.get(name)
            if known is None:
                if name in self.elsewhere:
                    raise MissingBehaviourError(f"writing property {name} of {self.name}")
                raise bad_request(f"Invalid property '{name}' for resource '{self.title}'.")
            if known.written is Written.NEVER or (known.written is Written.AT_CREATION and not creating):
                raise bad_request(f"Property '{name}' is read-only and cannot be set.")
            if not known.accepts(value):
                raise bad_request(f"Invalid value specified for property '{name}' of resource '{self.title}'.")

    def check_required(self, body: Mapping[str, Any], names: Iterable[str]) -> None:
        """Refuse a creation that lacks one of `names`."""
        for name in names:
            if body.get(name) in (None, "", []):
                raise bad_request(f"A value is required for property '{name}' of resource '{self.title}'.")


def project(thing: JsonObject, projection: Projection) -> JsonObject:
    """Return the projected copy of one sparse object; one of a derived type (an agent) says so."""
    get = thing.get
    shown = {name: get(name, empty) for name, empty in projection}
    kind = get("@odata.type")
    return shown if kind is None else {"@odata.type": kind, **shown}


def properties(table: str) -> dict[str, Property]:
    """Read a property table: one line each of name, kind, when it may be written, and `default` if shown unasked."""
    found = {}
    for line in table.strip().splitlines():
        name, kind, written, *rest = line.split()
        found[name] = Property(name, Kind(kind), Written(written), shown_by_default=rest == ["default"])
    return found
