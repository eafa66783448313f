"""Every object type Tidemark backs up, and how to find one by any of its names."""

from __future__ import annotations

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import Listing, ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.user import USER
from shared.domain.errors import InputError

TYPES: tuple[ObjectType, ...] = (USER, GROUP, CONDITIONAL_ACCESS_POLICY, NAMED_LOCATION)
BY_NAME = {entry.name: entry for entry in TYPES}
BY_WIRE_NAME = {entry.wire_name: entry for entry in TYPES}
BY_CODE = {entry.code: entry for entry in TYPES}
LISTINGS: dict[str, Listing] = {listing.name: listing for entry in TYPES for listing in entry.listings()}


def type_named(name: str) -> ObjectType:
    """Return the entry called `name`; raise InputError that lists the names there are."""
    entry = BY_NAME.get(name)
    if entry is None:
        raise InputError(f"{name!r} is no captured type; use one of {', '.join(sorted(BY_NAME))}", member="type")
    return entry


def reference_of_code(code: int) -> tuple[ObjectType, str] | None:
    """Return the type and reference name whose link rows carry `code`, None for an unknown one."""
    for entry in TYPES:
        for reference in entry.references:
            if reference.code == code:
                return entry, reference.name
    return None
