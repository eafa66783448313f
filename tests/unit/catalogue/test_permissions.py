"""The permissions that the catalogue names: the command line's file says the same, and Microsoft's list knows them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.catalogue.entry import ObjectType, plain
from shared.catalogue.listing import Shape
from shared.catalogue.members import Call
from shared.catalogue.permissions import BESIDE, FILE, permissions
from shared.catalogue.types import TYPES
from shared.domain.changes import Action
from simulator.applications import GRAPH, TIDEMARK

LIST = Path(__file__).parents[4] / "shared" / "reference" / "graph" / "permissions.json"
# Named by "List group members" and "user resource type"; Microsoft's machine-readable list has not got these.
UNLISTED = {"Member.Read.Hidden", "User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"}
# One row stands for every kind of deleted object there and has only those of users and agents. "Restore deleted item"
# names for the others what creating them takes.
RESTORED_BY_TYPE = {("POST", "/directory/deletedItems/{}/restore"), ("POST", "/servicePrincipals/{}/sponsors")}
# What no row shows, because it is about a property, about what is in an object, or about two permissions that belong
# together where the list has either ("Update conditionalAccessPolicy", "Update user", "Update group", "Restore").
SAID_IN_PROSE = {
    "user": {"User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All", "User.DeleteRestore.All"},
    "group": {"Member.Read.Hidden", "RoleManagement.ReadWrite.Directory"},
    "administrativeUnit": {"Member.Read.Hidden"},
    "conditionalAccessPolicy": {"Policy.ReadWrite.ConditionalAccess", "Application.Read.All", "Policy.Read.All"},
    "namedLocation": {"Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"},
    "identitySecurityDefaultsEnforcementPolicy": {"Policy.ReadWrite.SecurityDefaults", "Policy.Read.All"},
    "authenticationMethodConfiguration": {"Policy.Read.All"},
    "unifiedRoleManagementPolicy": {"RoleManagement.ReadWrite.Directory"},
    "application": {"AgentIdentityBlueprint.DeleteRestore.All"},
    "servicePrincipal": {"AgentIdentity.DeleteRestore.All", "AgentIdentityBlueprintPrincipal.DeleteRestore.All"},
}
Asked = tuple[str, str]
Row = dict[str, list[str] | None]
each_type = pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
needs_list = pytest.mark.skipif(not LIST.exists(), reason="Microsoft's list of permissions is not beside the tree")


def test_the_command_line_carries_what_the_catalogue_says() -> None:
    assert FILE.read_bytes() == permissions(), "run python -m shared.catalogue.permissions"


@needs_list
@each_type
def test_every_permission_is_one_that_microsoft_lists(entry: ObjectType) -> None:
    unknown = {*entry.read_permissions, *entry.write_permissions} - known() - UNLISTED
    assert unknown == set()


@needs_list
@each_type
def test_one_of_the_permissions_opens_the_collection(entry: ObjectType) -> None:
    row = listed()["paths"].get(re.sub(r"\{[^}]*\}", "{}", entry.path).lower())
    if row is not None:
        opening = {name for names in row["GET"].values() for text in names or () for name in re.split(r"[ &,]+", text)}
        assert opening & set(entry.read_permissions)


@needs_list
@each_type
def test_what_is_granted_to_read_a_type_opens_everything_that_is_read_of_it(entry: ObjectType) -> None:
    granted = frozenset(entry.read_permissions)
    assert [asked for asked, row in opened(reads(entry)) if not opens(row, granted)] == []


@needs_list
@each_type
def test_what_is_granted_to_write_a_type_opens_everything_that_is_written_of_it(entry: ObjectType) -> None:
    granted = frozenset({*entry.read_permissions, *entry.write_permissions})
    closed = {asked for asked, row in opened(writes(entry)) if not opens(row, granted)}
    assert closed - RESTORED_BY_TYPE == set()


@needs_list
@each_type
def test_nothing_is_granted_that_no_request_needs(entry: ObjectType) -> None:
    read, both = frozenset(entry.read_permissions), frozenset({*entry.read_permissions, *entry.write_permissions})
    for granted, names, asked in ((read, read, reads(entry)), (both, both - read, writes(entry))):
        rows = [row for _asked, row in opened(asked)]
        for name in names - SAID_IN_PROSE.get(entry.name, set()):
            assert any(opens(row, granted) and not opens(row, granted - {name}) for row in rows), name


def test_the_simulated_operator_has_granted_exactly_what_the_command_lists() -> None:
    wanted = {name for entry in TYPES for name in (*entry.read_permissions, *entry.write_permissions)}
    wanted |= {name for names in BESIDE.values() for name in names}
    assert set(TIDEMARK.roles[GRAPH]) == wanted


def reads(entry: ObjectType) -> list[Asked]:
    """Return the requests that read a type."""
    paths = [entry.path, entry.deleted_list_path, entry.parents, f"{entry.path}/delta()"]
    paths += [f"{entry.path}/{{}}/{known.name}" for known in entry.references if not known.of_kinds]
    return [("GET", path) for path in (*paths, *(f"{entry.path}/{kind}" for kind in entry.own_kinds))]


def writes(entry: ObjectType) -> list[Asked]:
    """Return the requests that write a type."""
    one = entry.path if entry.shape is Shape.SINGLE else f"{entry.path}/{{}}"
    calls = {Call.LICENCES: "assignLicense", Call.COMBINATIONS: "updateAllowedCombinations"}
    asked = [("PUT" if entry.replaces else "PATCH", one)]
    asked += [("POST", entry.make or entry.path)] if Action.RECREATE in entry.waves else []
    asked += [("POST", f"{one}/{calls[known.call]}") for known in entry.properties if known.call in calls]
    asked += [("DELETE", one), ("POST", f"{entry.deleted_path}/{{}}/restore")] if entry.has_bin else []
    for known in entry.references:
        at = f"{one}/{known.name}"
        asked += [("PUT", at)] if known.is_single else [("POST", at), ("DELETE", f"{at}/{{}}")]
        asked += [("POST", f"{at}/$ref"), ("DELETE", f"{at}/{{}}/$ref")] if known.of_kinds else []
        for kind in known.of_kinds:
            asked += [("PATCH", f"{entry.path}/{plain(kind)}/{{}}")]
    return asked


def opened(asked: list[Asked]) -> list[tuple[Asked, Row]]:
    """Return the requests that the list knows, each with what opens it."""
    rows = listed()["paths"]
    found = [((method, path), rows.get(re.sub(r"\{[^}]*\}", "{}", path).lower(), {})) for method, path in asked]
    return [((method, path), row[method]) for (method, path), row in found if method in row]


def opens(row: Row, granted: frozenset[str]) -> bool:
    """Tell whether what is granted opens a request: one of the alternatives, of which `&` and `,` join the parts."""
    alternatives = [text for names in row.values() for text in names or ()]
    return any(granted.issuperset(re.split(r"[ &,]+", text)) for text in alternatives)


@cache
def listed() -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(LIST.read_bytes())
    return read


@cache
def known() -> frozenset[str]:
    """Return the name of every permission in the list."""
    found = re.findall(r"[A-Z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+", LIST.read_text())
    return frozenset(found)
