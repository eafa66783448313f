"""The present state of chosen objects: live, in the recycle bin, or gone.

An object counts as gone only when Graph itself says so, with its own error code; any other refusal is raised.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from urllib.parse import quote

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import NOTHING, anchor, kind_of
from shared.catalogue.listing import Shape
from shared.graph import cursors, many
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted, identified
from shared.graph.answers.faults import is_gone
from shared.graph.cursors import Bounds, Chain
from shared.graph.exchange import Request
from shared.graph.holders import holders
from shared.graph.parallel import run_all
from shared.graph.reading import Reader
from shared.graph.sending import Sender
from shared.graph.settings import BATCH_PARTS_MAX, Shortcut
from shared.ports import Found, Held

BIN_LISTED_FROM = 500  # objects looked for: 25 requests for single ones, and 999 to a page of the list


class Finder:
    """Look objects and their references up by id."""

    def __init__(
        self, sender: Sender, reader: Reader, bounds: Bounds, *, avoids: frozenset[Shortcut] = frozenset()
    ) -> None:
        self._sender = sender
        self._reader = reader
        self._bounds = bounds
        self._lists_ids = Shortcut.ID_LISTS not in avoids
        self._has_agents = Shortcut.AGENTS not in avoids

    async def find(
        self, entry: ObjectType, object_ids: Sequence[str], expand: str = "", deleted: Set[str] = frozenset()
    ) -> dict[str, Found]:
        """Return the present state of each of `object_ids`; many of them come with the links of `expand`.

        Those in `deleted` are looked for in the bin first.
        """
        wanted = list(dict.fromkeys(object_ids))
        if not wanted:
            return {}
        if entry.is_listed or entry.shape is Shape.SINGLE:
            return await self._find_in_lists(entry, wanted)
        if entry.shape is Shape.CHILDREN:
            return await self._reader.children.find(entry, wanted)
        if entry.identity:
            return await self._find_by_part(entry, wanted)
        binned = [known for known in wanted if known in deleted] if entry.has_bin else []
        others = [known for known in wanted if known not in deleted] if binned else wanted
        states: dict[str, Found] = {}
        for some in await run_all(
            [lambda: self._in_bin(entry, binned), lambda: self._live(entry, others, expand)], at_once_max=2
        ):
            states |= some
        states |= await self._live(entry, [known for known in binned if known not in states], expand)
        absent = [known for known in wanted if known not in states] if entry.has_bin else []
        states |= await self._in_bin(entry, absent)
        return {known: states.get(known, Found(None)) for known in wanted}

    async def _live(self, entry: ObjectType, object_ids: Sequence[str], expand: str) -> dict[str, Found]:
        """Return those that are live."""
        is_many = self._is_many(entry, object_ids)
        listed = await many.bodies(self._sender, entry, object_ids, expand) if is_many else {}
        found = {known: one.body for known, one in listed.items() if one.body is not None}
        alone = [known for known in object_ids if known not in found]
        found |= await self._read(entry, entry.path, "", _selected(entry), alone)
        found |= await self._of_kinds(entry, found)
        return {
            known: Found(body, others=listed[known].others if known in listed else None)
            for known, body in found.items()
        }

    async def _in_bin(self, entry: ObjectType, object_ids: Sequence[str]) -> dict[str, Found]:
        """Return those that are in the recycle bin.

        Without the cast Graph would not know a user's properties in $select, and would leave most of them out.
        """
        found = await self._in_listed_bin(entry, object_ids) if len(object_ids) >= BIN_LISTED_FROM else {}
        cast = "/" + entry.odata_type.removeprefix("#")
        alone = [known for known in object_ids if known not in found]
        found |= await self._read(entry, entry.deleted_path, cast, _selected(entry), alone)
        return {known: Found(body, is_deleted=True) for known, body in found.items()}

    async def _in_listed_bin(self, entry: ObjectType, object_ids: Sequence[str]) -> dict[str, bytes]:
        """Return those that the list of the recycle bin shows, of which no more pages are read than they are worth."""
        (listing,) = (one for one in entry.listings() if one.kind == "deleted")
        wanted, found = set(object_ids), dict[str, bytes]()
        cursor: str | None = ""
        for _page in range(len(object_ids) // BATCH_PARTS_MAX):
            page = await self._reader.page(listing, cursor or "")
            found |= {known: body for known, body in zip(page.ids, page.bodies, strict=True) if known in wanted}
            cursor = page.cursor
            if cursor is None or len(found) == len(wanted):
                break
        return found

    async def references(self, entry: ObjectType, reference: str, object_ids: Sequence[str]) -> dict[str, set[str]]:
        """Return all ids that `reference` of each live object names; an object that is not live is left out."""
        what = f"{entry.name}-{reference}"
        is_single = entry.reference(reference).is_single
        whole: dict[str, set[str]] = {}
        if self._is_many(entry, object_ids) and not entry.reference(reference).of_kinds:
            whole = await many.references(self._sender, entry, reference, object_ids, is_single=is_single)
        if is_single:
            alone = [known for known in dict.fromkeys(object_ids) if known not in whole]
            return whole | await self._single_references(what, entry, reference, alone)
        found: dict[str, set[str]] = {known: whole.get(known, set()) for known in object_ids}
        chains = [Chain(known) for known in found if known not in whole]
        while chains:
            linked, chains, gone = await self._reader.reference_round(what, entry.path, reference, chains)
            for known, other_ids in linked:
                found[known].update(other_ids)
            for known in gone:
                del found[known]
        return found

    async def _of_kinds(self, entry: ObjectType, found: dict[str, bytes]) -> dict[str, bytes]:
        """Read those again whose derived type has properties of its own, as objects of that type."""
        bodies: dict[str, bytes] = {}
        for kind in (known for known in entry.kinds if entry.select_of(known) and self._has_agents):
            ids = [known for known, body in found.items() if kind_of(body) == kind]
            selected = f"?$select={','.join(entry.select_of(kind))}"
            bodies |= await self._read(entry, entry.cast_path(kind), "", selected, ids)
        return bodies

    def _is_many(self, entry: ObjectType, object_ids: Sequence[str]) -> bool:
        return self._lists_ids and many.is_many(entry, object_ids)

    async def short_references(
        self, entry: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str] | None]:
        """Return all ids that `reference` of each live object names, None where they are more than one page."""
        wanted = list(dict.fromkeys(object_ids))
        whole: dict[str, set[str]] = {}
        if self._is_many(entry, wanted) and not entry.reference(reference).of_kinds:
            whole = await many.references(self._sender, entry, reference, wanted)
        chains = [Chain(known) for known in wanted if known not in whole]
        what = f"{entry.name}-{reference}"
        linked, going, _gone = await self._reader.reference_round(what, entry.path, reference, chains)
        found: dict[str, set[str] | None] = {**whole}
        found |= {known: set(other_ids) for known, other_ids in linked}
        return found | dict.fromkeys((chain.object_id for chain in going), None)

    async def holders(self, entry: ObjectType, object_ids: Sequence[str]) -> list[Held]:
        """Return the links that lead to each live object, as far as Graph tells from that end."""
        return await holders(self._sender, self._bounds, entry, object_ids)

    async def _single_references(
        self, what: str, entry: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str]]:
        """Read a reference to one object with its source: alone, none is a 404 like a source that is gone."""
        options = f"?$select=id&$expand={reference}($select=id)"
        tails = [f"{entry.path}/{quote(known, safe='')}{options}" for known in object_ids]
        replies = await self._sender.read_each([Request(tail=tail) for tail in tails])
        return {
            known: set(pages.expanded_object(f"{what} of {known}", reply, reference).other_ids)
            for known, reply in zip(object_ids, replies, strict=True)
            if not is_gone(reply)
        }

    async def _find_by_part(self, entry: ObjectType, wanted: Sequence[str]) -> dict[str, Found]:
        """Find objects known by what they say: the list is filtered by the first part of their ids."""
        found = dict.fromkeys(wanted, Found(None))
        selected = f"&$select={','.join(entry.select)}" if entry.sends_select else ""
        chains = [Chain(part) for part in dict.fromkeys(map(anchor, wanted)) if part != NOTHING]
        while chains:
            tails = [
                chain.next or f"{entry.path}?$filter={entry.identity[0]}%20eq%20'{quote(chain.object_id)}'{selected}"
                for chain in chains
            ]
            replies = await self._sender.read_each([Request(tail=tail) for tail in tails])
            going: list[Chain] = []
            for chain, reply in zip(chains, replies, strict=True):
                what = f"{entry.name} of {chain.object_id}"
                page = pages.object_page(what, reply)
                bodies = [admitted(entry, body, reply) for body in page.bodies]
                ids = [identified(what, entry, body, reply) for body in bodies]
                found |= {known: Found(body) for known, body in zip(ids, bodies, strict=True) if known in found}
                if page.next_link is not None:
                    tail, trail = cursors.advance(what, reply, page.next_link, chain.trail, self._bounds)
                    going.append(Chain(chain.object_id, tail, trail))
            chains = going
        return found

    async def _find_in_lists(self, entry: ObjectType, wanted: Sequence[str]) -> dict[str, Found]:
        """Find objects of a type that is small, or whose requests are scarce: by the live and then the deleted list.

        The deleted list is read later, so it has the last word about an object that was deleted in between.
        """
        found = dict.fromkeys(wanted, Found(None))
        for listing in entry.listings():
            for known, body in await self._reader.whole(listing):
                if known in found:
                    found[known] = Found(body, is_deleted=listing.kind == "deleted")
        return found

    async def _read(
        self, entry: ObjectType, path: str, cast: str, options: str, object_ids: Sequence[str]
    ) -> dict[str, bytes]:
        """Return the bodies of those of `object_ids` that the collection at `path` has, as objects of this type."""
        tails = [f"{path}/{quote(known, safe='')}{cast}{options}" for known in object_ids]
        replies = await self._sender.read_each([Request(tail=tail) for tail in tails])
        found: dict[str, bytes] = {}
        for known, reply in zip(object_ids, replies, strict=True):
            if is_gone(reply):
                continue
            kind, body = pages.one_object(f"{entry.name} {known}", reply)
            if kind in ("", entry.odata_type, *entry.kinds):
                found[known] = admitted(entry, body, reply)
        return found


def _selected(entry: ObjectType) -> str:
    return f"?$select={','.join(entry.select)}" if entry.sends_select else ""
