"""Cuts listings into pages. A next link holds a sealed position in a stable order, never an offset."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from simulator.errors import GraphError
from simulator.operations.call import Call
from simulator.sealed import Sealer

Item = TypeVar("Item")


def position(call: Call, sealer: Sealer) -> int:
    """Return where the asked page starts; 400 for a token that is not ours, too old, or of another listing."""
    token = call.options.get("$skiptoken")
    if token is None:
        return 0
    try:
        start, issued_at, _ = sealer.unseal(_kind(call), token)
    except (ValueError, TypeError) as error:
        raise GraphError(400, "Directory_ExpiredPageToken", "The specified page token value is invalid.") from error
    if sealer.page_life_seconds is not None and call.now - issued_at > sealer.page_life_seconds:
        sealer.expired_pages += 1
        raise GraphError(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")
    return int(start)


def page(
    rows: Iterable[tuple[int, str]], size: int, show: Callable[[str], Item | None]
) -> tuple[list[Item], int | None]:
    """Return up to `size` shown items of `rows` (position, id), and where the next page starts if anything is left."""
    items: list[Item] = []
    for at, object_id in rows:
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
        body["@odata.nextLink"] = next_link(call, sealer, following)
    body["value"] = items
    return body


def next_link(call: Call, sealer: Sealer, following: int, number: int = 0) -> str:
    """Return the address of the page that starts at `following`; another `number` makes another link to it.

    The time goes in only where tokens get too old: otherwise the same page always has the same link.
    """
    issued_at = 0.0 if sealer.page_life_seconds is None else call.now
    return call.next_link(sealer.seal(_kind(call), (following, issued_at, number)))


def _kind(call: Call) -> str:
    return f"page {call.path.lower()}"
