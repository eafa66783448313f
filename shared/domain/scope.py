"""What part of a tenant a report or a recovery is about.

Pure values. A scope is fixed when a job is created; an empty one means nothing and is refused where requests are read,
because a lenient reading of it could roll back a whole tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from shared.domain.ids import object_key

IDS_MAX = 500_000  # of one scope; whoever means more of a tenant than that names types
IDS_IN_ROW_MAX = 1_000  # a job's row is written at every turn of the job, so more are kept beside it, in a blob

Made = TypeVar("Made")


class ScopeFile(msgspec.Struct, frozen=True, kw_only=True):
    """Where the ids of a large scope are, what proves them, and how many of each type there are."""

    name: str
    sha256: str
    counts: dict[str, int]


class ScopePart(msgspec.Struct, frozen=True, kw_only=True):
    """Some ids of one type, as the file of a large scope lists them."""

    type: str
    ids: tuple[str, ...]


class Scope(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All objects (`types` and `ids` both None), whole types, or chosen ids of types."""

    types: tuple[str, ...] | None = None
    ids: dict[str, tuple[str, ...]] | None = None

    def covers_type(self, type_name: str) -> bool:
        """Tell whether any object of the type can be in scope."""
        if self.types is not None:
            return type_name in self.types
        return self.ids is None or type_name in self.ids

    def covers_key(self, type_name: str, key: bytes) -> bool:
        """Tell whether the object with this key is in scope."""
        if self.ids is not None:
            return key in self._keys.get(type_name, ())
        return self.covers_type(type_name)

    @cached_property
    def _keys(self) -> Mapping[str, frozenset[bytes]]:
        """The keys of the ids, by type: made once, because every object of a tenant is asked about."""
        return {name: frozenset(map(object_key, ids)) for name, ids in (self.ids or {}).items()}

    @property
    def size(self) -> int:
        """How many objects are named one by one."""
        return sum(map(len, (self.ids or {}).values()))

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what was made of this scope under that name, made at the first call: a scope never changes."""
        held: dict[str, Made] = self.__dict__
        if name not in held:
            held[name] = make()
        return held[name]

    def covers(self, type_name: str, object_id: str) -> bool:
        """Tell whether this object is in scope; GUIDs are compared without regard to case."""
        if self.ids is not None:
            return self.covers_key(type_name, object_key(object_id))
        return self.covers_type(type_name)


EVERYTHING = Scope()
