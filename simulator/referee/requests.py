"""What may be wrong with a request: its path, its method, its query options, its body."""

import re
from collections.abc import Mapping

import msgspec

from simulator.referee.paths import Known
from simulator.referee.published import GRAPH, Published, Shape
from simulator.referee.values import Complain, Values

# Options of the protocol itself: they stand in next and delta links, no path lists them.
_TOKENS = frozenset({"$skiptoken", "$deltatoken", "$format"})
_OF_DELTA = frozenset({"$select", "$filter"})
TOP_MAX = 999
_BODYLESS = frozenset({"GET", "DELETE"})
_EXPANDED = re.compile(r"^\s*(\w+)\s*(?:\(.*\))?\s*$")


def check_options(options: Mapping[str, str], known: Known, complain: Complain) -> None:
    """Complain of every query option the path does not take."""
    taken = _TOKENS | (_OF_DELTA if known.is_delta else known.query)
    if known.is_only_permitted:
        return
    for name in options:
        if name.startswith("$") and name.lower() not in taken:
            complain("unknown-option", name)
    top = options.get("$top", "1")
    if not top.isdigit() or not 1 <= int(top) <= TOP_MAX:
        complain("wrong-option", f"$top must be from 1 to {TOP_MAX}")
    if options.get("$count", "true").lower() not in ("true", "false"):
        complain("wrong-option", "$count must be true or false")


def check_names(
    options: Mapping[str, str], known: Known, published: Published, values: Values, complain: Complain
) -> None:
    """Complain of names in `$select`, `$expand` and `$orderby` that no type of the answer has."""
    declared = published.shape(known.item) if known.item.startswith(GRAPH) else None
    if declared is None:
        return
    shapes = [shape for name in published.descendants(declared.name) if (shape := published.shape(name))]
    for name in _listed(options.get("$select")):
        if not any(values.knows(shape, name) for shape in shapes):
            complain("unknown-property", f"$select={name}")
    found = _EXPANDED.match(options.get("$expand", ""))
    if found and not any(found[1] in shape.navigation for shape in shapes):
        complain("unknown-property", f"$expand={found[1]}")
    for wish in _listed(options.get("$orderby")):
        if not any(values.knows(shape, wish.split(" ")[0]) for shape in shapes):
            complain("unknown-property", f"$orderby={wish}")


def check_body(
    method: str, body: bytes, known: Known, published: Published, values: Values, complain: Complain
) -> None:
    """Complain of a body the operation does not take: members it lacks, wrong kinds, computed values."""
    if not body.strip():
        if known.body is not None and method in ("PATCH", "PUT"):
            complain("missing-body", f"{method} needs a body")
        return
    if method in _BODYLESS:
        complain("unexpected-body", f"{method} has a body")
        return
    try:
        content = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError as error:
        complain("no-json", str(error))
        return
    shape = published.shape(known.body) if known.body and known.body != "$ref" else None
    if known.parameters is not None:
        _check_parameters(content, known, values, complain)
    elif known.body == "$ref":
        if not isinstance(content.get("@odata.id"), str):
            complain("wrong-type", "@odata.id must name one object")
    elif shape is not None:
        _check_computed(content, values.check_object(content, shape, complain, where=""), complain)


def _check_parameters(content: Mapping[str, object], known: Known, values: Values, complain: Complain) -> None:
    by_name = {each["name"]: each for each in known.parameters or ()}
    for name, value in content.items():
        entry = by_name.get(name)
        if entry is None:
            complain("unknown-parameter", f"the action has no parameter {name}")
        else:
            values.check(value, entry["type"], complain, where=name, nullable=entry.get("nullable", True))


def _check_computed(content: Mapping[str, object], shape: Shape, complain: Complain) -> None:
    for name in content:
        if shape.properties.get(name, {}).get("computed"):
            complain("computed", f"{name} is computed by the service")


def _listed(option: str | None) -> list[str]:
    return [each.strip() for each in (option or "").split(",") if each.strip()]
