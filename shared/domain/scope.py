"""What part of a tenant a report or a recovery is about.

Pure values. A scope is fixed when a job is created; an empty one means nothing and is refused where requests are read,
because a lenient reading of it could roll back a whole tenant.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from shared.domain.ids import object_key


class Scope(msgspec.Struct, frozen=True, kw_only=True):
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
            return key in _keys(self.ids.get(type_name, ()))
        return self.covers_type(type_name)

    def covers(self, type_name: str, object_id: str) -> bool:
        """Tell whether this object is in scope; GUIDs are compared without regard to case."""
        if self.ids is not None:
            return self.covers_key(type_name, object_key(object_id))
        return self.covers_type(type_name)


@lru_cache(maxsize=64)  # the types of the scopes of the few jobs at work in one process
def _keys(ids: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(map(object_key, ids))


EVERYTHING = Scope()
