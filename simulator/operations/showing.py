"""How an object is shown: the selected properties, the type where a collection mixes types, expanded links."""

from typing import Any

from simulator.directory.state import Directory
from simulator.errors import MissingBehaviourError
from simulator.types.schema import JsonObject, Projection, Schema, project
from simulator.types.user import SINGLE

EXPANDED_MAX = 20  # Microsoft Graph page "Customize responses with query parameters": $expand of directory objects.


def shape(schema: Schema, select: tuple[str, ...] | None, *, lenient: bool = False) -> Projection | None:
    """Return what to show of objects of this type; None means all there is.

    A `lenient` shape belongs to a collection of mixed types, where another type may have the property.
    """
    if select is None:
        return None if schema.is_open else schema.default
    if lenient:
        return schema.projection(name for name in select if name in schema.properties)
    return schema.projection(select)


def show(schema: Schema, thing: JsonObject, wanted: Projection | None) -> JsonObject:
    """Return one object as a collection of its own type shows it."""
    if wanted is None:
        left_out = schema.asked_for if schema.key == "id" else (*schema.asked_for, "id")
        return {name: value for name, value in thing.items() if name not in left_out}
    if not schema.is_open:
        return project(thing, wanted)
    chosen = {name: thing[name] for name, _ in wanted if name in thing}
    return {"@odata.type": thing["@odata.type"], **chosen} if schema.always_typed else chosen


class MixedShapes:
    """Shows directory objects of all types side by side, each with its `@odata.type`."""

    def __init__(self, directory: Directory, select: tuple[str, ...] | None) -> None:
        self._directory = directory
        self._shapes: dict[str, tuple[Schema, str, Projection]] = {}
        schemas = [directory.stores[name].schema for name in directory.directory_types]
        for name in select or ():
            if not any(name in schema.properties for schema in schemas):
                knowing = (schema for schema in schemas if name in schema.elsewhere)
                raise next(knowing, schemas[0]).unknown(name)
        for schema in schemas:
            wanted = shape(schema, select, lenient=True)
            if wanted is None:
                raise MissingBehaviourError(f"{schema.name} among directory objects")
            self._shapes[schema.name] = (schema, schema.odata_type, wanted)

    def item(self, object_id: str) -> JsonObject | None:
        """Return one live object as shown, None when it does not live."""
        found = self._directory.live(object_id)
        if found is None:
            return None
        _, odata_type, wanted = self._shapes[found[0]]
        return {"@odata.type": odata_type, **project(found[1], wanted)}

    def linked(self, object_id: str, relation: str) -> list[dict[str, Any]]:
        """Return the first 20 live links of one object; the service gives no more here, and no next link."""
        items: list[dict[str, Any]] = []
        for target_id in self._directory.links.targets(object_id, relation):
            item = self.item(target_id)
            if item is not None:
                items.append(item)
                if len(items) == EXPANDED_MAX:
                    break
        return items


def expand_into(shapes: MixedShapes, item: JsonObject, thing: JsonObject, relation: str) -> None:
    """Add the links that `$expand` asks for to an object as shown; a single link that is not there is left out."""
    found = shapes.linked(thing["id"], relation)
    if relation not in SINGLE:
        item[relation] = found
    elif found:
        item[relation] = found[0]
