"""Which objects hang on which others: assignments and grants on their two ends, credentials on their application.

A hanging object is hidden while one of the objects it hangs on is softly deleted, and goes when one is gone (Microsoft
Graph pages "appRoleAssignment" and "oAuth2PermissionGrant"; a restored principal has its assignments back).
"""

from collections.abc import Iterator

from simulator.directory.ordered import StableOrder
from simulator.types.schema import JsonObject, Schema

_NOTHING = StableOrder()


def anchors(schema: Schema, thing: JsonObject) -> Iterator[str]:
    """Yield the ids of the objects that `thing` hangs on; the last part of a scope is an id too."""
    for name in schema.hangs_on:
        value = thing.get(name)
        if value and value != "/":
            yield str(value).rsplit("/", 1)[-1]


class Hanging:
    """For every object, what hangs on it, by type and in the order it came."""

    def __init__(self) -> None:
        self._on: dict[str, dict[str, StableOrder]] = {}

    def add(self, schema: Schema, thing: JsonObject) -> None:
        """Take note of one hanging object."""
        for anchor in anchors(schema, thing):
            self._on.setdefault(anchor, {}).setdefault(schema.name, StableOrder()).add(thing[schema.key])

    def drop(self, schema: Schema, thing: JsonObject) -> None:
        """Forget one hanging object."""
        for anchor in anchors(schema, thing):
            self.of_type(anchor, schema.name).remove(thing[schema.key])

    def of_type(self, anchor: str, type_name: str) -> StableOrder:
        """Return the ids of what hangs on `anchor` and is of this type; not to be changed by the caller."""
        return self._on.get(anchor, {}).get(type_name, _NOTHING)

    def on(self, anchor: str) -> list[tuple[str, str]]:
        """Return (type, id) of everything that hangs on `anchor`."""
        return [(name, each) for name, order in self._on.get(anchor, {}).items() for each in order]
