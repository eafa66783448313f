"""Cuts listings into pages. A next link holds a sealed position in a stable order, never an offset."""

from collections.abc import Callable
from typing import Any, TypeVar

from simulator.directory.ordered import StableOrder
from simulator.errors import GraphError
from simulator.operations.call import Call
from simulator.sealed import Sealer

Item = TypeVar("Item")


def position(call: Call, sealer: Sealer) -> int:
    """Return where the asked page starts; 400 for a token that is not ours or belongs to another listing."""
    token = call.options.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(sealer.unseal(_kind(call), token))
    except ValueError as error:
        raise GraphError(400, "Directory_ExpiredPageToken", "The specified page token value is invalid.") from error


def page(
    order: StableOrder, start: int, size: int, show: Callable[[str], Item | None]
) -> tuple[list[Item], int | None]:
    """Return up to `size` shown items from `start` on, and where the next page starts if anything is left."""
    items: list[Item] = []
    for at, object_id in order.since(start):
        item = show(object_id)
        if item is None:
            continue
        if len(items) == size:
            return items, at
        items.append(item)
    return items, None


def envelope(call: Call, sealer: Sealer, *, context: str, items: list[Any], following: int | None) -> dict[str, Any]:
    """Return the body of one page."""
    body: dict[str, Any] = {"@odata.context": call.context(context)}
    if following is not None:
        body["@odata.nextLink"] = call.next_link(sealer.seal(_kind(call), following))
    body["value"] = items
    return body


def _kind(call: Call) -> str:
    return f"page {call.path.lower()}"
