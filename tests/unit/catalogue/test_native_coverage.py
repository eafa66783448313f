"""Everything that Microsoft's own feature recovers is captured: the list beside this file is what Microsoft names.

Source: "Supported objects and recoverable properties in Microsoft Entra Backup and Recovery", by Graph's names.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from shared.catalogue.left_out import NATIVE_ALONE
from shared.catalogue.types import BY_NAME, TYPES, type_named

NATIVE = msgspec.json.decode(Path(__file__).with_name("native_properties.json").read_bytes(), type=dict[str, list[str]])
# What no listing of Graph shows. docs/object-types.md says the same to whoever asks.
OUT_OF_REACH = {
    "user": {"authentication/requirements.perUserMfaState"},
    "servicePrincipal": {"publisherName"},
    "organization": set(NATIVE["organization"]),
}
each_type = pytest.mark.parametrize("name", NATIVE)


@each_type
def test_every_native_property_is_captured(name: str) -> None:
    entry = type_named(name)
    wanted = {known.partition("[")[0] for known in NATIVE[name]} - OUT_OF_REACH.get(name, set())
    if name == "authenticationMethodConfiguration":
        return  # the list names methods there, and each is an object of that type
    assert wanted - set(entry.select) == set()


@each_type
def test_the_catalogue_says_which_properties_are_native(name: str) -> None:
    entry = type_named(name)
    said = set(entry.select) if entry.native == ("*",) else set(entry.native)
    wanted = {known.partition("[")[0] for known in NATIVE[name]} - OUT_OF_REACH.get(name, set())
    if name != "authenticationMethodConfiguration" and entry.native != ("*",):
        assert said == wanted


def test_every_other_type_and_reference_says_that_it_is_beyond_the_native_feature() -> None:
    assert {entry.name for entry in TYPES if entry.native} <= set(NATIVE)
    references = {f"{entry.name}.{one.name}" for entry in TYPES for one in entry.references if one.is_native}
    assert references == {"group.members"}
    assert set(NATIVE) <= set(BY_NAME)


def test_what_only_the_native_feature_recovers_is_said() -> None:
    assert OUT_OF_REACH.keys() == NATIVE_ALONE.keys()
    for name, known in OUT_OF_REACH.items():
        assert all(one in NATIVE_ALONE[name] or one.partition(".")[0] in NATIVE_ALONE[name] for one in known)
