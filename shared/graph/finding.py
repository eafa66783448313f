"""The present state of chosen objects: live, in the recycle bin, or gone.

An object counts as gone only when Graph itself says so, with its own error code; any other refusal is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from shared.catalogue.entry import ObjectType
from shared.graph import many
from shared.graph.answers import pages
from shared.graph.answers.faults import is_gone
from shared.graph.cursors import Chain
from shared.graph.exchange import Request
from shared.graph.reading import Reader
from shared.graph.sending import Sender
from shared.ports import Found


class Finder:
    """Look objects and their references up by id."""

    def __init__(self, sender: Sender, reader: Reader) -> None:
        self._sender = sender
        self._reader = reader

    async def find(self, entry: ObjectType, object_ids: Sequence[str]) -> dict[str, Found]:
        """Return the present state of each of `object_ids`."""
        wanted = list(dict.fromkeys(object_ids))
        if not wanted:
            return {}
        if entry.is_listed:
            return await self._find_in_lists(entry, wanted)
        selected = f"?$select={','.join(entry.select)}" if entry.sends_select else ""
        found = await many.bodies(self._sender, entry, wanted) if many.is_many(entry, wanted) else {}
        alone = [object_id for object_id in wanted if object_id not in found]
        found |= await self._read(entry, entry.path, "", selected, alone)
        absent = [object_id for object_id in wanted if object_id not in found]
        # Without the cast Graph would not know a user's properties in $select, and would leave most of them out.
        cast = "/" + entry.odata_type.removeprefix("#")
        deleted = await self._read(entry, entry.deleted_path, cast, selected, absent)
        return {
            object_id: Found(found[object_id])
            if object_id in found
            else Found(deleted.get(object_id), is_deleted=object_id in deleted)
            for object_id in wanted
        }

    async def references(self, entry: ObjectType, reference: str, object_ids: Sequence[str]) -> dict[str, set[str]]:
        """Return all ids that `reference` of each live object names; an object that is not live is left out."""
        what = f"{entry.name}-{reference}"
        whole: dict[str, set[str]] = {}
        if many.is_many(entry, object_ids):
            whole = await many.references(self._sender, entry, reference, object_ids)
        found: dict[str, set[str]] = {object_id: whole.get(object_id, set()) for object_id in object_ids}
        chains = [Chain(object_id) for object_id in found if object_id not in whole]
        while chains:
            linked, chains, gone = await self._reader.reference_round(what, entry.path, reference, chains)
            for object_id, other_ids in linked:
                found[object_id].update(other_ids)
            for object_id in gone:
                del found[object_id]
        return found

    async def _find_in_lists(self, entry: ObjectType, wanted: Sequence[str]) -> dict[str, Found]:
        """Find objects of a type whose requests are scarce: one reading of the live and one of the deleted list.

        The deleted list is read later, so it has the last word about an object that was deleted in between.
        """
        live_listing, deleted_listing = entry.listings()[:2]
        found = dict.fromkeys(wanted, Found(None))
        for listing, is_deleted in ((live_listing, False), (deleted_listing, True)):
            for object_id, body in await self._reader.whole(listing):
                if object_id in found:
                    found[object_id] = Found(body, is_deleted=is_deleted)
        return found

    async def _read(
        self, entry: ObjectType, path: str, cast: str, options: str, object_ids: Sequence[str]
    ) -> dict[str, bytes]:
        """Return the bodies of those of `object_ids` that the collection at `path` has, as objects of this type."""
        tails = [f"{path}/{quote(object_id, safe='')}{cast}{options}" for object_id in object_ids]
        replies = await self._sender.read_each([Request(tail=tail) for tail in tails])
        found: dict[str, bytes] = {}
        for object_id, reply in zip(object_ids, replies, strict=True):
            if is_gone(reply):
                continue
            kind, body = pages.one_object(f"{entry.name} {object_id}", reply)
            if kind in ("", entry.odata_type, *pages.DERIVED.get(entry.odata_type, ())):
                found[object_id] = body
        return found
