"""Ask Graph what changed since a token ("Use delta query to track changes in Microsoft Graph data").

A token is the path and query of a delta link, below our own base; it is good for seven days. Replays are normal: an
object may come several times and in any order, so only ids are returned, with what is told of links, and the caller
reads the objects' present.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from shared.catalogue.entry import ObjectType
from shared.domain.errors import IncompleteListingError
from shared.graph import cursors, links
from shared.graph.answers import pages
from shared.graph.answers.faults import incomplete
from shared.graph.cursors import Bounds, Cursor
from shared.graph.exchange import Reply, Request
from shared.graph.reading import PRIORITY
from shared.graph.sending import Sender
from shared.jobs.told import Told, joined
from shared.ports import DeltaPage


class _Mentioned(msgspec.Struct, rename={"removed": "@removed"}):
    id: str
    removed: msgspec.Raw | UnsetType = UNSET


_DECODE_MENTIONED = msgspec.json.Decoder(_Mentioned).decode


class DeltaReader:
    """Tokens and the pages that follow from them."""

    def __init__(self, sender: Sender, bounds: Bounds, *, tells_links: bool = True) -> None:
        self._sender, self._bounds, self._tells_links = sender, bounds, tells_links

    async def token(self, entry: ObjectType) -> str | None:
        """Return a token that stands for now, None for a type without delta."""
        if not entry.has_delta:
            return None
        everybody = [reference.name for reference in entry.references if not reference.of_kinds]
        tracked = ",".join([*entry.select, *everybody])
        tail = f"{entry.path}/delta?$select={tracked}&$deltatoken=latest"
        text = ""
        while True:
            page = await self.page(entry, tail, text)
            if page.token is not None:
                return page.token
            text = page.cursor or ""

    async def page(self, entry: ObjectType, token: str, text: str) -> DeltaPage:
        """Return the page at the cursor `text` of what changed since `token`.

        Raises DirectoryError with Graph's status and code when the token is too old (410, or a code that asks for a
        resync), IncompleteListingError for a page that has neither a next link nor a delta link.
        """
        what = f"{entry.name}-delta"
        if not links.is_tail(token):
            raise IncompleteListingError(f"{what}: the token is none of ours")
        cursor = cursors.load(what, text)
        reply = await self._sender.send(Request(tail=cursor.next or token, priority=PRIORITY))
        page = pages.object_page(what, reply, repeats=True)
        changed = list(dict.fromkeys(page.ids))
        removed = _removed(page)
        told = _told(what, reply, entry, page) if self._tells_links else None
        if page.next_link is not None and page.delta_link is None:
            tail, trail = cursors.advance(what, reply, page.next_link, cursor.trail, self._bounds)
            after = Cursor(next=tail, page=cursor.page + 1, trail=trail)
            return DeltaPage(changed=changed, cursor=cursors.dump(after), token=None, removed=removed, told=told)
        if page.delta_link is not None and page.next_link is None:
            token = self._token(what, reply, page.delta_link)
            return DeltaPage(changed=changed, cursor=None, token=token, removed=removed, told=told)
        raise incomplete(what, "the page must have either a next link or a delta link", reply)

    def _token(self, what: str, reply: Reply, link: str) -> str:
        tail = links.tail_of(link, self._bounds.base)
        if tail is None:
            raise incomplete(what, "the delta link leads to another place than Graph", reply)
        return tail


def _told(what: str, reply: Reply, entry: ObjectType, page: pages.ObjectPage) -> dict[tuple[str, str], Told]:
    """Return what the page tells of links, by (id, reference); raise IncompleteListingError for what is no list."""
    names = tuple(known.name for known in entry.references if known.is_told)
    parts: dict[tuple[str, str], list[Told]] = {}
    decode = _linked_decoder(names)
    for body in page.bodies if names else ():
        try:
            row = decode(body)
        except msgspec.DecodeError as error:
            raise incomplete(what, f"what it tells of links is malformed ({error})", reply) from error
        for number, name in enumerate(names):
            links: list[_Mentioned] = getattr(row, f"links_{number}")
            if links:
                added = frozenset(link.id for link in links if link.removed is UNSET)
                removed = frozenset(link.id for link in links if link.removed is not UNSET)
                parts.setdefault((row.id, name), []).append(Told(added, removed))
    return {where: joined(told) for where, told in parts.items()}


@cache
def _linked_decoder(names: tuple[str, ...]) -> Any:
    """Return a decoder of an object's id and of the changes of those references."""
    fields: list[Any] = [("id", str)]
    fields += [(f"links_{number}", list[_Mentioned], []) for number in range(len(names))]
    renamed = {f"links_{number}": f"{name}@delta" for number, name in enumerate(names)}
    return msgspec.json.Decoder(msgspec.defstruct("Linked", fields, rename=renamed)).decode


def _removed(page: pages.ObjectPage) -> frozenset[str]:
    """Return the ids that the page's last word on them says are no longer live."""
    last = {row.id: row.removed is not UNSET for row in map(_DECODE_MENTIONED, page.bodies)}
    return frozenset(object_id for object_id, is_removed in last.items() if is_removed)
