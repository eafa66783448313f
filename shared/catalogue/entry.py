"""What Tidemark knows about one type of directory object, as one declarative entry (decision D3).

Pure values: capture, compare, recovery, the permissions list and the docs all read the same entry, so they cannot
disagree. A new type is one module beside this one, its golden file and its row in docs/object-types.md.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal

import msgspec

PAGE_MAX = 999  # Graph: largest $top on directory collections


class Wave(IntEnum):
    """When a change of a recovery runs: a lower wave ends before a higher one starts (decision D13)."""

    RESTORE = 1
    UPDATE = 2
    RELINK = 3
    LINKS = 4
    LOCATIONS = 5
    POLICY_RESTORE = 6
    POLICY_UPDATE = 7
    POLICY_ENABLE = 8
    SOFT_DELETE = 9


class Rule(StrEnum):
    """What may be done with a property."""

    WRITABLE = "writable"
    CREATE_ONLY = "createOnly"
    COMPUTED = "computed"
    IDENTITY = "identity"


class Property(msgspec.Struct, frozen=True):
    """One property: how it may be written, and whether its collection carries no order.

    `is_compared` is false for what Graph computes or stamps: such a difference is never reported.
    `may_clear` is false when Graph refuses null (displayName).
    """

    name: str
    rule: Rule = Rule.WRITABLE
    is_set: bool = False
    is_compared: bool = True
    may_clear: bool = True


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A link from objects of this type to others.

    `code` is its number in link rows (docs/formats/links.md) and never changes. `is_native` tells whether Microsoft's
    own feature recovers it. `dynamic_marker` names the group type that makes the links computed, so never written.
    """

    name: str
    code: int
    is_native: bool
    dynamic_marker: str = ""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One collection that capture reads to its end.

    `expand` names the reference that is read through the listing; a links listing pages a member collection by itself
    when the expanded one may have been cut (Graph: at most 20 items).
    """

    name: str
    type: str
    kind: Literal["objects", "deleted", "links"]
    path: str
    select: tuple[str, ...]
    top: int | None = PAGE_MAX
    expand: str = ""


class ObjectType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of object.

    `code` is its number in index rows and never changes. `path` and `deleted_path` are collections below the version
    root. `wire_name` is the member of Graph's resourceTypeName. `is_listed` types are read back by listing the whole
    collection, because a request per object would cost more (Conditional Access: one request a second). `waves` says
    when each action runs; a type with a wave for "enable" is switched on in that wave only, by itself.
    """

    name: str
    code: int
    wire_name: str
    odata_type: str
    path: str
    deleted_path: str
    deleted_list_path: str
    properties: tuple[Property, ...]
    references: tuple[Reference, ...] = ()
    has_delta: bool = False
    has_count: bool = False
    is_paged: bool = True
    is_listed: bool = False
    sends_select: bool = True
    waves: dict[str, Wave]
    read_permissions: tuple[str, ...]
    write_permissions: tuple[str, ...]

    @property
    def select(self) -> tuple[str, ...]:
        """The names for $select: every property of the entry, never `*`."""
        return tuple(known.name for known in self.properties)

    def property(self, name: str) -> Property | None:
        """Return the entry's property of that name, None for one it does not know."""
        return next((known for known in self.properties if known.name == name), None)

    def reference(self, name: str) -> Reference:
        """Return the entry's reference of that name; KeyError is our own mistake."""
        return {known.name: known for known in self.references}[name]

    def listings(self) -> tuple[Listing, ...]:
        """Return every collection that a full capture of this type reads."""
        top = PAGE_MAX if self.is_paged else None
        select = self.select if self.sends_select else ()
        live = Listing(name=self.name, type=self.name, kind="objects", path=self.path, select=select, top=top)
        deleted = Listing(
            name=f"{self.name}-deleted",
            type=self.name,
            kind="deleted",
            path=self.deleted_list_path,
            select=select,
            top=top,
        )
        links = tuple(
            Listing(
                name=f"{self.name}-{reference.name}",
                type=self.name,
                kind="links",
                path=self.path,
                select=("id",),
                top=top,
                expand=reference.name,
            )
            for reference in self.references
        )
        return (live, deleted, *links)
