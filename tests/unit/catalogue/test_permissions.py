"""The permissions that the catalogue names: the command line's file says the same, and Microsoft's list knows them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.permissions import FILE, permissions
from shared.catalogue.types import TYPES

LIST = Path(__file__).parents[4] / "shared" / "reference" / "graph" / "permissions.json"
# Named by "List group members" and "user resource type"; Microsoft's machine-readable list has not got these.
UNLISTED = {"Member.Read.Hidden", "User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"}
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


@cache
def listed() -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(LIST.read_bytes())
    return read


@cache
def known() -> frozenset[str]:
    """Return the name of every permission in the list."""
    found = re.findall(r"[A-Z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+", LIST.read_text())
    return frozenset(found)
