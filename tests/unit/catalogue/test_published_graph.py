"""The catalogue against what Microsoft publishes about Graph: no invented property, no writing of what is read-only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.catalogue.entry import ObjectType, Rule
from shared.catalogue.types import TYPES

SLICE = Path(__file__).parents[4] / "shared" / "reference" / "graph" / "graph-v1.0.json"
BETA_ONLY = {("namedLocation", "compliantNetworkType")}  # of compliantNetworkNamedLocation, which v1.0 returns untyped

pytestmark = pytest.mark.skipif(
    not SLICE.exists(), reason="Microsoft's published slice of Graph is not beside the tree"
)
each_type = pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)


@cache
def published() -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(SLICE.read_bytes())
    return read


def members(entry: ObjectType, part: str) -> dict[str, Any]:
    """Return the properties or navigations of a type, of its bases and of the kinds derived from it."""
    types: dict[str, Any] = published()["types"]
    root = entry.odata_type.removeprefix("#")
    found: dict[str, Any] = {}
    for name in [root, *(known for known in types if types[known].get("base") == root)]:
        kind: str | None = name
        while kind is not None:
            found = {**types[kind].get(part, {}), **found}
            kind = types[kind].get("base")
    return found


@each_type
def test_every_property_exists(entry: ObjectType) -> None:
    known = members(entry, "props")
    unknown = [name for name in entry.select if name not in known and (entry.name, name) not in BETA_ONLY]
    assert unknown == []


@each_type
def test_what_is_sent_as_select_is_published_without_exception(entry: ObjectType) -> None:
    if entry.sends_select:
        assert set(entry.select) <= set(members(entry, "props"))


@each_type
def test_nothing_that_graph_calls_computed_or_read_only_is_marked_writable(entry: ObjectType) -> None:
    known = members(entry, "props")
    wrong = [
        one.name
        for one in entry.properties
        if one.rule is Rule.WRITABLE
        and (known[one.name].get("computed") or known[one.name].get("doc", {}).get("readOnly"))
    ]
    assert wrong == []


@each_type
def test_every_reference_is_a_navigation_that_may_be_written(entry: ObjectType) -> None:
    navigations = members(entry, "navs")
    for reference in entry.references:
        assert not navigations[reference.name].get("doc", {}).get("readOnly")


@each_type
def test_every_collection_exists_and_can_be_read_and_written(entry: ObjectType) -> None:
    paths: dict[str, Any] = published()["paths"]
    assert "get" in {method.lower() for method in methods(paths, entry.path)}
    one = [
        path for path in paths if path.startswith(entry.path + "/{") and path.count("/") == entry.path.count("/") + 1
    ]
    assert {"patch", "delete"} <= {method.lower() for path in one for method in methods(paths, path)}


def methods(paths: dict[str, Any], path: str) -> list[str]:
    described = paths[path]
    return list(described.get("methods", described))
