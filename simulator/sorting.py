"""`$orderby`: the listing order by some properties, made for one page; equal values keep the order of creation."""

from collections.abc import Mapping
from typing import Any

from simulator import odata
from simulator.directory.ordered import StableOrder
from simulator.types.schema import JsonObject, Schema


def listing_order(
    order: StableOrder, things: Mapping[str, JsonObject], option: str | None, schema: Schema
) -> StableOrder:
    """Return the order to list in: the given one without `$orderby`, else a sorted one of the objects in `things`."""
    if option is None:
        return order
    ids = [object_id for object_id in order if object_id in things]
    for name, is_downwards in reversed(odata.order_by(option, schema)):
        _sort(ids, things, name, is_downwards=is_downwards)
    sorted_order = StableOrder()
    for object_id in ids:
        sorted_order.add(object_id)
    return sorted_order


def _sort(ids: list[str], things: Mapping[str, JsonObject], name: str, *, is_downwards: bool) -> None:
    ids.sort(key=lambda object_id: _key(things[object_id].get(name)), reverse=is_downwards)


def _key(value: Any) -> tuple[bool, Any]:
    if isinstance(value, int | float):
        return True, float(value)
    return value is not None, str(value if value is not None else "").lower()
