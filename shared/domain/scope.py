"""What part of a tenant a report or a recovery is about.

Pure values. A scope is fixed when a job is created; an empty one means nothing and is refused where requests are read,
because a lenient reading of it could roll back a whole tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec

from shared.domain.ids import object_key


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

    def covers(self, type_name: str, object_id: str) -> bool:
        """Tell whether this object is in scope; GUIDs are compared without regard to case."""
        if self.ids is not None:
            return self.covers_key(type_name, object_key(object_id))
        return self.covers_type(type_name)


EVERYTHING = Scope()
