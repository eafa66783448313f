"""What an entry of the catalogue says of the members of its objects: properties, secrets, and references to others.

Pure values.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Rule(StrEnum):
    """What may be done with a property."""

    WRITABLE = "writable"
    CREATE_ONLY = "createOnly"
    COMPUTED = "computed"
    IDENTITY = "identity"


class Call(StrEnum):
    """The request that writes a property which the PATCH of its object cannot write.

    LICENCES: `assignLicense` with what to add and what to remove. COMBINATIONS: `updateAllowedCombinations`. ITEMS: a
    PATCH of each item below the object.
    """

    LICENCES = "assignLicense"
    COMBINATIONS = "updateAllowedCombinations"
    ITEMS = "items"


class Property(msgspec.Struct, frozen=True, omit_defaults=True):
    """One property: how it may be written, and whether its collection carries no order.

    `is_compared` is false for what Graph computes or stamps: such a difference is never reported.
    `may_clear` is false when Graph refuses null (displayName). `call` is the request that writes it when a PATCH of
    the object does not. `is_guarded` values hold items that Graph lets nobody change while they are enabled.
    `leaves_out` are members of the value that only Graph writes. `of_kinds` are the derived types that alone have it.
    """

    name: str
    rule: Rule = Rule.WRITABLE
    is_set: bool = False
    is_compared: bool = True
    may_clear: bool = True
    call: Call | None = None
    is_guarded: bool = False
    leaves_out: tuple[str, ...] = ()
    of_kinds: tuple[str, ...] = ()


class Secret(msgspec.Struct, frozen=True):
    """A collection of credentials, of whose items only `kept` members are stored; everything else never is."""

    name: str
    kept: tuple[str, ...]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A link from objects of this type to others.

    `code` is its number in link rows (docs/formats/links.md) and never changes. `is_native` tells whether Microsoft's
    own feature recovers it. `dynamic_marker` names the group type that makes the links computed, so never written.
    `is_single` when it leads to one object at most (manager). `is_bound` when a PATCH of the object takes many links at
    once; without it each link is a request of its own. `of_kinds` are the derived types that alone have it. `is_told`
    tells whether delta tells which of its links came or went ("Use delta query", links; docs/decisions/0016); where it
    does not, `audited` is the audit log's word for one such link.
    """

    name: str
    code: int
    is_native: bool
    dynamic_marker: str = ""
    is_single: bool = False
    is_bound: bool = True
    is_told: bool = True
    of_kinds: tuple[str, ...] = ()
    audited: str = ""
