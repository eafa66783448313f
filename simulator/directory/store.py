"""The objects of one type: those that live, those deleted softly, and the order both are listed in."""

from simulator.directory.changes import ChangeLog
from simulator.directory.ordered import StableOrder
from simulator.types.schema import JsonObject, Schema


class Store:
    """Objects by id. An id is in `live`, in `deleted`, or unknown, never in two of them."""

    __slots__ = ("deleted", "live", "log", "order", "schema")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.live: dict[str, JsonObject] = {}
        self.deleted: dict[str, JsonObject] = {}
        self.order = StableOrder()
        self.log = ChangeLog()

    def find(self, object_id: str) -> JsonObject | None:
        """Return the object, live or softly deleted."""
        return self.live.get(object_id) or self.deleted.get(object_id)

    def stored(self, thing: JsonObject) -> JsonObject:
        """Return `thing` as it is kept: without the values its schema supplies anyway, unless kept whole."""
        if self.schema.is_open:
            return thing
        return {name: value for name, value in thing.items() if value is not None and value != []}
