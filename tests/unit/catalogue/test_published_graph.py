"""The catalogue against what Microsoft publishes about Graph: no invented property, no writing of what is read-only."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.catalogue.entry import ObjectType, plain
from shared.catalogue.left_out import ELSEWHERE, LEFT_OUT
from shared.catalogue.listing import Shape
from shared.catalogue.members import Rule
from shared.catalogue.types import TYPES
from shared.domain.changes import Action

SLICE = Path(__file__).parents[4] / "shared" / "reference" / "graph" / "graph-v1.0.json"
BETA_ONLY = {("namedLocation", "compliantNetworkType")}  # of compliantNetworkNamedLocation, which v1.0 returns untyped
# Expanded, or in the body without being asked for, although the description calls them navigations.
EXPANDED = {
    ("unifiedRoleManagementPolicy", "rules"),
    ("authenticationMethodsPolicy", "authenticationMethodConfigurations"),
    ("authenticationMethodConfiguration", "includeTargets"),
}
# The description calls all of a role definition read-only; "Update unifiedRoleDefinition" says what of it is not.
# What a collection of assignments is made with is read-only once it is made.
WRITABLE_ALL_THE_SAME = {
    ("unifiedRoleDefinition", name)
    for name in "description displayName isEnabled resourceScopes rolePermissions".split()
} | {("user", "manager")}

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
    special = BETA_ONLY | EXPANDED
    assert [name for name in entry.select if name not in known and (entry.name, name) not in special] == []
    assert [name for owner, name in special if owner == entry.name and name in known] == [], "needless exception"


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
        and one.call is None
        and (entry.name, one.name) not in {*WRITABLE_ALL_THE_SAME, *EXPANDED}
        and (known[one.name].get("computed") or known[one.name].get("doc", {}).get("readOnly"))
    ]
    assert wrong == []


@each_type
def test_every_reference_is_a_navigation_that_may_be_written(entry: ObjectType) -> None:
    navigations = members(entry, "navs")
    for reference in entry.references:
        is_excepted = (entry.name, reference.name) in WRITABLE_ALL_THE_SAME
        assert is_excepted or not navigations[reference.name].get("doc", {}).get("readOnly")
        assert navigations[reference.name]["type"].startswith("Collection(") != reference.is_single


@each_type
def test_every_address_exists_and_takes_what_a_recovery_sends(entry: ObjectType) -> None:
    assert "GET" in methods(entry.path)
    if entry.shape is Shape.SINGLE:
        assert ("PATCH" if not entry.replaces else "GET") in methods(entry.path)
        return
    one = methods(f"{entry.path}/{{}}")
    writes = [known for known in entry.properties if known.rule is Rule.WRITABLE and known.call is None]
    if writes and Action.UPDATE in entry.waves:
        assert "PATCH" in one
    if entry.has_bin:
        assert "DELETE" in one
        assert "GET" in methods(entry.deleted_list_path)
    if entry.is_remade:
        assert "POST" in methods(entry.make or entry.path)


@each_type
def test_every_link_is_written_where_graph_takes_it(entry: ObjectType) -> None:
    for reference in entry.references:
        if reference.of_kinds:  # of derived types the description has the links, and only the permissions the paths
            assert {"GET", "POST"} <= set(permitted()[f"{entry.path.lower()}/{{}}/{reference.name}"])
            for kind in reference.of_kinds:
                assert reference.name in published()["types"][kind.removeprefix("#")]["navs"]
                assert f"{entry.path}/{plain(kind)}".lower() in permitted()
        elif not reference.is_bound:
            at = f"{entry.path}/{{}}/{reference.name}/$ref"
            assert ("PUT" if reference.is_single else "POST") in methods(at)


@each_type
def test_every_parent_is_a_collection(entry: ObjectType) -> None:
    assert not entry.parents or "GET" in methods(entry.parents)


@each_type
def test_what_only_derived_types_have_is_theirs_and_is_created_with_them(entry: ObjectType) -> None:
    for known in entry.properties:
        for kind in known.of_kinds:
            said = published()["types"][kind.removeprefix("#")]["props"][known.name]
            assert (known.rule is Rule.CREATE_ONLY) == bool(said.get("immutable"))
            assert known.name not in entry.select
            assert known.name in entry.select_of(kind)


@cache
def permitted() -> dict[str, Any]:
    """Return the methods of every path of the permissions list, in lower case."""
    read: dict[str, Any] = msgspec.json.decode((SLICE.parent / "permissions.json").read_bytes())["paths"]
    return read


@cache
def paths() -> dict[str, frozenset[str]]:
    """Return the methods of every published path, with every parameter spelt {}."""
    rows: dict[str, Any] = published()["paths"]
    return {
        re.sub(r"\{[^}]*\}", "{}", path): frozenset(method.upper() for method in row.get("methods", row))
        for path, row in rows.items()
    }


def methods(path: str) -> frozenset[str]:
    """Return the methods of the address, whatever its parameters are called and however it writes a cast."""
    return paths().get(re.sub(r"\{[^}]*\}", "{}", path).replace("/microsoft.graph.", "/graph."), frozenset())


@each_type
def test_what_graph_publishes_of_a_type_is_captured_or_left_out_with_a_reason(entry: ObjectType) -> None:
    there_is = {*members(entry, "props"), *members(entry, "navs")}
    captured = {*(known.name for known in entry.properties), *(known.name for known in entry.references)}
    named = [name for names in LEFT_OUT.get(entry.name, {}).values() for name in names.split()]
    assert sorted(named) == sorted(there_is - captured)


def test_every_collection_of_graph_is_captured_or_left_out_with_a_reason() -> None:
    captured = {path for entry in TYPES for path in (entry.path, entry.deleted_list_path, entry.make)}
    named = [path for paths in ELSEWHERE.values() for path in paths.split()]
    plain_paths = [path for path in paths() if "GET" in paths()[path] and not set("{$(") & set(path)]
    assert sorted(named) == sorted({path.replace("/graph.", "/microsoft.graph.") for path in plain_paths} - captured)


def test_a_reason_is_given_for_captured_types_only_and_each_name_has_one() -> None:
    assert LEFT_OUT.keys() <= {entry.name for entry in TYPES}
    assert not [why for reasons in LEFT_OUT.values() for why, names in reasons.items() if not (why and names)]
